import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type EngineOptions, startDynoxide } from '../../infra/local/services/dynamodb-engine.ts';
import { createEmailTable } from '../rigs/email-table.ts';

export const tableName = 'emails';

/** An engine of the benchmark's own, with the table of emails. */
export interface EngineTable {
  readonly raw: DynamoDBClient;
  stop(): Promise<void>;
}

export async function startEngineTable(options: EngineOptions = {}): Promise<EngineTable> {
  const engine = await startDynoxide(options);
  const raw = new DynamoDBClient({
    endpoint: engine.endpoint,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  try {
    await createEmailTable(raw, tableName);
  } catch (error) {
    await engine.stop();
    throw error;
  }
  return { raw, stop: () => engine.stop() };
}
