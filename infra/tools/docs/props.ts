/** The construct's props with a docstring each, from the settings. */

import * as z from 'zod';
import { config, type Field, required } from '../../config.ts';

export const propsFile = new URL('../../mailtrail-props.ts', import.meta.url);

/** The JSON Schema of a setting, as far as settings use it. */
interface Schema {
  readonly type?: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object';
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** Types with a name of their own, in place of a long list. */
const namedTypes: Partial<Record<Field, string>> = { providers: 'readonly (keyof typeof providerTitles)[]' };

/** The module with the interface `MailtrailProps`. */
export function propsModule(): string {
  const { properties } = z.toJSONSchema(config, { io: 'output' }) as { properties: Record<Field, Schema> };
  const members = (Object.keys(properties) as Field[])
    .filter(field => field !== 'stackName')
    .map(field => memberOf(field, properties[field]));
  return `// Written by \`npm run docs\` from infra/config.ts.

import type { providerTitles } from '../shared/providers/titles.ts';

/** The settings of an installation. Only the issuer and the audience of tokens are required. */
export interface MailtrailProps {
${members.join('\n')}
}
`;
}

function memberOf(field: Field, schema: Schema): string {
  const { description = '', default: otherwise } = schema;
  const type = namedTypes[field] ?? typeOf(schema);
  const isRequired = required.some(name => name === field);
  const text = description.replace(/ ?\(?in an override, separated by commas\)?/, '');
  const lines = [text, ...(otherwise === undefined ? [] : [`@default ${JSON.stringify(otherwise)}`])];
  const comment =
    lines.length === 1 ? `  /** ${text} */` : `  /**\n${lines.map(line => `   * ${line}`).join('\n')}\n   */`;
  return `${comment}\n  readonly ${field}${isRequired ? `: ${type}` : `?: ${type} | undefined`};`;
}

function typeOf({ type, enum: values, items, properties = {} }: Schema): string {
  if (values !== undefined) return values.map(value => JSON.stringify(value).replaceAll('"', "'")).join(' | ');
  if (type === 'array') return `readonly ${typeOf(items!)}[]`;
  if (type === 'integer') return 'number';
  if (type !== 'object') return type!;
  const members = Object.entries(properties).map(([name, member]) => `readonly ${name}: ${typeOf(member)}`);
  return `{ ${members.join('; ')} }`;
}
