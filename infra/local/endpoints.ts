import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { replaceFile } from './data-dir.ts';
import { StartError } from './start-error.ts';

/** Where everything of a running stack is; in `endpoints.json` of the data directory while it runs. */
export interface Endpoints {
  /** The HTTP API. */
  readonly url: string;
  readonly pid: number;
  readonly dataDir: string;
  /** The region that clients of the following endpoints name; any credentials do. */
  readonly region: string;
  readonly dynamodb: string;
  readonly dynamodbEngine: string;
  readonly sqs: string;
  readonly sns: string;
  readonly s3: string;
  readonly secretsManager: string;
  /** The first table. */
  readonly tableName: string;
  /** By logical id: names of tables and buckets, URLs of queues, ARNs of topics. */
  readonly tables: Readonly<Record<string, string>>;
  readonly queues: Readonly<Record<string, string>>;
  readonly topics: Readonly<Record<string, string>>;
  readonly buckets: Readonly<Record<string, string>>;
  readonly functions: Readonly<
    Record<string, { readonly environment: Readonly<Record<string, string>>; readonly logFile: string }>
  >;
  /** Keys of the HTTP API's routes. */
  readonly routes: readonly string[];
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly webhookSecretsFile: string;
  /** Provider → what a sender signs with; null when the webhook secrets are the user's own. */
  readonly signingKeysFile: string | null;
  readonly inboxFile: string;
  /** What tokens must carry; null for an API without an authorizer. */
  readonly tokens: { readonly issuer: string; readonly audience: string; readonly jwksUrl: string } | null;
}

/** Where the stack keeps its data unless DATA_DIR says otherwise. */
export function dataDirOf(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  return resolve(environment.DATA_DIR || '.mailtrail');
}

export function writeEndpoints(endpoints: Endpoints): void {
  replaceFile(join(endpoints.dataDir, 'endpoints.json'), `${JSON.stringify(endpoints, null, 2)}\n`);
}

/** @throws StartError if no stack was started on this data directory yet */
export function readEndpoints(dataDir = dataDirOf()): Endpoints {
  try {
    return JSON.parse(readFileSync(join(dataDir, 'endpoints.json'), 'utf8'));
  } catch {
    throw new StartError(`Mailtrail was not started yet on ${dataDir}: run npm start (or set DATA_DIR)`);
  }
}
