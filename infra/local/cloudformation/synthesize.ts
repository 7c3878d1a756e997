import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { replaceFile } from '../data-dir.ts';
import { StartError } from '../start-error.ts';

const projectRoot = fileURLToPath(new URL('../../..', import.meta.url));

/** What the template and the bundles are made of. */
const inputs = ['infra', 'functions', 'shared', 'cdk.json', 'package.json', 'package-lock.json', 'tsconfig.json'];

/**
 * Synthesizes the CDK app as the CDK command line does, in a process of its own, and leaves the cloud assembly in the
 * directory. What an earlier start left there serves again when nothing has changed since.
 *
 * @returns whether it had to be synthesized
 */
export async function synthesize(directory: string): Promise<boolean> {
  const digestFile = join(directory, 'inputs.sha256');
  const digest = digestOfInputs();
  if (existsSync(digestFile) && readFileSync(digestFile, 'utf8') === digest) return false;
  rmSync(directory, { recursive: true, force: true });
  const { app, context = {} } = JSON.parse(readFileSync(join(projectRoot, 'cdk.json'), 'utf8')) as {
    app: string;
    context?: object;
  };
  const [program, ...args] = app.split(' ');
  await new Promise<void>((resolve, reject) =>
    execFile(
      program === 'node' ? process.execPath : program!,
      args,
      {
        cwd: projectRoot,
        env: { ...process.env, CDK_OUTDIR: directory, CDK_CONTEXT_JSON: JSON.stringify(context) },
        maxBuffer: 64 * 1024 * 1024,
      },
      (error, _stdout, stderr) =>
        error === null ? resolve() : reject(new StartError(`the stack cannot be synthesized:\n${stderr.trim()}`)),
    ),
  );
  // Last, so that an assembly that was left half-way is not taken for a whole one.
  replaceFile(digestFile, digest);
  return true;
}

function digestOfInputs(): string {
  const hash = createHash('sha256').update(process.version);
  const visit = (path: string) => {
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) visit(join(path, name));
    } else hash.update(path).update('\0').update(readFileSync(path)).update('\0');
  };
  for (const name of inputs) visit(join(projectRoot, name));
  const overrides = Object.entries(process.env).filter(([name]) => /^(MAILTRAIL|CDK)_/.test(name));
  return hash.update(JSON.stringify(overrides.sort())).digest('hex');
}
