import { readFileSync } from 'node:fs';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { clientTypes } from '../../infra/tools/client/client-types.ts';
import { clientTypesFile, knownNamesFile, openApiFile } from '../../infra/tools/docs/files.ts';
import { knownNames } from '../../infra/tools/docs/known-names.ts';
import { openApiDocument } from '../../infra/tools/docs/openapi.ts';
import { type Route, routes } from '../../shared/http/routes.ts';

const served = readFileSync(openApiFile, 'utf8');

it("the OpenAPI document is up to date with the schemas and the API's answers (npm run docs writes it)", async () => {
  expect(await openApiDocument()).toBe(served);
});

it("the client's types are up to date with the OpenAPI document (npm run docs writes them)", async () => {
  expect(await clientTypes(served)).toBe(readFileSync(clientTypesFile, 'utf8'));
});

it('the names that a redacted content may show are those of the fixtures (npm run docs writes them)', () => {
  expect(knownNames()).toBe(readFileSync(knownNamesFile, 'utf8'));
});

it('the OpenAPI document is valid OpenAPI 3.1', async () => {
  expect(await new Validator().validate(JSON.parse(served))).toEqual({ valid: true });
});

it('the OpenAPI document has neither an error nor a warning by the recommended rules of Redocly', async () => {
  const config = await createConfig({ extends: ['recommended'] });
  const problems = await lintFromString({ source: served, absoluteRef: openApiFile.pathname, config });
  expect(problems.map(({ severity, ruleId, message, location }) => [severity, ruleId, message, location])).toEqual([]);
});

interface Described {
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly summary: string;
            readonly tags: readonly string[];
            readonly parameters?: readonly { readonly name: string; readonly description?: string }[];
            readonly 'x-codeSamples': readonly { readonly source: string }[];
          }
        >
      >
    >
  >;
}

const { tags, paths } = JSON.parse(served) as Described;
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method, path, ...operation })),
);

describe.each(operations)('the operation $method $path', ({ summary, tags: own, parameters, ...operation }) => {
  it('has a title of its own and one of the groups', () => {
    expect(operations.filter(other => other.summary === summary)).toHaveLength(1);
    expect(own).toHaveLength(1);
    expect(tags.map(({ name }) => name)).toContain(own[0]);
  });

  it('describes all of its parameters', () => {
    for (const { name, description } of parameters ?? []) expect(description, name).toBeTruthy();
  });

  it('has one command to copy', () => {
    expect(operation['x-codeSamples'].map(({ source }) => /^curl /m.test(source))).toEqual([true]);
  });
});

it("the OpenAPI document begins with an account's emails and ends with the callbacks of providers", () => {
  const groups = [...new Set(operations.map(({ tags: own }) => own[0]))];
  expect(groups).toEqual(tags.map(({ name }) => name));
  expect([groups[0], groups.at(-1)]).toEqual(['Emails', 'Webhooks']);
});

it('the OpenAPI document has every route but set-up calls and files for browsers', () => {
  const described = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  expect(described.sort()).toEqual(
    Object.entries<Route>(routes)
      .filter(([key, route]) => !key.startsWith('ANY ') && route.function !== 'ui')
      .map(([key]) => key)
      .sort(),
  );
});

it('the OpenAPI document describes everything in sentences of at most 25 words', () => {
  const descriptions: string[] = [];
  JSON.parse(served, (name, value) => {
    if (name === 'description' && typeof value === 'string') descriptions.push(value);
    return value;
  });
  expect(descriptions.length).toBeGreaterThan(100);
  for (const sentence of descriptions.flatMap(text => text.split(/(?<=\.) /))) {
    expect(sentence.split(' ').length, sentence).toBeLessThanOrEqual(25);
    expect(sentence).not.toMatch(/^(?:What|Whatever|Whoever) /);
  }
});
