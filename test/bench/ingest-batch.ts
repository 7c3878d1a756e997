import { UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { createHandler } from '../../functions/ingest/handler.ts';
import { documentClient } from '../../shared/dynamodb-client.ts';
import { eachInFlight } from '../../shared/in-flight.ts';
import { providers } from '../../shared/providers/registry.ts';
import { createRecorder } from '../../shared/store.ts';
import { httpEvent, lambdaContext } from '../http-event.ts';
import { signingKeys } from '../signing.ts';
import { type Figure, figure, median } from './figures.ts';
import { sendgridBatch } from './sendgrid-batch.ts';
import { startStubEndpoint } from './stub-endpoint-process.ts';

const batchSize = 1_000;
const rounds = 9;

async function cpuMicros(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** The same writes by the SDK alone: as many at once as the store has in flight, nothing around them. */
async function bareLoop(client: ReturnType<typeof documentClient>, inputs: readonly UpdateCommandInput[]) {
  await eachInFlight(inputs, 32, async input => {
    await client.send(new UpdateCommand(input));
  });
}

/** CPU of ingesting a batch of distinct emails, and its ratio to a bare loop of UpdateItem over the same items. */
export async function ingestBatch(): Promise<Figure[]> {
  const stub = await startStubEndpoint();
  try {
    const client = documentClient({
      endpoint: stub.endpoint,
      region: 'local',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    const inputs: UpdateCommandInput[] = [];
    let capture = false;
    const send = client.send.bind(client) as (command: UpdateCommand, ...rest: never[]) => Promise<unknown>;
    client.send = ((command: UpdateCommand, ...rest: never[]) => {
      if (capture) inputs.push(command.input);
      return send(command, ...rest);
    }) as typeof client.send;

    const keys = signingKeys('sendgrid');
    const handler = createHandler({
      providers,
      secrets: async () => ({ sendgrid: [keys.secret] }),
      store: createRecorder({ client, tableName: 'emails', retentionDays: 400 }),
      quarantine: () => Promise.reject(new Error('nothing here is unreadable')),
      metadata: { accountId: 'account_id', reference: 'reference' },
      now: Date.now,
      log: () => {},
    });
    const ingest = async (round: string) => {
      const body = sendgridBatch(batchSize, round, Date.now());
      const event = httpEvent(
        'POST /webhooks/{provider}',
        { provider: 'sendgrid' },
        keys.sign(body, Date.now()).headers,
        body,
      );
      return () =>
        handler(event, lambdaContext).then(answer => {
          if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode}`);
        });
    };

    capture = true;
    await (await ingest('captured'))();
    capture = false;
    await bareLoop(client, inputs);

    const ours: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const request = await ingest(`round${round}`);
      ours.push((await cpuMicros(request)) / batchSize);
      bare.push((await cpuMicros(() => bareLoop(client, inputs))) / batchSize);
    }
    return [
      figure('ingest, 1,000-event batch', median(ours), 'CPU µs an event'),
      figure('bare UpdateItem loop, same items', median(bare), 'CPU µs an item'),
      figure('ingest / bare loop', median(ours.map((micros, round) => micros / bare[round]!)), '×', '≤ 1.1'),
    ];
  } finally {
    stub.stop();
  }
}
