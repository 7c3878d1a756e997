import { createWriteStream } from 'node:fs';
import { ownValue } from '../../../shared/runtime/own-property.ts';
import type { ResolvedTemplate } from '../cloudformation/template.ts';
import type { Answered } from './http-api.ts';

/** Variables of the format that the runner knows, without `$context.`. */
const variables: Readonly<Record<string, (answered: Answered) => string | number | null>> = {
  requestId: ({ requestId }) => requestId,
  httpMethod: ({ method }) => method,
  path: ({ path }) => path,
  routeKey: ({ routeKey }) => routeKey,
  status: ({ statusCode }) => statusCode,
  responseLatency: ({ latencyMs }) => latencyMs,
  'authorizer.error': ({ tokenError }) => tokenError,
  'integration.status': ({ gatewayReason, statusCode }) => (gatewayReason === null ? statusCode : null),
};

/**
 * A line of the access log. A variable without a value is a hyphen, as on AWS.
 *
 * @returns the function that makes the line of an answer. The format is read once.
 */
export function accessLineIn(format: string): (answered: Answered) => string {
  const parts = format
    .split(/\$context\.([\w.]*\w)/)
    .map((part, index) => (index % 2 === 0 ? () => part : (ownValue(variables, part) ?? (() => null))));
  return answered => parts.map(part => part(answered) ?? '-').join('');
}

/** The access log of the API. */
export interface AccessLog {
  write(answered: Answered): void;
  /** Resolves once every line is in the file. */
  stop(): Promise<void>;
}

/** Lines are gathered for so long: a write for each one would cost 7 % of the gateway's CPU time under load. */
const gatheredMs = 100;

/** Appends a line for each answer of the API to a file, in the format of the stage. */
export function createAccessLog(template: ResolvedTemplate, file: string): AccessLog {
  const format: unknown = template.ofType('AWS::ApiGatewayV2::Stage')[0]?.properties.AccessLogSettings?.Format;
  if (typeof format !== 'string') return { write: () => {}, stop: async () => {} };
  const log = createWriteStream(file, { flags: 'a', mode: 0o600 });
  const lineOf = accessLineIn(format);
  let gathered = '';
  function flush(): void {
    if (gathered !== '') log.write(gathered);
    gathered = '';
  }
  return {
    write: answered => {
      if (gathered === '') setTimeout(flush, gatheredMs).unref();
      gathered += `${lineOf(answered)}\n`;
    },
    stop() {
      flush();
      return new Promise(resolve => log.end(resolve));
    },
  };
}
