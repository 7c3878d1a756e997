/** A call of the API as a command that a reader copies into a shell. */

import { localAddress } from './try-it.ts';

/** The parts of a call that its command spells. */
export interface CurlCall {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: string;
}

/**
 * The command. It takes the token from the variable `TOKEN`.
 *
 * @throws Error if the call leaves out a parameter of the path
 * @param routeKey method and path template, e.g. `GET /emails/{emailId}`
 * @param tokenOptions options of `npm run token` for a token that may make the call; null if it needs none
 */
export function curl(routeKey: string, { path = {}, query = '', body }: CurlCall, tokenOptions: string | null): string {
  const template = routeKey.slice(routeKey.indexOf('/'));
  const address = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = path[name];
    if (value === undefined) throw new Error(`${routeKey} has an example without ${name}`);
    return encodeURIComponent(value);
  });
  const command = [
    `curl '${localAddress}${address}${query === '' ? '' : `?${query}`}'`,
    ...(tokenOptions === null ? [] : ['-H "authorization: Bearer $TOKEN"']),
    ...(body === undefined ? [] : ["-H 'content-type: application/json'", `-d '${body.replaceAll("'", "'\\''")}'`]),
  ].join(' \\\n  ');
  return tokenOptions === null ? command : `# TOKEN=$(npm run -s token -- ${tokenOptions})\n${command}`;
}
