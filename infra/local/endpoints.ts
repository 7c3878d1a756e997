import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { replaceFile } from './data-dir.ts';
import { StartError } from './start-error.ts';

/** The places of everything in a running stack. They stand in `endpoints.json` of the data directory. */
export interface Endpoints {
  /** The HTTP API. */
  readonly url: string;
  /** The page that shows emails; null for a stack without one. */
  readonly page: string | null;
  readonly pid: number;
  readonly dataDir: string;
  /** The region that clients of the following endpoints name. Any credentials are accepted. */
  readonly region: string;
  readonly dynamodb: string;
  readonly dynamodbEngine: string;
  readonly sqs: string;
  readonly sns: string;
  readonly s3: string;
  readonly secretsManager: string;
  readonly lambda: string;
  readonly cloudwatch: string;
  readonly eventBridge: string;
  /** The name that the stack would have in AWS. */
  readonly stackName: string;
  /** All resources of the template by type, each with its name, URL or ARN. */
  readonly resources: readonly { readonly type: string; readonly logicalId: string; readonly ref: string }[];
  /** The first table. */
  readonly tableName: string;
  /** Names of tables and buckets, URLs of queues, ARNs of topics: each by its logical id. */
  readonly tables: Readonly<Record<string, string>>;
  readonly queues: Readonly<Record<string, string>>;
  readonly topics: Readonly<Record<string, string>>;
  readonly buckets: Readonly<Record<string, string>>;
  readonly functions: Readonly<
    Record<string, { readonly environment: Readonly<Record<string, string>>; readonly logFile: string }>
  >;
  /** The directory of the functions' logs. */
  readonly logsDir: string;
  /** Keys of the HTTP API's routes. */
  readonly routes: readonly string[];
  /** The origins whose pages may call the HTTP API. */
  readonly corsOrigins: readonly string[];
  readonly outputs: Readonly<Record<string, unknown>>;
  /** The generated webhook secrets. */
  readonly webhookSecretsFile: string;
  /** The user's own webhook secrets, which are valid besides; null where none were given. */
  readonly ownWebhookSecretsFile: string | null;
  /** Provider → the key with which demo and simulator sign. */
  readonly signingKeysFile: string;
  /** The API key with which `eventsUrl` is called; null without that setting. */
  readonly eventsKeyFile: string | null;
  readonly inboxFile: string;
  /** Claims that tokens must carry; null for an API without an authorizer. */
  readonly tokens: { readonly issuer: string; readonly audience: string } | null;
}

/** The environment of the first function that has a variable of that name; undefined if none has. */
export function environmentWith(
  functions: Endpoints['functions'],
  name: string,
): Readonly<Record<string, string>> | undefined {
  return Object.values(functions).find(({ environment }) => name in environment)?.environment;
}

const usualDataDir = '.mailtrail';

/** The directory of the stack's data: `.mailtrail`, unless DATA_DIR is another. */
export function dataDirOf(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  return resolve(environment.DATA_DIR || usualDataDir);
}

/** A command as a person calls it for the stack on a data directory. */
export function commandOn(dataDir: string, command: string): string {
  if (dataDir === resolve(usualDataDir)) return command;
  const word = /^[\w./-]+$/.test(dataDir) ? dataDir : `'${dataDir.replaceAll("'", `'\\''`)}'`;
  return `DATA_DIR=${word} ${command}`;
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
