import { beforeAll, describe, expect, it } from 'vitest';
import { learnedGap } from '../../shared/news/expected-gap.ts';
import { hourOf } from '../../shared/news/slots.ts';
import { createNewsStore } from '../../shared/news/store.ts';
import {
  arrivalsOf,
  begin,
  day,
  hour,
  minute,
  type Simulated,
  simulated,
  type Watching,
  watching,
} from './simulated-weeks.ts';

/** Four weeks, and a fifth in which a provider falls silent. */
const days = 36;
const fifthWeek = begin + 28 * day;
const at = (weekday: number, hours: number, minutes: number) =>
  fifthWeek + weekday * day + hours * hour + minutes * minute;

/** The moments at which one of the three providers falls silent. */
const moments = [
  ['on Tuesday morning', 'sendgrid', at(1, 10, 3), 'busy'],
  ['on Thursday, shortly before the evening', 'sendgrid', at(3, 17, 58), 'busy'],
  ['in the night to Wednesday', 'postmark', at(2, 3, 11), 'quiet'],
  ['on Saturday', 'postmark', at(5, 14, 32), 'busy'],
  ['in the night to Sunday', 'postmark', at(6, 0, 47), 'quiet'],
  ['on Wednesday morning', 'mailgun', at(2, 9, 20), 'quiet'],
  ['on Friday evening, before a weekend without emails', 'mailgun', at(4, 17, 30), 'over the weekend'],
  ['on Sunday, with little traffic', 'sendgrid', at(6, 12, 0), 'quiet'],
] as const satisfies readonly (readonly [string, Simulated, number, string])[];

describe('over four simulated weeks with nights and weekends', () => {
  const branches = new Map<number, Watching>();
  let base: Watching;
  beforeAll(async () => {
    base = watching(arrivalsOf(days + 1, 7));
    for (const [, provider, from] of moments.toSorted(([, , one], [, , other]) => one - other)) {
      await base.until(from);
      branches.set(from, base.branch({ provider, from, to: from + 4 * day }));
    }
    await base.until(begin + days * day);
  }, 600_000);

  it('no alarm is false: no silence is unusual, and no message goes out', () => {
    expect(base.messages).toEqual([]);
    for (const provider of [...simulated, 'app']) {
      const worst = base.silences.get(provider)!.reduce((one, other) => (other.silence > one.silence ? other : one));
      expect(worst.silence, `${provider} at ${new Date(worst.at).toISOString()}`).toBeLessThan(1);
    }
  });

  it.each(moments)('a provider that falls silent %s (%s) is noticed in time', async (_, provider, from, kind) => {
    const branch = branches.get(from)!;
    const state = await createNewsStore(branch.table.client, 'guards').newsOf([provider], from);
    const { slots, firstEventAt = null, lastEventAt = 0 } = state.get(provider)!;
    const gapAt = (time: number) => learnedGap(slots, firstEventAt, hourOf(time))!;
    await branch.until(kind === 'over the weekend' ? from + 3 * day : from + 12 * hour);
    const silences = branch.silences.get(provider)!;
    const alarmedAt = silences.find(({ silence }) => silence >= 1)!.at;
    if (kind === 'over the weekend') {
      // The night and the weekend say nothing; Monday morning does.
      expect(alarmedAt).toBeGreaterThan(at(7, 8, 0));
      expect(alarmedAt).toBeLessThan(at(7, 12, 0));
    } else {
      const gap = Math.max(...[from, alarmedAt].map(gapAt));
      expect(alarmedAt - lastEventAt).toBeGreaterThanOrEqual(15 * minute);
      expect(alarmedAt - from).toBeLessThanOrEqual(Math.max(15 * minute, 3 * gap) + 5 * minute);
    }
    const [message, ...reminders] = branch.messages;
    for (const { subject } of reminders) expect(subject).toMatch(/^Mailtrail, a reminder: /);
    if (kind === 'busy') expect(message!.at - from).toBeLessThanOrEqual(45 * minute);
    for (const other of simulated.filter(name => name !== provider)) {
      expect(
        branch.silences.get(other)!.every(({ silence }) => silence < 1),
        other,
      ).toBe(true);
    }
  });

  it('the message says how many emails have had no news since when, and another one that news came again', async () => {
    const from = at(1, 10, 3);
    const quiet = watching(arrivalsOf(3, 3));
    await quiet.until(begin + day + 10 * hour);
    const lost = {
      provider: 'sendgrid' as const,
      from: begin + day + 10 * hour + 3 * minute,
      to: begin + day + 13 * hour,
    };
    const branch = quiet.branch(lost);
    await branch.until(begin + day + 15 * hour);
    const [began, ended, ...others] = branch.messages;
    expect(others).toEqual([]);
    expect(from).toBeGreaterThan(0);
    expect(began!.subject).toBe('Mailtrail: no news of SendGrid');
    expect(began!.text).toMatch(/^\d+ of \d+ emails of SendGrid have had no news since 10:0[23] UTC\.\n/);
    expect(ended!.text).toMatch(
      /^News of SendGrid came again at 13:0\d UTC; it had been silent since 10:0[23] UTC\.\nEpisode: \S+\n$/,
    );
    expect(ended!.at - lost.to).toBeLessThanOrEqual(10 * minute);
  });
});
