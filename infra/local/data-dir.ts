import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from './start-error.ts';

/** Replaces a file as a whole: every reader finds the old content or the new, even after a crash. */
export function replaceFile(file: string, content: string, { secret = false } = {}): void {
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, content, { mode: secret ? 0o600 : 0o644 });
  renameSync(draft, file);
}

/**
 * JSON that an earlier run left. Half of it may be missing if the machine lost power.
 *
 * @param remedy the effect of removing the file
 * @throws StartError naming the file where it cannot be read
 */
export function readSaved(file: string, remedy: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new StartError(`${file} is damaged (${(error as Error).message}): remove it, and ${remedy}`);
  }
}

/** https://www.sqlite.org/rescode.html#busy */
const sqliteBusy = 5;

/**
 * Takes the data directory for this process, until it ends. The operating system releases the lock even after a SIGKILL,
 * which a file with a process id would survive.
 *
 * @throws StartError while another runner has it
 */
export async function lockDataDir(dataDir: string): Promise<{ release(): void }> {
  const { DatabaseSync } = await import('node:sqlite');
  try {
    mkdirSync(dataDir, { recursive: true });
    const lock = new DatabaseSync(join(dataDir, 'lock.db'), { timeout: 1_000 });
    lock.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
    return { release: () => lock.close() };
  } catch (error) {
    const { message, errcode } = error as Error & { errcode?: number };
    throw new StartError(
      errcode === sqliteBusy
        ? `another Mailtrail (process ${holderOf(dataDir)}) runs on ${dataDir}: stop it, or set DATA_DIR`
        : `cannot use ${dataDir} as the data directory: ${message}`,
    );
  }
}

function holderOf(dataDir: string): string {
  try {
    return String(JSON.parse(readFileSync(join(dataDir, 'endpoints.json'), 'utf8')).pid);
  } catch {
    return 'unknown';
  }
}
