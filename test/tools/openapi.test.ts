import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, it } from 'vitest';
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

it('the OpenAPI document has every route but set-up calls and files for browsers', () => {
  const { paths } = JSON.parse(served) as { paths: Record<string, object> };
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
  );
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
