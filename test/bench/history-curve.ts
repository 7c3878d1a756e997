import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createDirectCall } from '../../shared/aws/dynamodb-calls.ts';
import { directWrites } from '../../shared/aws/writes.ts';
import { type CanonicalEvent, emailIdOf } from '../../shared/email/event.ts';
import { createHotEmails } from '../../shared/email/hot-emails.ts';
import { createReader } from '../../shared/email/reader.ts';
import { createRecorder } from '../../shared/email/recorder.ts';
import { defaultOldAfter } from '../../shared/status/attention.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { cpuMs } from '../rigs/cpu-time.ts';
import { queryFunction, tokenOf } from '../rigs/query-function.ts';
import { countUnits } from './consumed-units.ts';
import { startEngineTable, tableName } from './engine-table.ts';
import { type Figure, measured } from './figures.ts';

const eventCounts = [1, 2, 5, 10, 20, 50, 100];
const emails = 20;
const rounds = 7;
const warmUp = 2;
const account = 'acme';
const userAgent =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';

/**
 * Measures one more event, and a read, by the events of the email so far: sent, delivered, then opens and clicks in turn.
 * The writing process knows emails that were opened from their last write, as an instance of the function does.
 * The units are those of DynamoDB with all indexes.
 */
export async function historyCurve(): Promise<Figure[]> {
  const engine = await startEngineTable();
  try {
    const { raw } = engine;
    const units = countUnits(raw);
    const stored = { client: DynamoDBDocumentClient.from(raw), tableName, retentionDays: 400 };
    // As the ingest function writes, whose calls countUnits cannot see. The same writes through the SDK are counted.
    const deployed = createRecorder({
      ...stored,
      writes: directWrites(createDirectCall(raw)),
      hotEmails: createHotEmails(Date.now),
    });
    const metered = createRecorder({ ...stored, hotEmails: createHotEmails(Date.now) });
    const store = createReader({ ...stored, oldAfter: defaultOldAfter, now: Date.now });
    const call = queryFunction({ store });
    const curves = new Map(eventCounts.map(count => [count, { wcu: [], write: [], read: [] } as Samples]));
    for (let round = 0; round < warmUp + rounds; round += 1) {
      for (const [count, samples] of curves) {
        const names = Array.from({ length: emails }, (_, index) => `${round}-${count}-${index}`);
        await deployed.record(
          names.flatMap(name => lifeOf(name, count)),
          noon,
        );
        const write = await cpuMs(async () => {
          for (const name of names) await deployed.record([eventOf(name, count)], noon);
        });
        const counted = `${round}-${count}-counted`;
        await metered.record(lifeOf(counted, count), noon);
        const before = units.written + units.failed;
        await metered.record([eventOf(counted, count)], noon);
        const wcu = units.written + units.failed - before;
        const read = await cpuMs(async () => {
          for (const name of names) {
            const emailId = emailIdOf(eventOf(name, 0));
            const asked = { path: { accountId: account, emailId }, token: tokenOf(account) };
            const { statusCode } = await call('GET /accounts/{accountId}/emails/{emailId}', asked);
            if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
          }
        });
        if (round < warmUp) continue;
        samples.wcu.push(wcu);
        samples.write.push((write * 1_000) / emails);
        samples.read.push((read * 1_000) / emails);
      }
    }
    const titles = [
      ['wcu', 'one more event', 'WCU'],
      ['write', 'one more event', 'CPU µs'],
      ['read', 'GET of the email', 'CPU µs'],
    ] as const;
    return titles.flatMap(([kind, what, unit]) =>
      [...curves].map(([at, samples]) =>
        measured(what, samples[kind], unit, {
          point: { curve: `history, ${unit}`, axis: 'events of the email', at },
          ...(kind === 'wcu' && { count: 'exact' }),
        }),
      ),
    );
  } finally {
    await engine.stop();
  }
}

interface Samples {
  readonly wcu: number[];
  readonly write: number[];
  readonly read: number[];
}

function lifeOf(name: string, count: number): readonly CanonicalEvent[] {
  return Array.from({ length: count }, (_, step) => eventOf(name, step));
}

/** An event by its place in the life of its email. */
function eventOf(name: string, step: number): CanonicalEvent {
  const status = (['sent', 'delivered'] as const)[step] ?? (step % 2 === 0 ? 'opened' : 'link_clicked');
  const byPerson = status === 'opened' || status === 'link_clicked';
  return {
    eventId: `${name}-${step}`.padEnd(48, 'x'),
    provider: 'sendgrid',
    messageId: `14c5d75ce93-${name}`,
    recipient: `customer.${name}@example.com`,
    status,
    occurredAt: noon - 3_600_000 + step * 1_000,
    evidence: byPerson ? 'human' : 'unknown',
    providerEvent: status,
    accountId: account,
    subject: 'Your invoice from Example Ltd',
    ...(byPerson && { userAgent }),
    ...(status === 'link_clicked' && { clickUrl: `https://billing.example.com/invoices/${name}/pay` }),
  };
}
