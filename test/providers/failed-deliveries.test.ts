import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emailIdOf } from '../../shared/email/event.ts';
import { statuses } from '../../shared/status/catalogue.ts';
import { type Cause, causes } from '../../shared/status/causes.ts';
import { signingKeys } from '../fixtures/signing.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';
import { ingestOf } from './ingest.ts';
import { replies } from './parsing/replies.ts';

let emails: StoredEmails;
beforeAll(async () => {
  emails = await startStoredEmails();
});
afterAll(() => emails?.stop());

const keys = signingKeys('sendgrid');
const told = Object.entries(replies).flatMap(([cause, texts]) => texts.map(text => [text, cause as Cause] as const));
const messageIdOf = (text: string) => `message-${told.findIndex(([told]) => told === text)}`;

/** Few enough that a busy machine records them in time. */
const batch = 10;

/** Sends the replies as SendGrid reports them, with its generic label and a code without a meaning. */
async function sendBounces(): Promise<void> {
  const events = told.map(([reason], index) => ({
    email: 'jane@example.com',
    timestamp: noon / 1000,
    sg_event_id: `event-${index}`,
    sg_message_id: messageIdOf(reason),
    event: 'bounce',
    type: 'bounce',
    status: '',
    reason,
  }));
  const ingest = ingestOf(emails.store, async () => {});
  for (let first = 0; first < events.length; first += batch) {
    const body = Buffer.from(JSON.stringify(events.slice(first, first + batch)));
    expect((await ingest('sendgrid', keys.sign(body, noon), [keys.secret])).status).toBe(200);
  }
}

const storedEmail = (text: string) =>
  emails.store.email(emailIdOf({ provider: 'sendgrid', messageId: messageIdOf(text), recipient: 'jane@example.com' }));

describe("an email with a bounce and the server's reply", () => {
  beforeAll(sendBounces);

  it.each(told.filter(([, cause]) => causes[cause].status !== null))(
    '"%s" has the cause %s and its status',
    async (text, cause) => {
      const email = await storedEmail(text);
      expect(email?.verdict?.status).toBe(causes[cause].status);
      expect(email?.events).toMatchObject([{ reason: { cause } }]);
    },
  );

  it('alerts support only if the recipient or their server has to act', async () => {
    for (const [text, cause] of told) {
      const status = (await storedEmail(text))?.verdict?.status;
      if (statuses[status!].alert === null) continue;
      expect(['recipient', 'receiving_server', null], text).toContain(causes[cause].turn);
    }
  });
});
