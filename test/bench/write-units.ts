import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { CanonicalEvent } from '../../shared/email/event.ts';
import { createHotEmails } from '../../shared/email/hot-emails.ts';
import { createRecorder } from '../../shared/email/recorder.ts';
import type { Status } from '../../shared/status/catalogue.ts';
import { type ConsumedUnits, countUnits } from './consumed-units.ts';
import { startEngineTable, tableName } from './engine-table.ts';
import { counted, type Figure } from './figures.ts';

/** An email whose picture is fetched again and again, as a proxy does for each reader. */
const openedAgain = ['sent', 'delivered', 'opened', 'opened', 'opened'] as const satisfies readonly Status[];
/** An invoice that was forwarded to a list. */
const forwarded: readonly Status[] = [
  'sent',
  'delivered',
  ...Array.from({ length: 65 }, () => ['opened', 'link_clicked'] as const).flat(),
];
/** An email that a proxy opens for each reader of a list. */
const openedOften: readonly Status[] = ['sent', 'delivered', ...Array.from({ length: 130 }, () => 'opened' as const)];
/** Ten events: the usual life, and three opens and two clicks more. */
const livelyLife = [
  'enqueued',
  'sent',
  'delivered',
  'opened',
  'opened',
  'link_clicked',
  'opened',
  'link_clicked',
  'opened',
  'link_clicked',
] as const satisfies readonly Status[];
const usualLife = ['enqueued', 'sent', 'delivered', 'opened', 'link_clicked'] as const satisfies readonly Status[];
const userAgent =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';

interface EventDetails {
  readonly reference: string | undefined;
  /** The place of the event in the life of its email. */
  readonly step: number;
}

/** The event that brings an email to a status, with its usual texts. */
function eventOf(status: Status, email: number, at: number, { reference, step }: EventDetails): CanonicalEvent {
  const bySender = status === 'enqueued' || status === 'sent';
  return {
    provider: 'sendgrid',
    messageId: `wr7hYk2GQRqkn0bDZ${String(email).padStart(5, '0')}`,
    recipient: `customer.${email}@example.com`,
    accountId: `account-${email % 10}`,
    subject: `Your invoice ${email} from Example Ltd`,
    ...(reference !== undefined && { reference }),
    status,
    occurredAt: at,
    evidence: status === 'opened' || status === 'link_clicked' ? 'human' : 'unknown',
    eventId: `${status}-${email}-${step}`.padEnd(bySender ? 22 : 48, 'x'),
    providerEvent: bySender ? `app.${status}` : status,
    ...(status === 'delivered' && { reason: { text: '250 2.0.0 OK  1767323045 af79cd13be357-7c5a5d0d2d4 - gsmtp' } }),
    ...((status === 'opened' || status === 'link_clicked') && { userAgent }),
    ...(status === 'link_clicked' && { clickUrl: `https://billing.example.com/invoices/${email}/pay` }),
  };
}

/**
 * Sums the write units of emails' lives at one event per request, indexes included. A failed condition counts by the size
 * of the item, as AWS bills it.
 */
export async function writeUnits(): Promise<Figure[]> {
  const usual = await unitsOfLife(usualLife, 100);
  const withReference = await unitsOfLife(usualLife, 100, 'INV-');
  const opened = await unitsOfLife(openedAgain, 100);
  const lively = await unitsOfLife(livelyLife, 100);
  const often = await unitsOfLife(openedOften, 3);
  const hot = await unitsOfLife(forwarded, 3);
  const [, again] = await unitsOfDeliveries(usualLife, 100, 2);
  const perEvent = ({ written, failed }: ConsumedUnits, events: number) => (written + failed) / events;
  const rows = [
    ['usual life', usual],
    ['usual life with account and reference', withReference],
    ['sent, delivered, opened three times', opened],
    ['usual life, three opens and two clicks more', lively],
    ['opened 130 times', often],
    ['opened and clicked 65 times each', hot],
  ] as const;
  return [
    counted('write units an event, usual life', perEvent(usual, usualLife.length), 'WCU', { aim: '≤ 1.4' }),
    counted('write units an event, three opens and two clicks more', perEvent(lively, livelyLife.length), 'WCU', {
      aim: '≤ 1.5',
    }),
    counted('write units of an email opened 130 times', perEvent(often, 1), 'WCU', { aim: '≤ 250' }),
    counted('write units an event, delivered again', perEvent(again!, usualLife.length), 'WCU', { aim: '≤ 1' }),
    ...rows.flatMap(([life, { written, failed, failures }]) => [
      counted(`write units an email, ${life}: written`, written, 'WCU'),
      counted(`write units an email, ${life}: failed conditions`, failed, 'WCU'),
      counted(`failed conditions an email, ${life}`, failures, ''),
    ]),
  ];
}

/** The write units of one email, on average. */
async function unitsOfLife(life: readonly Status[], emails: number, prefix?: string): Promise<ConsumedUnits> {
  const [once] = await unitsOfDeliveries(life, emails, 1, prefix);
  return once!;
}

/** The write units of one email, on average, for each delivery of all its events. */
async function unitsOfDeliveries(
  life: readonly Status[],
  emails: number,
  deliveries: number,
  prefix?: string,
): Promise<readonly ConsumedUnits[]> {
  const engine = await startEngineTable();
  try {
    const { raw } = engine;
    const units = countUnits(raw);
    const sums: ConsumedUnits[] = [];
    const client = DynamoDBDocumentClient.from(raw);
    const hotEmails = createHotEmails(Date.now);
    const store = createRecorder({ client, tableName, retentionDays: 400, hotEmails });
    const start = Date.UTC(2026, 0, 2, 12);
    for (let delivery = 0; delivery < deliveries; delivery += 1) {
      const before = { ...units };
      for (let email = 0; email < emails; email += 1) {
        for (const [step, status] of life.entries()) {
          const at = start + step * 60_000;
          const event = eventOf(status, email, at, { reference: prefix && `${prefix}${email}`, step });
          const { recorded, duplicate, dropped } = await store.record([event], at);
          if ((delivery === 0 ? recorded : duplicate) + dropped !== 1)
            throw new Error(`${status} of email ${email} was not recorded`);
        }
      }
      sums.push({
        written: (units.written - before.written) / emails,
        failed: (units.failed - before.failed) / emails,
        failures: (units.failures - before.failures) / emails,
      });
    }
    return sums;
  } finally {
    await engine.stop();
  }
}
