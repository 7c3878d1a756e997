import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type CommanderError, Command as Program } from 'commander';
import { describe, expect, it, vi } from 'vitest';
import { type Command, type Option, runCommand, UsageError } from '../../infra/local/cli/command.ts';
import { StartError } from '../../infra/local/start-error.ts';

type AnyCommand = Command<Readonly<Record<string, Option>>>;

const tried: Omit<AnyCommand, 'run'> = {
  call: 'npm run try',
  does: 'Tries something.',
  options: {
    provider: { value: 'NAME', required: true, oneOf: ['sendgrid', 'postmark'], help: 'the provider' },
    emails: { value: 'N', range: [1, 100], otherwise: 7, help: 'how many emails' },
    percent: { value: 'P', range: [0, 90], fractions: true, help: 'how many fail, in percent' },
    file: { value: 'FILE', help: 'where the figures go' },
    'dry-run': { help: 'changes nothing' },
    'no-kills': { help: 'kills no process' },
  },
};

/** Calls a command, and tells how it ended, with what it ran, and what it printed. */
async function call(args: readonly string[], difference: Partial<AnyCommand> = {}) {
  const run = vi.fn(difference.run);
  const written: Record<'stdout' | 'stderr', string[]> = { stdout: [], stderr: [] };
  const program = new Program()
    .configureOutput({ writeOut: text => written.stdout.push(text), writeErr: text => written.stderr.push(text) })
    .exitOverride();
  const ends = await runCommand({ ...tried, ...difference, run }, args, program).then(
    () => 'ran',
    (end: CommanderError) => end.exitCode,
  );
  return { ends, ran: run.mock.calls, stdout: written.stdout.join(''), stderr: written.stderr.join('') };
}

const usage = `Usage: npm run try -- --provider <NAME> [options]

Tries something.

Options:
  --provider <NAME>  the provider (choices: "sendgrid", "postmark")
  --emails <N>       how many emails (default: 7)
  --percent <P>      how many fail, in percent
  --file <FILE>      where the figures go
  --dry-run          changes nothing
  --no-kills         kills no process
  -h, --help         display help for command
`;

describe('the arguments of a command', () => {
  it('are read by its table of options', async () => {
    const args = ['--provider', 'postmark', '--emails=3', '--percent', '0.5', '--file', 'f', '--dry-run', '--no-kills'];
    const given = { provider: 'postmark', emails: 3, percent: 0.5, file: 'f', 'dry-run': true, 'no-kills': true };
    expect(await call(args)).toEqual({ ends: 'ran', ran: [[given, []]], stdout: '', stderr: '' });
  });

  it('give an option its default, none, or false for a flag, where they leave it out', async () => {
    const given = { provider: 'sendgrid', emails: 7, 'dry-run': false, 'no-kills': false };
    expect((await call(['--provider', 'sendgrid'])).ran).toEqual([[given, []]]);
  });

  it.each([[['--help']], [['-h']], [['--provider', 'postmark', '--help']], [['--unknown', '-h']]])(
    'ask for its usage, and for nothing else, by %j',
    async args => {
      expect(await call(args)).toEqual({ ends: 0, ran: [], stdout: usage, stderr: '' });
    },
  );

  const provider = ['--provider', 'postmark'];
  const notInRange = (option: string, text: string) => `option '${option}' argument '${text}' is invalid. It must be a`;
  it.each([
    [
      ['--provider', 'sendgird'],
      `option '--provider <NAME>' argument 'sendgird' is invalid. Allowed choices are sendgrid, postmark.`,
    ],
    [[], `required option '--provider <NAME>' not specified`],
    [['--provider'], `option '--provider <NAME>' argument missing`],
    [['--provider='], `option '--provider <NAME>' argument '' is invalid. Allowed choices are sendgrid, postmark.`],
    [[...provider, '--file='], `option '--file <FILE>' argument '' is invalid. It is empty.`],
    [['--providr', 'postmark'], `unknown option '--providr'\n(Did you mean --provider?)`],
    [[...provider, '--constructor'], `unknown option '--constructor'`],
    [[...provider, '-x'], `unknown option '-x'`],
    [[...provider, '--dry-run=yes'], `unknown option '--dry-run=yes'`],
    [[...provider, '--emails', '0'], `${notInRange('--emails <N>', '0')} whole number from 1 to 100.`],
    [[...provider, '--emails', '1.5'], `${notInRange('--emails <N>', '1.5')} whole number from 1 to 100.`],
    [[...provider, '--emails', 'ten'], `${notInRange('--emails <N>', 'ten')} whole number from 1 to 100.`],
    [[...provider, '--emails', ' '], `option '--emails <N>' argument ' ' is invalid. It is empty.`],
    [[...provider, '--percent', '91'], `${notInRange('--percent <P>', '91')} number from 0 to 90.`],
    [[...provider, 'sendgrid'], 'too many arguments. Expected 0 arguments but got 1: sendgrid.'],
  ])('that cannot be used, such as %j, are named above the usage: %s', async (args, message) => {
    expect(await call(args)).toEqual({ ends: 1, ran: [], stdout: '', stderr: `error: ${message}\n\n${usage}` });
  });

  it('are one operand where the command takes one', async () => {
    const withFile = (...args: string[]) => call(args, { options: {}, operand: '<FILE>' });
    expect((await withFile('a.jsonl')).ran).toEqual([[{}, ['a.jsonl']]]);
    expect(await withFile()).toMatchObject({
      ends: 1,
      ran: [],
      stderr: expect.stringMatching(/^error: missing required argument 'FILE'\n\nUsage: npm run try -- .* <FILE>\n/),
    });
    expect(await withFile('a', 'b')).toMatchObject({
      ends: 1,
      ran: [],
      stderr: expect.stringMatching(/^error: too many arguments\. Expected 1 argument but got 2/),
    });
  });

  it('are any number of operands where the command takes several', async () => {
    const withFiles = async (...args: string[]) => (await call(args, { options: {}, operand: '[FILE...]' })).ran;
    expect([await withFiles(), await withFiles('a', 'b')]).toEqual([[[{}, []]], [[{}, ['a', 'b']]]]);
  });

  it('are all handed on, except for --help, where the command stands before another program', async () => {
    const handOn = (...args: string[]) => call(args, { options: {}, operand: '[OPTIONS...]', passesOptionsOn: true });
    const args = ['Stack', '-c', 'a=b', '--whatever', '--output=x', '-v'];
    expect((await handOn(...args)).ran).toEqual([[{}, args]]);
    expect(await handOn('-c', 'a=b', '--help')).toMatchObject({ ends: 0, ran: [] });
  });
});

