import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createDirectCall } from '../../shared/aws/dynamodb-calls.ts';
import { directWrites, type Writes } from '../../shared/aws/writes.ts';
import { createHotEmails } from '../../shared/email/hot-emails.ts';
import { createRecorder } from '../../shared/email/recorder.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { signingKeys } from '../fixtures/signing.ts';
import { httpEvent, lambdaContext } from '../rigs/http-event.ts';
import { ingestFunction } from '../rigs/ingest-function.ts';
import { sendgridBatch } from './sendgrid-batch.ts';
import { startStubEndpoint } from './stub-endpoint-process.ts';

type Request = ReturnType<typeof httpEvent>;

/** The ingest function in this process, with a table that answers at once and keeps nothing. */
export interface IngestOnStub {
  /** The SDK's client of the same table. */
  readonly client: DynamoDBDocumentClient;
  /** A signed request with as many distinct emails. */
  requestOf(events: number, name: string): Request;
  /** @param writes other writes of the recorder */
  ingest(request: Request, writes?: Writes): Promise<void>;
  stop(): void;
}

export async function startIngestOnStub(): Promise<IngestOnStub> {
  const stub = await startStubEndpoint();
  // As functions/ingest/index.ts makes it.
  const client = documentClient({
    maxAttempts: 1,
    endpoint: stub.endpoint,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const keys = signingKeys('sendgrid');
  const log = createLog(() => {});
  const handlerOn = (writes: Writes) => {
    const store = createRecorder({
      client,
      writes,
      tableName: 'emails',
      retentionDays: 400,
      hotEmails: createHotEmails(Date.now),
    });
    return ingestFunction({
      secretsOf: async () => [keys.secret],
      // Without the deadline, so that a slow round on a busy machine counts too.
      store: { record: (events, receivedAt) => store.record(events, receivedAt) },
      log,
      now: Date.now,
    });
  };
  const handler = handlerOn(directWrites(createDirectCall(client)));
  return {
    client,
    requestOf(events, name) {
      const body = sendgridBatch(events, name, Date.now());
      const { headers } = keys.sign(body, Date.now());
      return httpEvent('POST /webhooks/{provider}', { provider: 'sendgrid' }, headers, body);
    },
    async ingest(request, writes) {
      const { statusCode } = await (writes === undefined ? handler : handlerOn(writes))(request, lambdaContext);
      if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
    },
    stop: stub.stop,
  };
}
