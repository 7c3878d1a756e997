import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cause, causes } from '../../shared/causes.ts';
import { emailIdOf } from '../../shared/event.ts';
import { statuses } from '../../shared/status.ts';
import { noon } from '../arbitrary-events.ts';
import { signingKeys } from '../signing.ts';
import { type StoredEmails, startStoredEmails } from '../stored-emails.ts';
import { ingestOf } from './ingest.ts';
import { replies } from './replies.ts';

let emails: StoredEmails;
beforeAll(async () => {
  emails = await startStoredEmails();
});
afterAll(() => emails?.stop());

const keys = signingKeys('sendgrid');
const told = Object.entries(replies).flatMap(([cause, texts]) => texts.map(text => [text, cause as Cause] as const));
const messageIdOf = (text: string) => `message-${told.findIndex(([told]) => told === text)}`;

/** Sends the replies as SendGrid reports them, under its generic label and a code that says nothing. */
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
  const outcome = await ingest('sendgrid', keys.sign(Buffer.from(JSON.stringify(events)), noon), [keys.secret]);
  expect(outcome.counts).toMatchObject({ received: told.length, recorded: told.length });
}

const storedEmail = (text: string) =>
  emails.store.email(emailIdOf({ provider: 'sendgrid', messageId: messageIdOf(text), recipient: 'jane@example.com' }));

describe('an email that a provider reports as a bounce, with the reply of the server', () => {
  beforeAll(sendBounces);

  it.each(told.filter(([, cause]) => causes[cause].status !== null))(
    '"%s" is stored with the cause %s and its status',
    async (text, cause) => {
      const email = await storedEmail(text);
      expect(email?.verdict?.status).toBe(causes[cause].status);
      expect(email?.events).toMatchObject([{ reason: { cause } }]);
    },
  );

  it("alerts support only where it is the recipient's turn, or their server's", async () => {
    for (const [text, cause] of told) {
      const status = (await storedEmail(text))?.verdict?.status;
      if (statuses[status!].alert === null) continue;
      expect(['recipient', 'receiving_server', null], text).toContain(causes[cause].turn);
    }
  });
});
