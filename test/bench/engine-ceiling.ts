import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { startDynoxide } from '../../infra/local/services/dynamodb-engine.ts';
import { type CanonicalEvent, emailIdOf } from '../../shared/email/event.ts';
import { planUpdate, sentAtOf, updateInput } from '../../shared/email/update.ts';
import { forEachConcurrently } from '../../shared/runtime/concurrency.ts';
import { day } from '../../shared/runtime/time.ts';
import { createEmailTable } from '../rigs/email-table.ts';
import { cpuMsOfProcess, descendantNamed } from './process-cpu.ts';

const tableName = 'Emails';
const inFlight = 32;

/** An engine of its own, with the table, the indexes and the stream of a deployment, and a client that does nothing but write. */
export interface BareEngine {
  /** Writes first sightings of as many emails, one UpdateItem each. */
  write(count: number, tag: string): Promise<{ readonly seconds: number; readonly engineCpuMs: number }>;
  stop(): Promise<void>;
}

export async function startBareEngine(): Promise<BareEngine> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mailtrail-engine-'));
  const engine = await startDynoxide({ dataDir });
  const pid = descendantNamed(process.pid, 'dynoxide', dataDir) ?? 0;
  const client = new DynamoDBClient({
    endpoint: engine.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  await createEmailTable(client, tableName);
  client.destroy();
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });

  function call(body: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const calling = request(engine.endpoint, { agent, method: 'POST', headers: headersFor(body) }, answer => {
        answer.resume().once('end', () => {
          if (answer.statusCode === 200) resolve();
          else reject(new Error(`the engine answered ${answer.statusCode}`));
        });
      });
      calling.once('error', reject).end(body);
    });
  }

  return {
    async write(count, tag) {
      const at = Date.now();
      const bodies = Array.from({ length: count }, (_, index) => firstSighting(`${tag}-${index}`, index, at));
      const cpuBefore = cpuMsOfProcess(pid);
      const begun = performance.now();
      await forEachConcurrently(bodies, inFlight, call);
      const seconds = (performance.now() - begun) / 1_000;
      return { seconds, engineCpuMs: cpuMsOfProcess(pid) - cpuBefore };
    },
    async stop() {
      agent.destroy();
      await engine.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function headersFor(body: Buffer) {
  return {
    'content-type': 'application/x-amz-json-1.0',
    'content-length': body.length,
    'x-amz-target': 'DynamoDB_20120810.UpdateItem',
    'x-amz-date': '20200101T000000Z',
    // Engines check the form of a signature alone.
    authorization:
      'AWS4-HMAC-SHA256 Credential=local/20200101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
  };
}

/** The write of a delivered event, as the recorder plans it. */
function firstSighting(name: string, index: number, at: number): Buffer {
  const event: CanonicalEvent = {
    eventId: `ZGVsaXZlcmVkLTA-${name}`.padEnd(48, 'x'),
    provider: 'sendgrid',
    messageId: `${name}-14c5d75ce93`,
    recipient: `customer.${name}@example.com`,
    status: 'delivered',
    occurredAt: at - 1_000,
    evidence: 'unknown',
    providerEvent: 'delivered',
    reason: { text: '250 2.0.0 OK  1767323045 af79cd13be357-7c5a5d0d2d4si123456785a.123 - gsmtp' },
    accountId: `account-${index % 50}`,
  };
  const { update } = planUpdate([event], null);
  const { provider, messageId, recipient } = event;
  const target = { tableName, emailId: emailIdOf(event), provider, messageId, recipient };
  const times = { now: at, sentAt: sentAtOf([event], at), expiresAt: at + 400 * day };
  const { Key, ExpressionAttributeValues, ...input } = updateInput({ ...target, ...times }, update!);
  const items = { Key: marshall(Key), ExpressionAttributeValues: marshall(ExpressionAttributeValues) };
  return Buffer.from(JSON.stringify({ ...input, ...items }));
}
