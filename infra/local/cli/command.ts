/**
 * Command lines of the project: a command is one table of options. Its usage is written from the table, and its arguments
 * are read by it, so that neither can say what the other does not.
 */

import { parseArgs } from 'node:util';
import { nearestName } from '../../../shared/providers/parsing/nearest-name.ts';
import { ownValue } from '../../../shared/runtime/own-property.ts';
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

type ValueOf<One extends Option> = One extends { readonly otherwise: number }
  ? number
  : One extends { readonly range: readonly [number, number] }
    ? number | undefined
    : One extends { readonly value: string }
      ? TextOf<One> | (One extends { readonly required: true } ? never : undefined)
      : boolean;

type TextOf<One extends Option> = One extends { readonly oneOf: readonly (infer Name extends string)[] }
  ? Name
  : string;

/** The options as they were given, each by its name. */
export type Given<Table extends Options> = { readonly [Name in keyof Table]: ValueOf<Table[Name]> };

export interface Command<Table extends Options> {
  /** How a person calls it, e.g. `npm run simulate`. */
  readonly call: string;
  /** Its purpose, in a sentence or two. */
  readonly does: string;
  readonly options: Table;
  /** Name in the usage of the one argument that it takes beside its options, e.g. `FILE`. */
  readonly operand?: string;
  /** Name in the usage of the arguments, any number of them, that it takes beside its options. */
  readonly operands?: string;
  /** It hands on every argument except `--help` to another program, which is named here. */
  readonly handsOnTo?: string;
  /** Environment variables, each with what it sets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Paragraphs at the end of the usage. */
  readonly notes?: readonly string[];
  /** @param args the operands, or every argument where they are handed on */
  run(given: Given<Table>, args: readonly string[]): unknown;
}

/** A mistake in the arguments of a command. It is shown above the usage. */
export class UsageError extends StartError {}

/**
 * Runs a command with the arguments of this process. `--help` and `-h` print its usage. The process ends with 1 where an
 * option is wrong, which prints the usage below what is wrong, and where the command fails.
 */
export async function runCommand<const Table extends Options>(
  command: Command<Table>,
  args: readonly string[] = process.argv.slice(2),
): Promise<void> {
  try {
    const read = readArguments(command, args);
    if (read === 'help') console.log(usageOf(command));
    else await command.run(read.given, read.args);
  } catch (error) {
    process.exitCode = 1;
    if (error instanceof UsageError) console.error(`${error.message}\n\n${usageOf(command)}`);
    else console.error(error instanceof StartError ? error.message : error);
  }
}

interface Read<Table extends Options> {
  readonly given: Given<Table>;
  readonly args: readonly string[];
}

