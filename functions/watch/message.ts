import { providerInWords } from '../../shared/providers/titles.ts';
import { dayOf, isoText, timeInWords } from '../../shared/runtime/time.ts';

/** A message to operators. */
export interface OperatorMessage {
  readonly subject: string;
  readonly text: string;
}

/** The begin of an episode: emails of a provider have had no news. */
export function beganMessage(
  provider: string,
  { emails, waiting, since }: { readonly emails: number; readonly waiting: number; readonly since: number | null },
  now: number,
): OperatorMessage {
  const title = providerInWords(provider);
  const share = `${waiting} of ${emails} emails of ${title} have had no news`;
  const sentence =
    since === null ? `${share}, and ${title} never reported any.` : `${share} since ${clock(since, now)}.`;
  return {
    subject: `Mailtrail: no news of ${title}`,
    text: [
      sentence,
      '',
      'Impact: the statuses of these emails are out of date, and nobody hears of their bounces.',
      `What to do: check at ${title} that the webhook is switched on, that it leads here, and that its calls succeed.`,
      'The route GET /providers and the page /ui show refused calls: if there are some, compare the secret.',
      '',
    ].join('\n'),
  };
}

/** The end of an episode. */
export function endedMessage(
  provider: string,
  { since, resumedAt }: { readonly since: number; readonly resumedAt: number },
  now: number,
): OperatorMessage {
  const title = providerInWords(provider);
  const until = `News of ${title} came again at ${clock(resumedAt, now)}`;
  return {
    subject: `Mailtrail: news of ${title} again`,
    text: `${until}; it had been silent since ${clock(since, now)}.\n`,
  };
}

/** The time of day, with the day unless it is today. */
function clock(at: number, now: number): string {
  return dayOf(at) === dayOf(now) ? `${isoText(at).slice(11, 16)} UTC` : timeInWords(at);
}
