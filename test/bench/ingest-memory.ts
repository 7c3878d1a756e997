import { createRecorder } from '../../shared/email/recorder.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { signingKeys } from '../fixtures/signing.ts';
import { cpuMs } from '../rigs/cpu-time.ts';
import { httpEvent, lambdaContext } from '../rigs/http-event.ts';
import { ingestFunction } from '../rigs/ingest-function.ts';
import { type Figure, figure, median } from './figures.ts';
import { sendgridBatch } from './sendgrid-batch.ts';
import { startStubEndpoint } from './stub-endpoint-process.ts';

/** Requests in a round, by the events of each: enough for a clock of milliseconds. */
const requestsInRound = { 1: 200, 100: 10, 1000: 2 } as const;
const rounds = 9;
const warmUp = 3;

const memorySizes = [512, 768, 1024, 1769];
/** Lambda gives a whole vCPU at this size. More helps no single thread. */
const wholeCpuMegabytes = 1769;
/** us-east-1, arm64. */
const dollarsPerGigabyteSecond = 0.0000133334;
/** Assumed for a call of DynamoDB, of which the recorder has so many in flight. */
const waitMs = 5;
const concurrentWrites = 32;

/**
 * The duration of a call: its CPU time on a part of a vCPU, or the waits for the table where these are longer. One more
 * wait at the end runs beside no work.
 */
function durationMs(cpu: number, writes: number, megabytes: number): number {
  const share = Math.min(1, megabytes / wholeCpuMegabytes);
  return Math.max(cpu / share, (writes / concurrentWrites) * waitMs) + waitMs;
}

/** The CPU time of the ingest function by the size of a request, and on paper its duration and cost by memory. */
export async function ingestMemory(): Promise<Figure[]> {
  const stub = await startStubEndpoint();
  try {
    const client = documentClient({
      endpoint: stub.endpoint,
      region: 'local',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    const keys = signingKeys('sendgrid');
    const store = createRecorder({ client, tableName: 'emails', retentionDays: 400 });
    const handler = ingestFunction({
      secretsOf: async () => [keys.secret],
      // Without the deadline, so that a slow round on a busy machine counts too.
      store: { record: (events, receivedAt) => store.record(events, receivedAt) },
      log: createLog(() => {}),
      now: Date.now,
    });
    const figures: Figure[] = [];
    for (const [events, requests] of Object.entries(requestsInRound)) {
      const cpu: number[] = [];
      for (let round = 0; round < warmUp + rounds; round += 1) {
        const sent = Array.from({ length: requests }, (_, index) => {
          const body = sendgridBatch(Number(events), `memory${round}-${index}`, Date.now());
          const { headers } = keys.sign(body, Date.now());
          return httpEvent('POST /webhooks/{provider}', { provider: 'sendgrid' }, headers, body);
        });
        const all = async () => {
          for (const event of sent) await handler(event, lambdaContext);
        };
        cpu.push((await cpuMs(all)) / requests);
      }
      const each = median(cpu.slice(warmUp));
      figures.push(figure(`ingest, ${events} events a request`, each, 'CPU ms'));
      for (const megabytes of memorySizes) {
        const duration = durationMs(each, Number(events), megabytes);
        const cost = (duration / 1_000) * (megabytes / 1_024) * dollarsPerGigabyteSecond * 1_000_000;
        figures.push(
          figure(`ingest, ${events} events, ${megabytes} MB: duration on paper`, duration, 'ms'),
          figure(`ingest, ${events} events, ${megabytes} MB: a million requests`, cost, 'US dollars'),
        );
      }
    }
    return figures;
  } finally {
    stub.stop();
  }
}