/** @throws UsageError */
export function readArguments<const Table extends Options>(
  command: Pick<Command<Table>, 'call' | 'options' | 'operand' | 'operands' | 'handsOnTo'>,
  args: readonly string[],
): Read<Table> | 'help' {
  const { options } = command;
  const { tokens } = parseArgs({
    args: [...args],
    options: {
      ...Object.fromEntries(
        Object.entries(options).map(([name, { value }]) => [
          name,
          { type: value === undefined ? 'boolean' : 'string' },
        ]),
      ),
      help: { type: 'boolean', short: 'h' },
    },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  if (tokens.some(token => token.kind === 'option' && token.name === 'help')) return 'help';
  if (command.handsOnTo !== undefined) return { given: {} as Given<Table>, args };
  const texts: Record<string, string | true> = {};
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    const option = ownValue(options, name);
    if (option === undefined) throw unknownOption(rawName, Object.keys(options));
    if (option.value !== undefined && (value ?? '') === '') {
      throw new UsageError(`${rawName} needs a value: ${rawName} ${option.value}`);
    }
    if (option.value === undefined && value !== undefined) throw new UsageError(`${rawName} takes no value.`);
    texts[name] = value ?? true;
  }
  const positionals = tokens.flatMap(token => (token.kind === 'positional' ? [token.value] : []));
  if (command.operands === undefined) checkPositionals(command, positionals);
  const values = Object.entries(options).map(([name, option]) => [name, optionValue(name, option, texts[name])]);
  return { given: Object.fromEntries(values) as Given<Table>, args: positionals };
}

function unknownOption(rawName: string, names: readonly string[]): UsageError {
  const nearest = nearestName(rawName.replace(/^-+/, ''), names);
  return new UsageError(`There is no option ${rawName}.${nearest === null ? '' : ` Did you mean --${nearest}?`}`);
}

function checkPositionals(
  { call, options, operand }: Pick<Command<Options>, 'call' | 'options' | 'operand'>,
  positionals: readonly string[],
): void {
  const expected = operand === undefined ? 0 : 1;
  if (positionals.length < expected) throw new UsageError(`${operand} is missing.`);
  const extra = positionals[expected];
  if (extra === undefined) return;
  // npm keeps options for itself that stand before `--`, and hands on their values alone.
  const hint = Object.keys(options).length > 0 ? ` Options go after --, as in: ${call} -- --help` : '';
  throw new UsageError(`"${extra}" is one argument too many.${hint}`);
}

function optionValue(name: string, option: Option, text: string | true | undefined): unknown {
  const { value, required, oneOf, range, otherwise } = option;
  if (value === undefined) return text === true;
  if (text === undefined && required) throw new UsageError(`--${name} is missing.`);
  if (text === undefined) return otherwise;
  if (range !== undefined) return numberOf(name, range, option.fractions === true, String(text));
  if (oneOf === undefined || oneOf.includes(String(text))) return text;
  const nearest = nearestName(String(text), oneOf);
  const remedy = nearest === null ? `It is one of: ${oneOf.join(', ')}.` : `Did you mean ${nearest}?`;
  throw new UsageError(`--${name} cannot be "${text}". ${remedy}`);
}

function numberOf(name: string, [min, max]: readonly [number, number], fractions: boolean, text: string): number {
  const number = Number(text);
  const isOfKind = text.trim() !== '' && (fractions || Number.isInteger(number));
  if (isOfKind && number >= min && number <= max) return number;
  throw new UsageError(`--${name} is a ${fractions ? '' : 'whole '}number from ${min} to ${max}, not "${text}".`);
}

const width = 100;

/** The text that `--help` prints. */
export function usageOf<Table extends Options>(command: Omit<Command<Table>, 'run'>): string {
  const { call, does, options, operand, operands, handsOnTo, environment = {}, notes = [] } = command;
  const shown = Object.entries(options).map(([name, option]) => {
    const text = option.value === undefined ? `--${name}` : `--${name} ${option.value}`;
    return { text, option };
  });
  const synopsis = [
    ...(operand === undefined ? [] : [operand]),
    ...(operands === undefined ? [] : [`[${operands}...]`]),
    ...shown.map(({ text, option }) => (option.required ? text : `[${text}]`)),
    ...(handsOnTo === undefined ? [] : [`[OPTIONS OF ${handsOnTo}]`]),
  ].map(part => part.replaceAll(' ', unbroken));
  const rows = [
    ...shown.map(({ text, option }) => [text, helpOf(option)] as const),
    ['-h, --help', 'prints this'] as const,
  ];
  const variables = Object.entries(environment);
  return [
    wrapped(synopsis.length === 0 ? call : `${call} -- ${synopsis.join(' ')}`, '    ').replaceAll(unbroken, ' '),
    wrapped(does),
    columns(rows),
    ...(variables.length === 0 ? [] : [`Environment variables:\n\n${columns(variables)}`]),
    ...notes.map(note => wrapped(note)),
  ].join('\n\n');
}

/** Stands for a blank at which no line ends. */
const unbroken = '\u00a0';

function helpOf({ help, oneOf, otherwise }: Option): string {
  const list = oneOf === undefined ? '' : `: ${oneOf.join(', ')}`;
  return `${help}${list}${otherwise === undefined ? '' : ` (${otherwise} unless given)`}`;
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const first = Math.max(...rows.map(([name]) => name.length)) + 4;
  return rows.map(([name, text]) => wrapped(`  ${name}`.padEnd(first) + text, ' '.repeat(first))).join('\n');
}

/** Broken at blanks into lines of at most 100 characters, unless a word is longer. */
function wrapped(text: string, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<=\S) (?=\S)/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent + word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}
