import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { startDynoxide } from '../../infra/local/services/dynamodb-engine.ts';
import type { CanonicalEvent } from '../../shared/email/event.ts';
import { createRecorder } from '../../shared/email/recorder.ts';
import type { Status } from '../../shared/status/catalogue.ts';
import { createEmailTable } from '../rigs/email-table.ts';
import { type Figure, figure } from './figures.ts';

const usualLife = ['enqueued', 'sent', 'delivered', 'opened', 'link_clicked'] as const satisfies readonly Status[];
const userAgent =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';

/** The event that brings an email to a status, with its usual texts. */
function eventOf(status: Status, email: number, at: number, reference?: string): CanonicalEvent {
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
    eventId: `${status}-${email}`.padEnd(bySender ? 22 : 48, 'x'),
    providerEvent: bySender ? `app.${status}` : status,
    ...(status === 'delivered' && { reason: { text: '250 2.0.0 OK  1767323045 af79cd13be357-7c5a5d0d2d4 - gsmtp' } }),
    ...((status === 'opened' || status === 'link_clicked') && { userAgent }),
    ...(status === 'link_clicked' && { clickUrl: `https://billing.example.com/invoices/${email}/pay` }),
  };
}

/** Sums the write units that the engine reports, indexes included, for the usual life of 100 emails at one event per request. */
export async function writeUnits(): Promise<Figure[]> {
  const [without, withReference] = [await unitsOfLife(), await unitsOfLife('INV-')];
  return [
    figure('write units an event, usual life', without / usualLife.length, 'WCU', '≤ 1.7'),
    figure('write units an email, usual life with account and reference', withReference, 'WCU'),
  ];
}

/** The write units of one email. */
async function unitsOfLife(prefix?: string): Promise<number> {
  const engine = await startDynoxide();
  try {
    const raw = new DynamoDBClient({
      endpoint: engine.endpoint,
      region: 'local',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    await createEmailTable(raw, 'emails');
    let units = 0;
    raw.middlewareStack.add(
      next => async args => {
        const result = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } });
        units +=
          (result.output as { ConsumedCapacity?: { CapacityUnits?: number } }).ConsumedCapacity?.CapacityUnits ?? 0;
        return result;
      },
      { step: 'initialize', name: 'countWriteUnits' },
    );
    const store = createRecorder({ client: DynamoDBDocumentClient.from(raw), tableName: 'emails', retentionDays: 400 });
    const start = Date.UTC(2026, 0, 2, 12);
    for (let email = 0; email < 100; email += 1) {
      for (const [minute, status] of usualLife.entries()) {
        const at = start + minute * 60_000;
        const { recorded } = await store.record([eventOf(status, email, at, prefix && `${prefix}${email}`)], at);
        if (recorded !== 1) throw new Error(`${status} of email ${email} was not recorded`);
      }
    }
    return units / 100;
  } finally {
    await engine.stop();
  }
}
