import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { replaceFile } from '../data-dir.ts';
import { StartError } from '../start-error.ts';

const projectRoot = fileURLToPath(new URL('../../..', import.meta.url));

/** The sources of the template and the bundles. */
const inputs = ['infra', 'functions', 'shared', 'cdk.json', 'package.json', 'package-lock.json', 'tsconfig.json'];

/**
 * The synthesis of the CDK app into a directory, in a process of its own, as the CDK command line runs it. It is null if
 * the cloud assembly of an earlier start is there and no source has changed since.
 */
export function synthesisInto(directory: string): (() => Promise<void>) | null {
  const digest = digestOfInputs();
  const digestFile = digestFileIn(directory);
  if (existsSync(digestFile) && readFileSync(digestFile, 'utf8') === digest) return null;
  return () => synthesize(directory, digest);
}

const digestFileIn = (directory: string) => join(directory, 'inputs.sha256');

async function synthesize(directory: string, digest: string): Promise<void> {
  rmSync(directory, { recursive: true, force: true });
  const { app, context = {} } = JSON.parse(readFileSync(join(projectRoot, 'cdk.json'), 'utf8')) as {
    app: string;
    context?: { readonly mailtrail?: Readonly<Record<string, unknown>> };
  };
  // Most starts synthesize nothing, and need none of the settings.
  const { localSettings } = await import('./local-settings.ts');
  const [program, ...args] = app.split(' ');
  await new Promise<void>((resolve, reject) =>
    execFile(
      program === 'node' ? process.execPath : program!,
      args,
      {
        cwd: projectRoot,
        env: {
          ...process.env,
          ...localSettings(context.mailtrail),
          CDK_OUTDIR: directory,
          CDK_CONTEXT_JSON: JSON.stringify(context),
        },
        maxBuffer: 64 * 1024 * 1024,
      },
      (error, _stdout, stderr) =>
        error === null ? resolve() : reject(new StartError(`the stack cannot be synthesized:\n${stderr.trim()}`)),
    ),
  );
  // Last, so that no half assembly is taken for a whole one.
  replaceFile(digestFileIn(directory), digest);
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
