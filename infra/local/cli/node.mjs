/**
 * Runs a TypeScript file with this Node.js: `node infra/local/cli/node.mjs infra/local/cli/start.ts`. It is plain
 * JavaScript, so that a Node.js that is too old for the rest can still say so.
 */

import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
const [, , file, ...args] = process.argv;

if (major < 22 || (major === 22 && minor < 14)) {
  console.error(`Mailtrail needs Node.js 22.14 or newer, and this is ${process.versions.node}.`);
  process.exitCode = 1;
} else if (process.features.typescript) {
  process.argv.splice(1, 1);
  process.argv[1] = file;
  await import(pathToFileURL(file).href);
} else {
  // Node.js up to 22.17 strips types only when asked. The environment asks, so that child processes strip them too.
  const options = `${process.env.NODE_OPTIONS ?? ''} --experimental-strip-types --disable-warning=ExperimentalWarning`;
  const child = spawn(process.execPath, [file, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: options.trim() },
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', code => {
    process.exitCode = code ?? 1;
  });
}
