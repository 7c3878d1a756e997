import type { ProviderName } from '../../../shared/providers/registry.ts';
import type { Step } from '../simulate/lives.ts';
import { livingEmails } from '../simulate/lives.ts';
import { type SimulatedEmail, saysWhose, stepsOf, type Told, toldAgain } from '../simulate/samples.ts';

/** Events of an email: each is one webhook unless the provider sends batches. */
export const eventsPerEmail = 5;

const minute = 60_000;

/**
 * The usual life of an email as far as a provider reports it: accepted, delivered, opened until there are five events,
 * clicked.
 *
 * @param opens how often it is opened, in place of the five events
 */
export function usualLife(provider: ProviderName, opens?: number): readonly Step[] {
  const life = reported(provider, ['enqueued', 'sent', 'delivered', 'opened', 'link_clicked']);
  if (opens === undefined) return padded(life, 'opened');
  return life.flatMap(step => (step === 'opened' ? Array<Step>(opens).fill(step) : [step]));
}

/** The life of an email that bounces: accepted, deferred until there are five events, bounced for good. */
export function failedLife(provider: ProviderName): readonly Step[] {
  const life = reported(provider, ['enqueued', 'sent', 'deferred', 'hard_bounced']);
  return padded(life.length > 0 ? life : ['hard_bounced'], 'deferred');
}

function reported(provider: ProviderName, steps: readonly Step[]): readonly Step[] {
  const known = stepsOf(provider);
  return steps.filter(step => known.includes(step));
}

/** The life with one step repeated until there are five events; as it is where it does not have that step. */
function padded(life: readonly Step[], repeated: Step): readonly Step[] {
  const at = life.indexOf(repeated);
  if (at < 0 || life.length >= eventsPerEmail) return life;
  return life.toSpliced(at, 0, ...Array<Step>(eventsPerEmail - life.length).fill(repeated));
}

/** The events of all emails at one place of their lives. */
export interface Round {
  readonly teller: ProviderName;
  readonly events: readonly Told[];
}

/**
 * The lives of emails in rounds: an email's events come in order, and those of all emails together.
 *
 * @param failures how many of the emails bounce
 * @param firstNumber ids are made of it
 */
export function roundsOf(options: {
  readonly provider: ProviderName;
  readonly emails: number;
  readonly failures: number;
  readonly opens?: number | undefined;
  readonly firstNumber: number;
  readonly now: number;
}): readonly Round[] {
  const { provider, emails: count, failures, opens, firstNumber, now } = options;
  const begins = Math.floor(now / 1000) * 1000 - 3_600_000;
  const emails = livingEmails({ providers: [provider], count, firstNumber, firstStartsAt: begins, apart: 1_000 });
  const lives = emails.map((_, index) => (index < failures ? failedLife(provider) : usualLife(provider, opens)));
  const registrations = emails.map(email => toldAgain('app', email, 'enqueued', email.startsAt, 0)!);
  const places = Math.max(...lives.map(({ length }) => length));
  const rounds = Array.from({ length: places }, (_, place) => ({
    teller: provider,
    events: emails.flatMap((email, index) => eventAt(provider, email, lives[index]!, place, email.startsAt) ?? []),
  }));
  // The sender registers its emails where the provider does not return the account.
  return saysWhose(provider) ? rounds : [{ teller: 'app' as const, events: registrations }, ...rounds];
}

function eventAt(
  provider: ProviderName,
  email: SimulatedEmail,
  life: readonly Step[],
  place: number,
  startsAt: number,
): Told | undefined {
  const step = life[place];
  if (step === undefined) return undefined;
  const repetition = life.slice(0, place).filter(earlier => earlier === step).length;
  return toldAgain(provider, email, step, startsAt + (place + 1) * 5 * minute, repetition);
}
