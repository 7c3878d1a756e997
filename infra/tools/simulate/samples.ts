/** Each provider's event for a step of an email's life: the exact bytes of its fixtures, changed to report that email. */

import type { CanonicalEvent } from '../../../shared/email/event.ts';
import type { ProviderName } from '../../../shared/providers/registry.ts';
import { isoText } from '../../../shared/runtime/time.ts';
import { statusIds } from '../../../shared/status/catalogue.ts';
import { fixture, fixtureNames, fixtureType, parsedFixture } from '../../../test/fixtures/fixtures.ts';
import { schemes } from '../../../test/fixtures/signing.ts';
import type { BodyType } from '../../../test/fixtures/signing-scheme.ts';
import type { Step } from './lives.ts';

/** An email whose life is reported. */
export interface SimulatedEmail {
  readonly provider: ProviderName;
  /** No other email has it. */
  readonly number: number;
  readonly recipient: string;
  readonly accountId: string;
  readonly subject: string;
  readonly reference: string;
}

/** One fixture that reports one step. */
export interface Sample {
  readonly name: string;
  readonly type: BodyType;
  /** The id of its message. */
  readonly messageId: string;
}

/** A sample that an adapter has read. */
interface ReadSample extends Sample {
  readonly event: CanonicalEvent;
}

export interface Told {
  readonly type: BodyType;
  readonly body: Buffer;
}

const stepOf = ({ status, evidence }: CanonicalEvent): Step | null =>
  evidence === 'machine' ? (status === 'opened' ? 'machine_opened' : null) : status;

/** How little a fixture tells of a failure: 0 where an SMTP reply leads to a cause, 3 where no cause is stated. */
function silenceOf({ reason }: CanonicalEvent): number {
  if (reason?.cause === undefined || reason.cause === 'unspecified') return 3;
  if (reason.text === undefined) return 2;
  return reason.enhancedCode === undefined ? 1 : 0;
}

/** The plainest fixture of each step that a provider reports, with a reply and a cause where a fixture has them. */
function samplesOf(provider: ProviderName): Readonly<Partial<Record<Step, ReadSample>>> {
  const samples: Partial<Record<Step, ReadSample>> = {};
  const plainestFirst = fixtureNames(provider).toSorted(
    (a, b) => Number(fixtureType(a) !== 'json') - Number(fixtureType(b) !== 'json') || a.length - b.length,
  );
  for (const name of plainestFirst) {
    const { events, quarantined } = parsedFixture(provider, name);
    const [event] = events;
    if (event === undefined || events.length > 1 || quarantined.length > 0 || event.attribution !== undefined) continue;
    const step = stepOf(event);
    if (step === null || event.recipient !== 'jane@example.com') continue;
    const known = samples[step];
    if (known === undefined || silenceOf(event) < silenceOf(known.event))
      samples[step] = { name, type: fixtureType(name), messageId: event.messageId, event };
  }
  return samples;
}

const samplesByProvider = new Map<ProviderName, ReturnType<typeof samplesOf>>();

function samples(provider: ProviderName) {
  const known = samplesByProvider.get(provider) ?? samplesOf(provider);
  samplesByProvider.set(provider, known);
  return known;
}

/** The steps that a provider reports. */
export function stepsOf(provider: ProviderName): readonly Step[] {
  return Object.keys(samples(provider)) as Step[];
}

/** Whether a provider returns the account, so that the sender need not register the email. */
export function saysWhose(provider: ProviderName): boolean {
  return Object.values(samples(provider)).some(({ event }) => event.accountId !== undefined);
}

/** The id that an email has with its provider, in the form in which the provider gives ids. */
export function messageIdOf({ provider, number }: SimulatedEmail): string {
  const [sample] = Object.values(samples(provider));
  if (sample === undefined) throw new Error(`${provider} has no fixture of a single event`);
  return numbered(sample.messageId, number);
}

/**
 * A provider's event for a step of an email's life; undefined where it reports no such step.
 *
 * @param teller the provider that reports it: the email's own, or `app`
 * @param at epoch milliseconds, in whole seconds
 */
export function told(teller: ProviderName, email: SimulatedEmail, step: Step, at: number): Told | undefined {
  return toldAgain(teller, email, step, at, 0);
}

/** No two emails of a run have numbers so far apart. */
const farApart = 1e10;

/**
 * The same for a step that an email takes more than once.
 *
 * @param repetition how often it took the step before: no two events have the same id
 */
