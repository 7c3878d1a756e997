import { afterEach, describe, expect, it, vi } from 'vitest';
import { bodyJson, exactJson } from '../../../shared/providers/parsing/exact-json.ts';
import { bodyFields } from '../../../shared/providers/parsing/forms.ts';
import { providers } from '../../../shared/providers/registry.ts';
import { context, fixture, requestOf } from '../../fixtures/fixtures.ts';
import { signingKeys } from '../../fixtures/signing.ts';
import { snsGet } from '../../fixtures/sns.ts';
import { noon } from '../../rigs/arbitrary-events.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a body', () => {
  it.each([
    ['mailgun', 'delivered', 1],
    ['mailomat', 'delivered', 1],
    // Its event is JSON in the JSON of an envelope.
    ['ses', 'Delivery', 2],
  ] as const)('of %s is parsed once, for its proof and its events', async (name, fixtureName, times) => {
    const { sign, secret } = signingKeys(name);
    const request = requestOf(sign(fixture(name, fixtureName), noon));
    const parse = vi.spyOn(JSON, 'parse');
    expect(await providers[name].verify(request, [secret], snsGet)).toBeInstanceOf(Array);
    expect(providers[name].parse(request, context).events).toHaveLength(1);
    expect(parse).toHaveBeenCalledTimes(times);
    parse.mockRestore();
  });

  it('that is a form is taken apart once', () => {
    const body = Buffer.from('a=1&b=2');
    expect(bodyFields(body)).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
    expect(bodyFields(body)).toBe(bodyFields(body));
  });

  it('has every integer as it was written, also after it was asked for before a proof', () => {
    const body = Buffer.from('{"id":9007199254740993,"n":7}');
    expect(bodyJson(body)).toEqual({ value: { id: '9007199254740993', n: 7 }, tooDeep: false });
    expect(exactJson(body.toString())).toEqual({ id: '9007199254740993', n: 7 });
  });
});
