import { providerInWords } from '../../shared/providers/titles.ts';
import { dayOf, isoText, timeInWords } from '../../shared/runtime/time.ts';

/** A message to operators. */
export interface OperatorMessage {
  readonly subject: string;
  readonly text: string;
}

/** Of a provider whose emails have had no news. */
export interface Began {
  readonly provider: string;
  readonly emails: number;
  readonly waiting: number;
  /** Its last news; null if there never was any. */
  readonly since: number | null;
}

/** Of a provider whose news came again. */
export interface Ended {
  readonly provider: string;
  readonly since: number;
  readonly resumedAt: number;
}

/** The begin of one episode, or of several at once. */
export function beganMessage(episodes: readonly Began[], now: number): OperatorMessage {
  const [{ provider }] = episodes as readonly [Began];
  const isOne = episodes.length === 1;
  const where = isOne ? providerInWords(provider) : 'each of them';
  return {
    subject: `Mailtrail: no news of ${named(episodes)}`,
    text: [
      ...episodes.map(episode => shareWithout(episode, now)),
      '',
      'Impact: the statuses of these emails are out of date, and nobody hears of their bounces.',
      ...(isOne ? [] : ['The fault may be here, since several fell silent at once: see the alarm CanaryFailed first.']),
      `What to do: check at ${where} that the webhook is switched on, that it leads here, and that its calls succeed.`,
      'The route GET /providers and the page /ui show refused calls: if there are some, compare the secret.',
      '',
    ].join('\n'),
  };
}

/** The end of one episode, or of several at once. */
export function endedMessage(episodes: readonly Ended[], now: number): OperatorMessage {
  const sentences = episodes.map(({ provider, since, resumedAt }) => {
    const until = `News of ${providerInWords(provider)} came again at ${clock(resumedAt, now)}`;
    return `${until}; it had been silent since ${clock(since, now)}.\n`;
  });
  return { subject: `Mailtrail: news of ${named(episodes)} again`, text: sentences.join('') };
}

/** SNS takes a subject of 100 characters. */
function named(episodes: readonly { readonly provider: string }[]): string {
  return episodes.length === 1 ? providerInWords(episodes[0]!.provider) : `${episodes.length} providers`;
}

function shareWithout({ provider, emails, waiting, since }: Began, now: number): string {
  const title = providerInWords(provider);
  const share = `${waiting} of ${emails} emails of ${title} have had no news`;
  return since === null ? `${share}, and ${title} never reported any.` : `${share} since ${clock(since, now)}.`;
}

/** The time of day, with the day unless it is today. */
function clock(at: number, now: number): string {
  return dayOf(at) === dayOf(now) ? `${isoText(at).slice(11, 16)} UTC` : timeInWords(at);
}
