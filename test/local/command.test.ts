import { describe, expect, it } from 'vitest';
import { type Command, readArguments, runCommand, UsageError, usageOf } from '../../infra/local/cli/command.ts';

const options = {
  provider: { value: 'NAME', required: true, oneOf: ['sendgrid', 'postmark'], help: 'the provider' },
  emails: { value: 'N', range: [1, 100], otherwise: 7, help: 'how many emails' },
  percent: { value: 'P', range: [0, 90], fractions: true, help: 'how many fail, in percent' },
  file: { value: 'FILE', help: 'where the figures go' },
  'dry-run': { help: 'changes nothing' },
} as const;
const command = { call: 'npm run try', options };
const read = (...args: string[]) => readArguments(command, args);

describe('the arguments of a command', () => {
  it('are read by its table of options', () => {
    const args = ['--provider', 'postmark', '--emails=3', '--percent', '0.5', '--dry-run'];
    expect(read(...args)).toEqual({
      given: { provider: 'postmark', emails: 3, percent: 0.5, file: undefined, 'dry-run': true },
      args: [],
    });
    expect(read('--provider', 'sendgrid')).toMatchObject({
      given: { emails: 7, percent: undefined, 'dry-run': false },
    });
  });

  it.each([['--help'], ['-h'], ['--emails', 'many', '--help'], ['--unknown', '-h']])(
    'ask for its usage by %s %s %s',
    (...args) => {
      expect(read(...args)).toBe('help');
    },
  );

  it.each([
    [['--provider', 'sendgird'], '--provider cannot be "sendgird". Did you mean sendgrid?'],
    [['--provider', 'x'], '--provider cannot be "x". It is one of: sendgrid, postmark.'],
    [[], '--provider is missing.'],
    [['--provider'], '--provider needs a value: --provider NAME'],
    [['--provider='], '--provider needs a value: --provider NAME'],
    [['--providr', 'sendgrid'], 'There is no option --providr. Did you mean --provider?'],
    [['--constructor'], 'There is no option --constructor.'],
    [['-x'], 'There is no option -x.'],
    [['--dry-run=yes'], '--dry-run takes no value.'],
    [['--provider', 'postmark', '--emails', '0'], '--emails is a whole number from 1 to 100, not "0".'],
    [['--provider', 'postmark', '--emails', '1.5'], '--emails is a whole number from 1 to 100, not "1.5".'],
    [['--provider', 'postmark', '--emails', 'ten'], '--emails is a whole number from 1 to 100, not "ten".'],
    [['--provider', 'postmark', '--percent', '91'], '--percent is a number from 0 to 90, not "91".'],
    [['sendgrid'], '"sendgrid" is one argument too many. Options go after --, as in: npm run try -- --help'],
  ])('that cannot be used, such as %j, are named: %s', (args, message) => {
    expect(() => read(...args)).toThrow(new UsageError(message));
  });

  it('are one operand where the command takes one', () => {
    const withFile = (...args: string[]) => readArguments({ call: 'npm run try', options: {}, operand: 'FILE' }, args);
    expect(withFile('a.jsonl')).toEqual({ given: {}, args: ['a.jsonl'] });
    expect(() => withFile()).toThrow(new UsageError('FILE is missing.'));
    expect(() => withFile('a', 'b')).toThrow(new UsageError('"b" is one argument too many.'));
  });

  it('are any number of operands where the command takes several', () => {
    const withFiles = (...args: string[]) =>
      readArguments({ call: 'npm run try', options: {}, operands: 'FILE' }, args);
    expect([withFiles(), withFiles('a', 'b')]).toEqual([
      { given: {}, args: [] },
      { given: {}, args: ['a', 'b'] },
    ]);
  });

  it('are all handed on, except for --help, where the command stands before another program', () => {
    const handedOn = (...args: string[]) => readArguments({ call: 'npm run try', options: {}, handsOnTo: 'cdk' }, args);
    expect(handedOn('-c', 'a=b', '--whatever')).toEqual({ given: {}, args: ['-c', 'a=b', '--whatever'] });
    expect(handedOn('-c', 'a=b', '--help')).toBe('help');
  });
});

describe('the usage of a command', () => {
  it('names every option with its value, its choices and its default', () => {
    expect(
      usageOf({
        ...command,
        does: 'Tries something.',
        environment: { PORT: 'the port' },
        notes: ['It changes nothing.'],
      }),
    ).toBe(`npm run try -- --provider NAME [--emails N] [--percent P] [--file FILE] [--dry-run]

Tries something.

  --provider NAME  the provider: sendgrid, postmark
  --emails N       how many emails (7 unless given)
  --percent P      how many fail, in percent
  --file FILE      where the figures go
  --dry-run        changes nothing
  -h, --help       prints this

Environment variables:

  PORT  the port

It changes nothing.`);
  });

  it('is at most 100 characters wide', () => {
    const oneOf = Array.from({ length: 40 }, (_, index) => `provider${index}`);
    const usage = usageOf({
      ...command,
      does: 'Tries. '.repeat(40).trim(),
      options: { a: { value: 'NAME', oneOf, help: 'a name' } },
    });
    expect(usage).toContain('provider39');
    expect(Math.max(...usage.split('\n').map(line => line.length))).toBeLessThanOrEqual(100);
  });
});

describe('a command that fails', () => {
  async function run(failure: unknown) {
    const said: unknown[] = [];
    const error = console.error;
    console.error = (line: unknown) => said.push(line);
    const { exitCode } = process;
    try {
      const failing: Command<Record<string, never>> = {
        call: 'npm run try',
        does: 'Tries.',
        options: {},
        run: () => Promise.reject(failure),
      };
      await runCommand(failing, []);
      return { said, exitCode: process.exitCode };
    } finally {
      console.error = error;
      process.exitCode = exitCode;
    }
  }

  it('ends with 1, and says in plain words what a person can put right', async () => {
    const { StartError } = await import('../../infra/local/start-error.ts');
    expect(await run(new StartError('Nothing answers.'))).toEqual({ said: ['Nothing answers.'], exitCode: 1 });
  });

  it('ends with 1, and prints its usage below what is wrong with its arguments', async () => {
    const { said } = await run(new UsageError('Say for whom.'));
    expect(said).toEqual([expect.stringMatching(/^Say for whom\.\n\nnpm run try\n/)]);
  });

  it('ends with 1, and shows any other error as it is', async () => {
    const fault = new TypeError('a fault of ours');
    expect(await run(fault)).toEqual({ said: [fault], exitCode: 1 });
  });
});
