/** The parts of the OpenAPI document that tests read. */

import { readFileSync } from 'node:fs';
import { openApiFile } from '../../infra/tools/docs/files.ts';
import type { DescribedRoute } from '../../infra/tools/docs/openapi.ts';

/** The part of JSON Schema that the document uses. */
export interface Schema {
  readonly $ref?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

export interface Parameter {
  readonly in: 'path' | 'query';
  readonly name: string;
  readonly schema: Schema;
  readonly required?: boolean;
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

export interface Response {
  readonly headers?: Readonly<Record<string, { readonly required?: boolean }>>;
  readonly content?: Content;
  /** The reason for which an answer may come without a body, although others have one. */
  readonly 'x-without-body'?: string;
}

export interface Operation<AResponse = Response> {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, AResponse>>;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation<Response | { readonly $ref: string }>>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly responses: Readonly<Record<string, Response>>;
  };
}

/** The served document. */
export const servedDocument = JSON.parse(readFileSync(openApiFile, 'utf8')) as OpenApi;

/** The operations of a document by route, with shared responses in their places. */
export function operationsOf({ paths, components }: OpenApi): Readonly<Record<DescribedRoute, Operation>> {
  const resolved = (response: Response | { readonly $ref: string }): Response =>
    '$ref' in response ? components.responses[nameIn(response.$ref)]! : response;
  const operations: Record<string, Operation> = {};
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const responses = Object.entries(operation.responses).map(([status, response]) => [status, resolved(response)]);
      operations[`${method.toUpperCase()} ${path}`] = { ...operation, responses: Object.fromEntries(responses) };
    }
  }
  return operations as Record<DescribedRoute, Operation>;
}

/** The name of the component that a reference names. */
export function nameIn($ref: string): string {
  return $ref.slice($ref.lastIndexOf('/') + 1);
}
