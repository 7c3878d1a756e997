import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { DescribedRoute } from '../../infra/tools/docs/openapi.ts';
import { csvRows } from './csv-rows.ts';
import { type OpenApi, operationsOf, type Response, type Schema } from './document.ts';

/** A decompressed answer, as its caller sees it. */
export interface Answer {
  readonly statusCode: number;
  /** Their names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string | undefined;
}

/** Returns the first deviation of an answer from the document, or null. */
export type AnswerCheck = (routeKey: DescribedRoute, answer: Answer) => string | null;

/** Headers of every answer of ours. The document cannot always require them, because the gateway answers too. */
const always = ['x-request-id'];

/** Matches a text that a spreadsheet takes for a formula. https://owasp.org/www-community/attacks/CSV_Injection */
const formula = /^[=+\-@\t\r]/;

/** Creates the check of answers against a document, and compiles its schemas once. */
export function createAnswerCheck(document: OpenApi): AnswerCheck {
  const operations = operationsOf(document);
  const ajv = new Ajv2020({ allowUnionTypes: true });
  formats.default(ajv);
  // References begin at the document's root, so that each schema is compiled together with the document's components.
  ajv.addVocabulary(['components']);
  const compiled = new Map<Schema, ValidateFunction>();
  const isNot = (schema: Schema, value: unknown): string | null => {
    let validate = compiled.get(schema);
    if (validate === undefined) {
      validate = ajv.compile({ ...schema, components: document.components });
      compiled.set(schema, validate);
    }
    return validate(value) ? null : ajv.errorsText(validate.errors, { dataVar: 'the body' });
  };

  const { AttentionLine } = document.components.schemas;
  /** The checks of bodies by media type. Each returns the deviation, or null. */
  const bodies: Readonly<Record<string, (text: string, schema: Schema) => string | null>> = {
    'application/json': (text, schema) => isNot(schema, JSON.parse(text)),
    'application/problem+json': (text, schema) => isNot(schema, JSON.parse(text)),
    'application/jsonl': text => {
      if (text !== '' && !text.endsWith('\n')) return 'the last line does not end';
      const lines = text.split('\n').slice(0, -1);
      return lines.map(line => isNot(AttentionLine!, JSON.parse(line))).find(wrong => wrong !== null) ?? null;
    },
    'text/csv': text => {
      const rows = csvRows(text);
      const columns = Object.keys(AttentionLine?.properties ?? {}).length;
      if (rows.some(row => row.length !== columns)) return `a row has not ${columns} columns`;
      const run = rows.flat().find(cell => formula.test(cell));
      return run === undefined ? null : `a cell is a formula: ${run}`;
    },
  };

  function bodyIsNot({ content = {}, 'x-without-body': withoutBody }: Response, { headers, text }: Answer) {
    const contentType = headers['content-type'];
    if (text === undefined && contentType === undefined) {
      return Object.keys(content).length === 0 || withoutBody !== undefined ? null : 'it has no body';
    }
    if (text === undefined || contentType === undefined) return 'its body and its content type do not go together';
    const documented = Object.hasOwn(content, contentType) ? content[contentType] : undefined;
    if (documented === undefined) return `its content type ${contentType} is not documented`;
    const check = bodies[contentType.split(';')[0]!];
    if (check === undefined) return `nothing is known about ${contentType}`;
    try {
      return check(text, documented.schema);
    } catch (error) {
      return `the body cannot be read: ${error}`;
    }
  }

  return (routeKey, answer) => {
    const response = operations[routeKey].responses[answer.statusCode];
    if (response === undefined) return `${answer.statusCode} is not documented`;
    const documented = Object.entries(response.headers ?? {}).filter(([, { required }]) => required);
    const missing = [...always, ...documented.map(([name]) => name)].find(name => !answer.headers[name]);
    return missing === undefined ? bodyIsNot(response, answer) : `it has no ${missing}`;
  };
}
