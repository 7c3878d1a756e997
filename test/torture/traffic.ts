import { livingEmails, type Step, stepsInTime } from '../../infra/tools/simulate/lives.ts';
import { requestsOf, type SimulatedRequest } from '../../infra/tools/simulate/requests.ts';
import { shuffled } from '../../infra/tools/simulate/shuffled.ts';
import { statuses } from '../../shared/status/catalogue.ts';
import { fixture } from '../fixtures/fixtures.ts';
import { oneOf, type Random, seededRandom } from './random.ts';
import {
  asResend,
  type ExpectedEvent,
  type Message,
  messageOf,
  type Tale,
  type TellerName,
  type ToldEmail,
  taleOf,
} from './tellers.ts';

/**
 * The right outcome of a request. A genuine request with an unknown event must be `quarantined`. A forgery, which is
 * changed after it was signed, must be `refused`.
 */
export type Outcome = 'recorded' | 'quarantined' | 'refused';

export interface TrafficRequest extends SimulatedRequest {
  readonly provider: TellerName;
  readonly outcome: Outcome;
  /** The stored values that each event must lead to. */
  readonly expected: readonly ExpectedEvent[];
}

/** The senders of the emails. Each appears as often as its share of forty. */
const senders = [
  { provider: 'sendgrid', count: 23 },
  { provider: 'brevo', count: 10 },
  { provider: 'app', count: 4 },
  { provider: 'ses', count: 1 },
  { provider: 'mailgun', count: 1 },
  { provider: 'postmark', count: 1 },
] as const satisfies readonly { provider: TellerName; count: number }[];

const fortySenders = senders.flatMap(({ provider, count }) => Array<TellerName>(count).fill(provider));
/** The providers whose fixture of an unknown event has one event. */
const unreadableBy = ['brevo', 'app', 'ses', 'mailgun', 'postmark'] as const satisfies readonly TellerName[];

/** The steps that the sending application reports itself, so that two senders write to one item at a time. */
const bySender: readonly Step[] = ['enqueued', 'sent'];

/** The additional steps of any life, which may be repeated. */
const extraSteps = ['deferred', 'opened', 'machine_opened', 'link_clicked', 'soft_bounced'] as const satisfies Step[];

const largestBatch = 500;
/** The numbers of emails at a time, and of their fewest steps: a few emails with many steps, and many with few. */
const crowds = [
  { emails: 20, fewestSteps: 4 },
  { emails: 40, fewestSteps: 4 },
  { emails: 80, fewestSteps: 4 },
  { emails: 400, fewestSteps: 4 },
  { emails: 30, fewestSteps: 20 },
  { emails: 50, fewestSteps: 10 },
] as const;
/** The shares of events that come twice, and that come late. */
const twice = 0.1;
const late = 0.1;
/** The shares of requests that are repeated after an acknowledgement, that are unreadable, and that are forged. */
const again = 0.03;
const unreadable = 0.01;
const forged = 0.03;
/** The share of emails that send another one again. Of these, some go to the same recipient, and most are of its account. */
const resent = 0.08;
const toSameRecipient = 0.5;
const ofSameAccount = 0.85;
/** The first number of emails in forged requests. Genuine emails begin at the other number. */
const firstForged = 900_000_000;
const firstGenuine = 1_000_000;

const hour = 3_600_000;
const minute = 60_000;

/**
 * Generates requests with so many events of random lives by several providers. Batches have all sizes, events are out of
 * order, and some come twice. Forged and unreadable requests are among them.
 *
 * @param endsBefore the time in epoch milliseconds before which every event happened
 */
export function* traffic(options: {
  readonly events: number;
  readonly seed: number;
  readonly endsBefore: number;
}): Generator<TrafficRequest> {
  const random = seededRandom(options.seed);
  let remaining = options.events;
  let number = firstGenuine;
  let strange = 0;
  let held: Tale[] = [];
  while (remaining > 0) {
    const { emails: most, fewestSteps } = oneOf(crowds, random);
    const count = Math.min(most, Math.ceil(remaining / fewestSteps));
    // Lives come in a fixed order, and each crowd enters it at another place.
    const offset = Math.floor(random() * 60);
    const emails = emailsToBury(reordered(fortySenders, random), count + offset, number - offset)
      .slice(offset)
      .map(email => ({ ...email, startsAt: wholeSeconds(options.endsBefore - hour * (2 + random() * 40)) }));
    number += count;

    const fresh = withResends(emails, random).flatMap(email => talesOf(email, fewestSteps, random));
    const repeated = fresh.filter(() => random() < twice);
    const all = reordered([...held, ...fresh, ...repeated], random);
    held = [];
    const now = all.filter(tale => {
      if (all.length >= remaining || random() >= late) return true;
      held.push(tale);
      return false;
    });
    now.splice(remaining);
    remaining -= now.length;

    const requests = [...Map.groupBy(now, ({ teller }) => teller)].flatMap(([teller, tales]) =>
      slices(tales, random).flatMap(slice => genuineRequests(teller, slice)),
    );
    const besides = requests.flatMap(request => {
      strange += 1;
      return [
        ...(random() < again ? [request] : []),
        ...(random() < unreadable ? [unreadableRequest(strange, random)] : []),
        ...(random() < forged ? [forgedRequest(strange, options.endsBefore, random)] : []),
      ];
    });
    yield* reordered([...requests, ...besides], random);
  }
}

