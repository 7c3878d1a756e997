import fc from 'fast-check';
import type { ProviderName } from '../../shared/providers/registry.ts';
import { providerNames, schemes, signingKeys } from '../fixtures/signing.ts';
import type { Signed, Unsigned } from '../fixtures/signing-scheme.ts';

/** Changes a genuine request as somebody does who has seen it and does not have the key. */
export type Forgery = (genuine: Signed, unsigned: Pick<Unsigned, 'body' | 'type'>) => Signed;

/** Characters of signatures, keys and times, and some other characters. */
const characters = fc.constantFrom(...'0123456789abcdefABCDEF+/=., :;\u0000ö');

/** Generates changes of a text: one character replaced, removed or added, or the text cut off, doubled or emptied. */
const tampered: fc.Arbitrary<(text: string) => string> = fc.oneof(
  fc.tuple(fc.nat(), characters).map(([at, character]) => (text: string) => {
    const place = at % Math.max(text.length, 1);
    return text.slice(0, place) + (text[place] === character ? '~' : character) + text.slice(place + 1);
  }),
  fc.nat().map(at => (text: string) => text.slice(0, at % Math.max(text.length, 1))),
  fc.tuple(fc.nat(), characters).map(([at, character]) => (text: string) => {
    const place = at % Math.max(text.length, 1);
    return text.slice(0, place) + (character === ' ' ? '~' : character) + text.slice(place);
  }),
  fc.constant((text: string) => `${text}, ${text}`),
  fc.constant(() => ''),
);

/** Generates forgeries: a changed signature, time or covered byte, or a signature by somebody else's key. */
export function forgeriesOf(provider: ProviderName): fc.Arbitrary<Forgery> {
  const { header, timestamp, bodyIsCovered, proofEnds } = schemes[provider];
  const foreign = providerNames.map(name => [name, signingKeys(name)] as const);
  const ofHeader = (name: string) =>
    tampered.map(
      (tamper): Forgery =>
        genuine => ({ ...genuine, headers: { ...genuine.headers, [name]: tamper(genuine.headers[name] ?? '') } }),
    );
  const ofBody = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })).map(
    ([at, difference]): Forgery =>
      genuine => {
        const body = Buffer.from(genuine.body);
        const ends = proofEnds === undefined ? -1 : body.toString('latin1').search(proofEnds);
        const length = ends < 0 ? body.length : ends;
        if (length > 0) body[at % length]! ^= difference;
        return { ...genuine, body };
      },
  );
  const ofUrl = tampered.map(
    (tamper): Forgery =>
      genuine => {
        // The rest of the URL may hold an event, which no proof covers.
        const secret = /(?<=[?&]secret=)[^&]*/;
        return { ...genuine, url: genuine.url.replace(secret, given => encodeURIComponent(tamper(given))) };
      },
  );
  const unsigned = fc.constant<Forgery>(genuine => ({ ...genuine, headers: {} }));
  const signedByOther = fc.constantFrom(...foreign).map(
    ([name, keys]): Forgery =>
      (genuine, { body, type }) => {
        const signed = keys.sign(body, Date.UTC(2026, 0, 2, 12), { type, url: genuine.url.split('?')[0]! });
        // The key is another one of this provider, or one of another provider.
        return name === provider ? signed : { ...signed, method: genuine.method };
      },
  );
  return fc.oneof(
    signedByOther,
    ...(header === null ? [] : [ofHeader(header), unsigned]),
    ...(timestamp === null ? [] : [ofHeader(timestamp)]),
    ...(bodyIsCovered ? [ofBody] : []),
    ...(header === null && !bodyIsCovered ? [proofIsInUrl(provider) ? ofUrl : ofBody] : []),
  );
}

function proofIsInUrl(provider: ProviderName): boolean {
  return signingKeys(provider).sign(Buffer.from('{}'), 0).url.includes('?');
}