export function toldAgain(
  teller: ProviderName,
  email: SimulatedEmail,
  step: Step,
  at: number,
  repetition: number,
): Told | undefined {
  const sample = samples(teller)[step];
  const messageId = messageIdOf(email);
  const repeated = { ...email, number: email.number + repetition * farApart };
  return sample && toldBy(teller, sample, { email: repeated, messageId, step, at });
}

/** A sample of a provider's, changed to report an email. */
export function toldBy(teller: ProviderName, sample: Sample, telling: Telling): Told {
  const wording = wordingOf(teller, sample);
  if ('text' in wording) return { type: sample.type, body: Buffer.from(worded(wording.text, telling)) };
  const fields = wording.fields.map(([name, value]): [string, string] => [name, worded(value, telling)]);
  return { type: sample.type, body: Buffer.from(String(new URLSearchParams(fields))) };
}

export interface Telling {
  readonly email: SimulatedEmail;
  /** In the form of its provider's ids. */
  readonly messageId: string;
  readonly step: Step;
  readonly at: number;
}

/** A fixture's text, in which its own values are replaced by those of the email. */
type Text = readonly (string | ((telling: Telling) => string))[];

type Wording = { readonly text: Text } | { readonly fields: readonly (readonly [string, Text])[] };

/** Each fixture is taken apart once, for many thousands of emails. */
const wordings = new Map<Sample, Wording>();

function wordingOf(teller: ProviderName, sample: Sample): Wording {
  const known = wordings.get(sample);
  if (known !== undefined) return known;
  const body = fixture(teller, sample.name).toString();
  const ownId = schemes[teller].eventId?.exec(body)?.[1];
  const places: readonly Place[] = [
    // No two events of an email have the same id.
    ...(ownId === undefined
      ? []
      : [[ownId, ({ email, step }: Telling) => numbered(ownId, email.number * 20 + steps.indexOf(step))] as const]),
    [sample.messageId, ({ messageId }) => messageId],
    ['jane@example.com', ({ email }) => email.recipient],
    ['"provider": "sendgrid"', ({ email }) => `"provider": "${email.provider}"`],
    ['acme', ({ email }) => email.accountId],
    ['INV-7', ({ email }) => email.reference],
    ['Invoice 7', ({ email }) => email.subject],
    ...noonSpellings.map((spelling): Place => [spelling(noon), ({ at }) => spelling(at)]),
  ];
  const ofForm = sample.type === 'form' || sample.type === 'query';
  const wording: Wording = ofForm
    ? { fields: [...new URLSearchParams(body)].map(([name, value]) => [name, takenApart(value, places)] as const) }
    : { text: takenApart(body, places) };
  wordings.set(sample, wording);
  return wording;
}

const noon = Date.UTC(2026, 0, 2, 12);

/** How fixtures write a time, up to the second. */
const noonSpellings = [
  (at: number) => String(at / 1000),
  (at: number) => isoText(at).slice(0, 19),
  (at: number) => isoText(at).slice(0, 19).replace('T', ' '),
  (at: number) =>
    new Date(at)
      .toLocaleString('en-US', { timeZone: 'UTC' })
      .replace(', ', ' ')
      .replace(/\s(?=[AP]M)/, ' '),
] as const;

/** A value of the fixture, and the value that replaces it. */
type Place = readonly [string, (telling: Telling) => string];

function takenApart(text: string, places: readonly Place[]): Text {
  const pattern = places.map(([from]) => from.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  // The group keeps the matches among the parts.
  return text.split(new RegExp(`(${pattern})`)).map(part => places.find(([from]) => from === part)?.[1] ?? part);
}

function worded(text: Text, telling: Telling): string {
  return text.map(part => (typeof part === 'string' ? part : part(telling))).join('');
}

/** An id like the given one with a number in it: decimal digits are at home in hexadecimal, UUIDs and numbers alike. */
export function numbered(id: string, number: number): string {
  const local = id.includes('@') ? id.slice(0, id.indexOf('@')) : id;
  const places = [...local].flatMap((character, index) => (/[0-9a-z]/i.test(character) ? [index] : [])).slice(-12);
  const digits = String(number).padStart(places.length, '0').slice(-places.length);
  const characters = [...id];
  for (const [at, place] of places.entries()) characters[place] = digits[at]!;
  // A number does not begin with a zero.
  return /^\d+$/.test(id) && characters[0] === '0' ? `1${characters.slice(1).join('')}` : characters.join('');
}

const steps: readonly Step[] = [...statusIds, 'machine_opened'];
