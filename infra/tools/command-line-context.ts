import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** The context that the CDK command line gives an app: cdk.json, overridden by the arguments `-c name=value`. */
export function commandLineContext(args: readonly string[]): Record<string, unknown> {
  const { context } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')) as {
    context: Record<string, unknown>;
  };
  const { values } = parseArgs({
    args: [...args],
    options: { context: { type: 'string', short: 'c', multiple: true } },
    strict: false,
  });
  const pairs = (values.context ?? []).filter(pair => typeof pair === 'string');
  const overrides = pairs.map(pair => {
    const [name = '', ...value] = pair.split('=');
    return [name, value.join('=')];
  });
  return { ...context, ...Object.fromEntries(overrides) };
}
