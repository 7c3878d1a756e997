/** Command lines of the project: a command is one table of options, from which commander reads arguments and writes usages. */

import { InvalidArgumentError, Option as ParsedOption, Command as Program } from 'commander';
import { StartError } from '../start-error.ts';

/** An option: a flag, unless it takes a value. */
export interface Option {
  readonly help: string;
  /** Name of the value in the usage, e.g. `FILE`. */
  readonly value?: string;
  readonly required?: true;
  /** The only values that there are; the usage lists them. */
  readonly oneOf?: readonly string[];
  /** The value is a whole number from the first to the second one. */
  readonly range?: readonly [number, number];
  /** The number may have a fraction. */
  readonly fractions?: true;
  /** The number that is used when the option is not given. */
  readonly otherwise?: number;
}

type Options = Readonly<Record<string, Option>>;

type ValueOf<One extends Option> = One extends { readonly value: string }
  ? KindOf<One> | (One extends { readonly required: true } | { readonly otherwise: number } ? never : undefined)
  : boolean;

type KindOf<One extends Option> = One extends { readonly oneOf: readonly (infer Name)[] }
  ? Name
  : One extends { readonly range: readonly unknown[] }
    ? number
    : string;

/** The options as they were given, each by its name. */
export type Given<Table extends Options> = { readonly [Name in keyof Table]: ValueOf<Table[Name]> };

export interface Command<Table extends Options> {
  /** How a person calls it, e.g. `npm run simulate`. */
  readonly call: string;
  /** Its purpose, in a sentence or two. */
  readonly does: string;
  readonly options: Table;
  /** The argument beside its options as in the usage, e.g. `<FILE>`, or `[FILE...]` for any number of them. */
  readonly operand?: string;
  /** Options that are not in the table are operands, too. */
  readonly passesOptionsOn?: true;
  /** Environment variables, each with what it sets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Paragraphs at the end of the usage. */
  readonly notes?: readonly string[];
  run(given: Given<Table>, operands: readonly string[]): unknown;
}

/** A mistake in the arguments of a command. It is shown above the usage. */
export class UsageError extends StartError {}

/**
 * Runs a command. `--help` and `-h` print its usage. The process ends with 1 where an option is wrong, which prints the
 * usage below the mistake, and where the command fails.
 *
 * @param program prints, and ends the process; tests pass one that does neither
 */
export async function runCommand<const Table extends Options>(
  command: Command<Table>,
  args: readonly string[] = process.argv.slice(2),
  program: Program = new Program(),
): Promise<void> {
  if (!process.stdout.listeners('error').includes(whereOutputFails)) process.stdout.on('error', whereOutputFails);
  const { call, does, operand, passesOptionsOn = false } = command;
  const options = Object.entries<Option>(command.options).map(parsedOption);
  const required = options.filter(option => command.options[option.name()]?.required);
  for (const option of options) program.addOption(option);
  if (operand !== undefined) program.argument(operand);
  program
    .name(call)
    // npm keeps options for itself that stand before `--`.
    .usage(['--', ...required.map(({ flags }) => flags), '[options]', operand].join(' ').trim())
    .description(does)
    .allowUnknownOption(passesOptionsOn)
    .configureHelp({ helpWidth: 80 })
    .showHelpAfterError()
    .addHelpText('after', () => afterOptions(program, command))
    .parse(args, { from: 'user' });
  const given = Object.fromEntries(
    options.map(option => {
      const name = option.attributeName();
      // Commander reads a flag `--no-x` as a false `x`, so a flag is true where the command line has it.
      const isGiven = program.getOptionValueSource(name) === 'cli';
      return [option.name(), option.required ? program.getOptionValue(name) : isGiven];
    }),
  );
  // Commander's own check comes before the one for misspelt options, and would hide its suggestion.
  const missing = required.find(option => given[option.name()] === undefined);
  if (missing !== undefined) program.error(`error: required option '${missing.flags}' not specified`);
  try {
    await command.run(given as Given<Table>, program.args);
  } catch (error) {
    if (error instanceof UsageError) program.error(`error: ${error.message}`);
    process.exitCode = 1;
    console.error(error instanceof StartError ? error.message : error);
  }
}

/**
 * Ends the process quietly once nobody reads its output any more, as after `| head`. A command that listens for itself
 * decides for itself.
 */
function whereOutputFails(error: NodeJS.ErrnoException): void {
  if (process.stdout.listeners('error').some(listener => listener !== whereOutputFails)) return;
  if (error.code !== 'EPIPE') throw error;
  process.exit();
}

function parsedOption([name, { help, value, oneOf, range, fractions, otherwise }]: [string, Option]) {
  if (value === undefined) return new ParsedOption(`--${name}`, help);
  const option = new ParsedOption(`--${name} <${value}>`, help).default(otherwise);
  if (oneOf !== undefined) return option.choices(oneOf);
  return option.argParser(text => {
    if (text.trim() === '') throw new InvalidArgumentError('It is empty.');
    if (range === undefined) return text;
    const [min, max] = range;
    const number = Number(text);
    if (number >= min && number <= max && (fractions || Number.isInteger(number))) return number;
    throw new InvalidArgumentError(`It must be a ${fractions ? '' : 'whole '}number from ${min} to ${max}.`);
  });
}

/** The environment variables and the notes, laid out as commander lays out options. */
function afterOptions(program: Program, { environment = {}, notes = [] }: Command<Options>): string {
  const help = program.createHelp();
  const width = Math.max(...Object.keys(environment).map(name => name.length));
  const variables = Object.entries(environment).map(([name, sets]) => help.formatItem(name, width, sets, help));
  const paragraphs = notes.map(note => `${help.boxWrap(note, help.helpWidth!)}\n`);
  const list = help.formatItemList('Environment variables:', variables, help);
  return ['', ...list, ...paragraphs].join('\n').trimEnd();
}
