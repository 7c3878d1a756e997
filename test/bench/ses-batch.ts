import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { SQSEvent } from 'aws-lambda';
import { createPersistEvents } from '../../functions/ingest/persist-events.ts';
import { createQueueHandler } from '../../functions/ingest/queue-handler.ts';
import { createRefusals } from '../../functions/ingest/refusals.ts';
import { createRecorder } from '../../shared/email/recorder.ts';
import { providers } from '../../shared/providers/registry.ts';
import { chunks } from '../../shared/runtime/chunks.ts';
import { context, fixture } from '../fixtures/fixtures.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { lambdaContext } from '../rigs/http-event.ts';
import { measureAtNoon, oneByOne } from '../rigs/ingest-function.ts';
import { countUnits } from './consumed-units.ts';
import { startEngineTable, tableName } from './engine-table.ts';
import { type Figure, figure } from './figures.ts';

const emails = 250;
/** Messages that Lambda passes at once. */
const batchSize = 100;

/** Counts calls and write units of SES's Send and Delivery in one batch of the queue: each by itself, and together. */
export async function sesBatch(): Promise<Figure[]> {
  const apart = await drained(true);
  const together = await drained(false);
  return [
    figure('SES, Send and Delivery, a write for each message: calls an email', apart.calls, ''),
    figure('SES, Send and Delivery, a write for each message: write units an email', apart.units, 'WCU'),
    figure('SES, Send and Delivery, a write for each email: calls an email', together.calls, ''),
    figure('SES, Send and Delivery, a write for each email: write units an email', together.units, 'WCU'),
  ];
}

async function drained(isApart: boolean): Promise<{ calls: number; units: number }> {
  const engine = await startEngineTable();
  try {
    const { raw } = engine;
    const units = countUnits(raw);
    let calls = 0;
    raw.middlewareStack.add(
      next => args => {
        calls += 1;
        return next(args);
      },
      { step: 'initialize', name: 'countCalls' },
    );
    const client = DynamoDBDocumentClient.from(raw);
    const store = createRecorder({ client, tableName, retentionDays: 400 });
    const log = () => {};
    const handler = createQueueHandler({
      sources: { 'arn:ses': 'ses' },
      providers,
      context,
      persistEvents: createPersistEvents({
        store: isApart ? oneByOne(store) : store,
        quarantine: () => Promise.reject(new Error('nothing is unreadable')),
        retryQueue: null,
        log,
      }),
      nonces: async () => 'own',
      lookUpErasures: async () => async events => events,
      measure: measureAtNoon,
      refusals: createRefusals({ log, measure: measureAtNoon, now: () => noon }),
      now: () => noon,
      log,
    });
    const bodies = Array.from({ length: emails }, (_, number) =>
      ['Send', 'Delivery'].map(name =>
        fixture('ses', name).toString().replaceAll('000000000007', String(number).padStart(12, '0')),
      ),
    ).flat();
    for (const some of chunks(bodies, batchSize)) {
      const Records = some.map((body, index) => ({
        messageId: `m${index}`,
        body,
        eventSourceARN: 'arn:ses',
        attributes: { SentTimestamp: String(noon) },
      }));
      const answer = await handler({ Records } as unknown as SQSEvent, lambdaContext);
      if (answer?.batchItemFailures.length !== 0) throw new Error('messages failed');
    }
    return { calls: calls / emails, units: (units.written + units.failed) / emails };
  } finally {
    await engine.stop();
  }
}
