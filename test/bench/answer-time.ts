import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createRecorder } from '../../shared/email/recorder.ts';
import { signingKeys } from '../fixtures/signing.ts';
import { httpEvent, lambdaContext } from '../rigs/http-event.ts';
import { type IngestParts, ingestFunction } from '../rigs/ingest-function.ts';
import { type Figure, figure } from './figures.ts';
import { sendgridBatch } from './sendgrid-batch.ts';

const never = () => new Promise<never>(() => {});

/** Parts that hang for ever. The table always does. */
const hanging = {
  'the secrets hang': { secretsOf: never },
  'table and queues hang': { retryQueue: never, quarantine: never },
} as const satisfies Record<string, Partial<IngestParts>>;

const abortAfter = (milliseconds: number) => AbortSignal.timeout(milliseconds);

/** The time until a request of 1,000 events is answered while parts of AWS hang. Some providers wait for 3 seconds. */
export async function answerTime(): Promise<Figure[]> {
  const keys = signingKeys('sendgrid');
  const client = { send: never } as unknown as DynamoDBDocumentClient;
  const store = createRecorder({ client, tableName: 'emails', retentionDays: 400 });
  const figures: Figure[] = [];
  for (const [what, parts] of Object.entries(hanging)) {
    const handler = ingestFunction({
      secretsOf: async () => [keys.secret],
      store,
      now: Date.now,
      abortAfter,
      ...parts,
    });
    const body = sendgridBatch(1_000, 'hanging', Date.now());
    const { headers } = keys.sign(body, Date.now());
    const begun = performance.now();
    await handler(httpEvent('POST /webhooks/{provider}', { provider: 'sendgrid' }, headers, body), lambdaContext);
    figures.push(figure(`answer while ${what}`, performance.now() - begun, 'ms', '< 2500'));
  }
  return figures;
}
