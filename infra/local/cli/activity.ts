/** The activity of a running stack, as lines on the terminal: callbacks, quarantined pieces, queues and faults. */

import { nearestName } from '../../../shared/providers/parsing/nearest-name.ts';
import { type Counts, noCounts } from '../../../shared/runtime/counts.ts';
import { disguises } from '../../../shared/runtime/invisible.ts';
import { ownValue } from '../../../shared/runtime/own-property.ts';
import { boundedText } from '../../../shared/runtime/text.ts';
import type { Answered } from '../api-gateway/http-api.ts';
import type { LogReader } from '../lambda/log-reader.ts';
import { counted } from './counted.ts';
import { createLineBudget, type Figures, figuresText } from './line-budget.ts';

export interface ActivityOptions {
  /** Logs of the functions, by the name of the function. */
  readonly logs: Readonly<Record<string, Pick<LogReader, 'read'>>>;
  readonly providerNames: readonly string[];
  /** Prints one line. */
  readonly print: (line: string) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface Activity {
  /** To be called with each answer of the gateway. */
  answered(answer: Answered): void;
  /** Prints a fault of the stack itself, in one line. */
  fault(line: string): void;
  /** To be called a few times a second: prints what has happened since the last time. */
  report(): void;
}

/** A line of a function's log, out of the catalogue of `shared/runtime/log.ts`. */
type Entry = Readonly<Record<string, unknown>>;

/** Log lines about the answer to a callback, in words. */
const details: Readonly<Record<string, (entry: Entry) => string>> = {
  'webhook.answered': entry => figuresText(countsOf(entry)) || 'no events',
  'webhook.refused': ({ refusal }) => shown(refusal),
  'webhook.unavailable': ({ cause }) => shown(cause),
  'webhook.misspelt': ({ nearest }) => `did you mean ${shown(nearest)}?`,
  'webhook.set-up': () => 'set up',
};

/** Log lines that are lines of their own on the terminal, in words. */
const ownLines: Readonly<Record<string, (entry: Entry, log: string) => string>> = {
  'webhook.quarantined': ({ provider, reason, field }) =>
    `${shown(provider)} quarantined ${shown(reason)}${typeof field === 'string' ? ` at ${shown(field)}` : ''}`,
  'webhook.quarantined-more': ({ provider, pieces }) =>
    `${shown(provider)} quarantined ${counted(Number(pieces), 'more piece')}`,
  'queue.drained': entry => `${shown(entry.source)} queue: ${figuresText(countsOf(entry)) || 'no events'}`,
  'queue.message-failed': ({ cause }) => `queue message failed: ${shown(cause)}`,
  fault: ({ where, error }, log) => `${log} fault in ${shown(where)}: ${shown(error)}`,
};

/** Figures of log lines that count nothing themselves. */
const figures: Readonly<Record<string, Figures>> = {
  'webhook.refused': { refused: 1 },
  'webhook.unavailable': { unavailable: 1 },
  fault: { faults: 1 },
};

/**
 * Puts a callback's answer, which the gateway knows, together with the reason for it, which the function has logged before
 * it answered. More than ten lines a second are summed up, so that no traffic floods the terminal or slows the stack.
 */
export function createActivity({ logs, providerNames, print, now }: ActivityOptions): Activity {
  const callbacks = createLineBudget(print, now);
  // Apart, so that no flood of callbacks hides a fault.
  const faults = createLineBudget(print, now);
  let answers: Answered[] = [];
  /** Details whose answer had not been seen when they were read: it was on its way. */
  let early = new Map<string, Entry[]>();

  function report(): void {
    // In this order: a function logs before it answers, so that the log has the details of every answer.
    const due = answers;
    answers = [];
    const late = early;
    early = new Map();
    for (const [log, reader] of Object.entries(logs)) {
      for (const line of reader.read()) take(line, log);
    }
    for (const answer of due) {
      const { requestId } = answer;
      const entries = [...(late.get(requestId) ?? []), ...(early.get(requestId) ?? [])];
      late.delete(requestId);
      early.delete(requestId);
      printCallback(answer, entries);
    }
    // No answer has come for these: a queue has brought their request, or it takes long.
    for (const entry of [...late.values()].flat()) {
      callbacks.print(withoutAnswer(entry), figuresOf(entry));
    }
    callbacks.tick();
    faults.tick();
  }

  function take(line: string, log: string): void {
    const entry = entryIn(line);
    if (entry === null) return;
    const { message, requestId } = entry;
    if (message === 'fault') faults.print(ownLines.fault!(entry, log), figuresOf(entry));
    else if (String(message).startsWith('webhook.')) {
      early.set(String(requestId), [...(early.get(String(requestId)) ?? []), entry]);
    } else {
      const inWords = ownValue(ownLines, String(message));
      if (inWords !== undefined) callbacks.print(inWords(entry, log), figuresOf(entry));
    }
  }

  function printCallback(answer: Answered, entries: readonly Entry[]): void {
    const { statusCode, method, path, provider } = answer;
    const about = entries.flatMap(entry => ownValue(details, String(entry.message))?.(entry) ?? []);
    const reasons = about.length > 0 ? about : unlogged(answer);
    const who = provider === undefined ? `${method} ${shown(path)}` : shown(provider);
    const sums = entries.map(figuresOf).reduce<Record<string, number>>((all, one) => {
      for (const [name, count] of Object.entries(one)) all[name] = (all[name] ?? 0) + count;
      return all;
    }, {});
    callbacks.print([who, statusCode, reasons.join(', ')].join(' ').trimEnd(), sums);
    for (const entry of entries) {
      const inWords = ownValue(ownLines, String(entry.message));
      if (inWords !== undefined) callbacks.print(inWords(entry, ''), {});
    }
  }

  /** Why a callback was answered of which no function has logged anything. */
  function unlogged({ method, statusCode, provider, refusedOrigin }: Answered): readonly string[] {
    if (refusedOrigin !== undefined) {
      return [`no page of ${shown(refusedOrigin)} may call: set MAILTRAIL_CORS_ORIGINS=${shown(refusedOrigin)}`];
    }
    if (provider === undefined) return ['no such route'];
    if (providerNames.includes(provider)) return method === 'POST' ? [] : [method];
    if (statusCode !== 404) return [];
    const nearest = nearestName(provider, providerNames);
    return [`no such provider${nearest === null ? '' : `, did you mean ${nearest}?`}`];
  }

  return {
    report,
    fault: line => faults.print(line, { faults: 1 }),
    answered(answer) {
      const isCallback = answer.provider !== undefined;
      // Somebody has misspelt the path. Browsers ask for pages of their own accord.
      const isLost = answer.routeKey === null && !['GET', 'HEAD', 'OPTIONS'].includes(answer.method);
      if (isCallback || isLost || answer.refusedOrigin !== undefined) answers.push(answer);
    },
  };
}

function withoutAnswer(entry: Entry): string {
  const message = String(entry.message);
  const own = ownValue(ownLines, message);
  if (own !== undefined) return own(entry, '');
  return `${shown(entry.provider)} ${ownValue(details, message)?.(entry) ?? message}`;
}

/** Null for metrics, stack traces and half lines, which are no JSON of the catalogue. */
function entryIn(line: string): Entry | null {
  if (!line.includes('"message":"')) return null;
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === 'object' && entry !== null && 'message' in entry ? (entry as Entry) : null;
  } catch {
    return null;
  }
}

const countNames = [
  ...(Object.keys(noCounts()) as (keyof Counts)[]).filter(name => name !== 'received'),
  'failed',
] as const;

function countsOf(entry: Entry): Figures {
  return Object.fromEntries(countNames.map(name => [name, Number(entry[name] ?? 0)]));
}

function figuresOf(entry: Entry): Figures {
  return { ...countsOf(entry), ...ownValue(figures, String(entry.message)) };
}

const maxShownBytes = 80;

/** Text from outside, so that it cannot steer the terminal. */
function shown(text: unknown): string {
  return boundedText(String(text ?? '').replace(disguises, ''), maxShownBytes);
}