describe('the output of a command', () => {
  /** Runs a command that prints for ever, and reads no more than the beginning. */
  async function runUnread(run: string) {
    const module = new URL('../../infra/local/cli/command.ts', import.meta.url).href;
    const script = `
      import { setTimeout } from 'node:timers/promises';
      import { runCommand } from '${module}';
      await runCommand({ call: 'try', does: 'Tries.', options: {}, async run() { ${run} } }, []);`;
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script]);
    child.stdout.once('data', () => child.stdout.destroy());
    let stderr = '';
    child.stderr.on('data', chunk => {
      stderr += chunk;
    });
    const [code] = await once(child, 'close');
    return { code, stderr };
  }

  it('ends it quietly once nobody reads on, as after `| head`', async () => {
    const run = `for (;;) { console.log('line'); await setTimeout(1); }`;
    expect(await runUnread(run)).toEqual({ code: 0, stderr: '' });
  });

  it('is left to a command that listens for itself', async () => {
    const run = `
      let isRead = true;
      process.stdout.on('error', () => { isRead = false; });
      while (isRead) { console.log('line'); await setTimeout(1); }
      console.error('goes on');`;
    expect(await runUnread(run)).toEqual({ code: 0, stderr: 'goes on\n' });
  });
});

describe('the usage of a command', () => {
  it('ends with the environment variables and the notes, in lines of at most 80 characters', async () => {
    const { stdout } = await call(['--help'], {
      environment: { PORT: 'the port', DIR: `the directory ${'of data '.repeat(10).trim()}` },
      notes: ['It changes nothing.', 'Note. '.repeat(20).trim()],
    });
    expect(stdout).toBe(`${usage}
Environment variables:
  PORT  the port
  DIR   the directory of data of data of data of data of data of data of data of
        data of data of data

It changes nothing.

Note. Note. Note. Note. Note. Note. Note. Note. Note. Note. Note. Note. Note.
Note. Note. Note. Note. Note. Note. Note.
`);
  });
});

describe('a command that fails', () => {
  async function fail(failure: unknown) {
    const said = vi.spyOn(console, 'error').mockReturnValue();
    const { exitCode } = process;
    try {
      const { stderr } = await call(['--provider', 'postmark'], { run: () => Promise.reject(failure) });
      return { said: said.mock.calls, stderr, exitCode: process.exitCode };
    } finally {
      process.exitCode = exitCode;
    }
  }

  it('ends with 1, and says in plain words what a person can put right', async () => {
    const failure = new StartError('Nothing answers.');
    expect(await fail(failure)).toEqual({ said: [['Nothing answers.']], stderr: '', exitCode: 1 });
  });

  it('ends with 1, and shows any other error as it is', async () => {
    const fault = new TypeError('a fault of ours');
    expect(await fail(fault)).toEqual({ said: [[fault]], stderr: '', exitCode: 1 });
  });

  it('ends with 1, and prints its usage below a mistake that it finds in its arguments', async () => {
    const run = () => Promise.reject(new UsageError('Say for whom.'));
    const { ends, stderr } = await call(['--provider', 'postmark'], { run });
    expect({ ends, stderr }).toEqual({ ends: 1, stderr: `error: Say for whom.\n\n${usage}` });
  });
});