/** So many emails of the providers in turn. */
function emailsToBury(providers: readonly TellerName[], count: number, firstNumber: number): ToldEmail[] {
  // Each email belongs to one of the given providers.
  return livingEmails({ providers, count, firstNumber, firstStartsAt: 0, apart: 0 }) as ToldEmail[];
}

/** An email, and the one that it sends again. */
interface TrafficEmail extends ToldEmail {
  readonly resendOf?: Message;
}

/** Makes some emails send others again, preferably failed ones. Their reports come in any order. */
function withResends(emails: readonly ToldEmail[], random: Random): TrafficEmail[] {
  const failed = emails.filter(({ life }) => statuses[life.ends].attention === 'yes');
  return emails.map(email => {
    const predecessor = failed.length > 0 && random() < resent ? oneOf(failed, random) : email;
    if (predecessor === email) return email;
    return {
      ...email,
      ...(random() < toSameRecipient && { recipient: predecessor.recipient }),
      ...(random() < ofSameAccount && { accountId: predecessor.accountId }),
      resendOf: messageOf(predecessor),
    };
  });
}

/** Puts reports into requests, in order. A report may be of several events. */
export function genuineRequests(teller: TellerName, tales: readonly Tale[]): TrafficRequest[] {
  const said = tales.map(tale => tale.said);
  let told = 0;
  return requestsOf(teller, said, largestBatch).map(request => {
    const expected = tales.slice(told, told + request.events).flatMap(tale => tale.expected);
    told += request.events;
    return { ...request, events: expected.length, provider: teller, outcome: 'recorded', expected };
  });
}

/** The events of an email's life: the steps of the life, and additional ones up to a minimum. */
function talesOf(email: TrafficEmail, fewestSteps: number, random: Random): Tale[] {
  const steps = [...stepsInTime(email)];
  const wanted = fewestSteps + Math.floor(random() * 3);
  while (steps.length < wanted) {
    // Every third event has the time of another step, so that ties are tested too.
    const tie = random() < 1 / 3;
    const at = tie ? oneOf(steps, random).at : wholeSeconds(email.startsAt + random() * 90 * minute);
    steps.push({ step: oneOf(extraSteps, random), at });
  }
  return steps.flatMap(({ step, at }) => {
    const teller = bySender.includes(step) ? 'app' : email.provider;
    const tale = taleOf(teller, email, step, at);
    if (tale === undefined) return [];
    return email.resendOf && step === 'enqueued' ? asResend(tale, email.resendOf, 'message') : tale;
  });
}

/** Splits items into pieces. Half of them have the size `largestBatch`, and the others all orders of magnitude. */
function slices<Item>(items: readonly Item[], random: Random): Item[][] {
  const pieces: Item[][] = [];
  for (let start = 0; start < items.length; ) {
    const size = random() < 1 / 2 ? largestBatch : Math.ceil(largestBatch ** random());
    pieces.push(items.slice(start, start + size));
    start += size;
  }
  return pieces;
}

/** Matches the address that identifies an unreadable event in quarantine. */
export const unreadableAddress = /unreadable\d+@example\.com/g;

function unreadableRequest(number: number, random: Random): TrafficRequest {
  const provider = oneOf(unreadableBy, random);
  const text = fixture(provider, 'unknown-event').toString();
  const body = Buffer.from(text.replaceAll('jane@example.com', `unreadable${number}@example.com`));
  return { provider, type: 'json', body, events: 0, outcome: 'quarantined', expected: [] };
}

function forgedRequest(number: number, endsBefore: number, random: Random): TrafficRequest {
  const provider = oneOf(senders, random).provider;
  const [email] = emailsToBury([provider], 1, firstForged + number);
  const { said } = taleOf(provider, email!, 'delivered', wholeSeconds(endsBefore - hour))!;
  const [request] = requestsOf(provider, [said], 1);
  return { ...request!, provider, events: 0, outcome: 'refused', expected: [] };
}

function reordered<Item>(items: readonly Item[], random: Random): Item[] {
  return shuffled(items, Math.floor(random() * 2 ** 32));
}

function wholeSeconds(at: number): number {
  return Math.floor(at / 1000) * 1000;
}
