import { describe, expect, it } from 'vitest';
import { requestsOf } from '../../infra/tools/simulate/requests.ts';
import { messageIdOf, type SimulatedEmail, stepsOf, told } from '../../infra/tools/simulate/samples.ts';
import { providers } from '../../shared/providers/registry.ts';
import { statusIds } from '../../shared/status/catalogue.ts';
import { parsedBody } from '../fixtures/fixtures.ts';
import { providerNames } from '../fixtures/signing.ts';

const at = Date.UTC(2026, 2, 4, 15, 6, 7);

/** Providers whose bounces have a label at most, and no words of a server. */
const passesNoReplyOn: readonly string[] = ['elasticemail', 'loops', 'emailit'];

describe.each(providerNames)('what %s is made to tell', provider => {
  const email = (number: number): SimulatedEmail => ({
    provider,
    number,
    recipient: `joe${number}@example.com`,
    accountId: 'globex',
    subject: `Receipt ${number}`,
    reference: `INV-${number}`,
  });
  const readBack = (number: number) =>
    stepsOf(provider).map((step, index) => {
      const { body, type } = told(provider, email(number), step, at + index * 1000)!;
      const { events, quarantined } = parsedBody(provider, body, type, at + 60_000);
      expect(quarantined).toEqual([]);
      return { step, at: at + index * 1000, event: events[0]! };
    });

  it('is of the email, at the time, in each status that its events can become', () => {
    const steps = readBack(1001);
    const all = Object.values(providers[provider].events).flatMap(({ statuses }) => [...statuses]);
    const reachable = statusIds.filter(status => all.some(reached => reached === status));
    expect(new Set(steps.map(({ step }) => (step === 'machine_opened' ? 'opened' : step)))).toEqual(new Set(reachable));
    for (const { step, at, event } of steps) {
      expect(event, step).toMatchObject({
        status: step === 'machine_opened' ? 'opened' : step,
        messageId: messageIdOf(email(1001)),
        recipient: 'joe1001@example.com',
      });
      expect(Math.floor(event.occurredAt / 1000), step).toBe(at / 1000);
      if (event.accountId !== undefined) expect(event.accountId).toBe('globex');
      if (event.reference !== undefined) expect(event.reference).toBe('INV-1001');
    }
  });

  if (!passesNoReplyOn.includes(provider))
    it('has an SMTP reply for each bounce, which leads to a cause', () => {
      for (const { step, event } of readBack(1001).filter(({ step }) => step.endsWith('_bounced'))) {
        expect(event.reason, step).toMatchObject({ text: expect.any(String), cause: expect.any(String) });
        expect(event.reason?.cause, step).not.toBe('unspecified');
      }
    });

  it('has other ids for other steps and other emails', () => {
    const ids = readBack(1001).map(({ event }) => event.eventId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(messageIdOf(email(1001))).not.toBe(messageIdOf(email(1002)));
  });

  it('reads the same in a batch', () => {
    const one = stepsOf(provider)[0]!;
    const tales = [1001, 1002, 1003].map(number => told(provider, email(number), one, at)!);
    const requests = requestsOf(provider, tales, 2);
    const recipients = requests.flatMap(({ body, type }) =>
      parsedBody(provider, body, type).events.map(e => e.recipient),
    );
    expect(recipients.toSorted()).toEqual(['joe1001@example.com', 'joe1002@example.com', 'joe1003@example.com']);
  });
});
