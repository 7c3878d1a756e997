import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Starts a script of the project, and gathers its output. */
export function startScript(file: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [file, ...args], { cwd: root, env: { ...process.env, ...environment } });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', chunk => {
      said[name] += chunk;
    });
  }
  const closed = new Promise<number | null>(resolve => child.once('close', resolve));
  return { child, said, closed };
}

/** Runs a script to its end. */
export async function runScript(...started: Parameters<typeof startScript>) {
  const { said, closed } = startScript(...started);
  const code = await closed;
  return { code, ...said };
}
