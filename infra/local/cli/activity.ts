/** The activity of a running stack, as lines on the terminal: callbacks, quarantined pieces, queues, alerts and faults. */

import { nearestName } from '../../../shared/providers/parsing/nearest-name.ts';
import { type Counts, noCounts } from '../../../shared/runtime/counts.ts';
import { disguises } from '../../../shared/runtime/invisible.ts';
import { ownValue } from '../../../shared/runtime/own-property.ts';
import { boundedText } from '../../../shared/runtime/text.ts';
import type { TurnKind } from '../../../shared/watch/episodes.ts';
import type { Answered } from '../api-gateway/http-api.ts';
import type { LogReader } from '../lambda/log-reader.ts';
import { counted } from './counted.ts';
import { createLineBudget, type Figures, figuresText } from './line-budget.ts';

export interface ActivityOptions {
  /** Logs of the functions, by the name of the function. */
  readonly logs: Readonly<Record<string, Pick<LogReader, 'read'>>>;
  readonly providerNames: readonly string[];
  /** The origins whose pages may call the API. */
  readonly corsOrigins: readonly string[];
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
  /** Prints an alert to support by its subject, in one line. */
  alert(subject: string): void;
  /** To be called a few times a second: prints what has happened since the last time. */
  report(): void;
}

/** A line of a function's log, out of the catalogue of `shared/runtime/log.ts`. */
type Entry = Readonly<Record<string, unknown>>;

/** The reason for an answer that no function has logged, and its share of the sum. */
interface Unlogged {
  readonly reason: string;
  readonly figures?: Figures;
}

/** Log lines about the answer to a callback, in words. */
const details: Readonly<Record<string, (entry: Entry) => string>> = {
  'webhook.answered': entry => figuresText(countsOf(entry)) || 'no events',
  'webhook.refused': ({ refusal }) => shown(refusal),
  'webhook.unavailable': entry => [figuresText(countsOf(entry)), shown(entry.cause)].filter(Boolean).join(', '),
  'webhook.misspelt': ({ nearest }) => `did you mean ${shown(nearest)}?`,
  'webhook.set-up': () => 'set up',
};

const turnsInWords: Readonly<Record<TurnKind, string>> = {
  began: 'has begun',
  worse: 'got worse',
  reminder: 'lasts',
  ended: 'is over',
};

/** Log lines that are lines of their own on the terminal, in words. */
const ownLines: Readonly<Record<string, (entry: Entry, log: string) => string>> = {
  'webhook.quarantined': ({ provider, reason, field }) =>
    `${shown(provider)} quarantined ${shown(reason)}${typeof field === 'string' ? ` at ${shown(field)}` : ''}`,
  'webhook.quarantined-more': ({ provider, pieces }) =>
    `${shown(provider)} quarantined ${counted(Number(pieces), 'more piece')}`,
  'webhook.refused-more': ({ provider, refusal, calls }) =>
    `${shown(provider)} refused ${counted(Number(calls), 'more callback')}: ${shown(refusal)}`,
  'queue.drained': entry => `${shown(entry.source)} queue: ${figuresText(countsOf(entry)) || 'no events'}`,
  'queue.message-failed': ({ cause }) => `queue message failed: ${shown(cause)}`,
  'canary.failed': ({ leg, cause }) => `the canary failed at ${shown(leg)}: ${shown(cause)}`,
  'watch.told': ({ condition, provider, turn }) =>
    `${shown(condition)}${typeof provider === 'string' ? ` of ${provider}` : ''} ${turnsInWords[turn as TurnKind]}`,
  fault: ({ where, error }, log) => `${log} fault in ${shown(where)}: ${shown(error)}`,
};

/** Figures of log lines that count nothing themselves. */
const figures: Readonly<Record<string, Figures>> = {
  'webhook.refused': { refused: 1 },
  'webhook.unavailable': { unavailable: 1 },
};

/** Log lines about one piece of a callback: they stand below its line. */
const pieceMessages: readonly unknown[] = ['webhook.quarantined', 'webhook.quarantined-more'];

/**
 * Puts a callback's answer, which the gateway knows, together with the reason for it, which the function has logged before
 * it answered. More than ten lines a second are summed up, so that no traffic floods the terminal or slows the stack.
 */
export function createActivity({ logs, providerNames, corsOrigins, print, now }: ActivityOptions): Activity {
  const callbacks = createLineBudget(print, now);
  // Apart, so that no flood of callbacks hides a fault or an alert.
  const faults = createLineBudget(print, now, { noun: 'fault' });
  const alerts = createLineBudget(print, now, { noun: 'alert' });
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
      if (pieceMessages.includes(entry.message)) callbacks.printBelow(withoutAnswer(entry));
      else callbacks.print(withoutAnswer(entry), figuresOf(entry));
    }
    for (const budget of [callbacks, faults, alerts]) budget.tick();
  }

  function take(line: string, log: string): void {
    const entry = entryIn(line);
    if (entry === null) return;
    const { message, requestId } = entry;
    if (message === 'fault') faults.print(ownLines.fault!(entry, log), {});
    else if (String(message).startsWith('webhook.')) {
      early.set(String(requestId), [...(early.get(String(requestId)) ?? []), entry]);
    } else {
      const inWords = ownValue(ownLines, String(message));
      if (inWords !== undefined) callbacks.print(inWords(entry, log), figuresOf(entry));
    }
  }

  function printCallback(answer: Answered, entries: readonly Entry[]): void {
    const { statusCode } = answer;
    // The stack's own test is no callback; where it fails, the watch function's line says so.
    if (entries.some(({ canary }) => canary === true)) return;
    const about = entries.flatMap(entry => ownValue(details, String(entry.message))?.(entry) ?? []);
    const { reason, figures: own = {} } = about.length > 0 ? { reason: about.join(', ') } : unlogged(answer);
    const sums = [own, ...entries.map(figuresOf)].reduce<Record<string, number>>((all, one) => {
      for (const [name, count] of Object.entries(one)) all[name] = (all[name] ?? 0) + count;
      return all;
    }, {});
    callbacks.print([whoIn(answer), statusCode, reason].join(' ').trimEnd(), sums);
    for (const entry of entries) {
      const inWords = ownValue(ownLines, String(entry.message));
      if (inWords !== undefined) callbacks.printBelow(inWords(entry, ''));
    }
  }

  /** The sender of a request: a provider, or the path that no route fits. A name from outside imitates no line in quotes. */
  function whoIn({ method, path, routeKey, provider, refusedOrigin }: Answered): string {
    if (provider !== undefined) return providerNames.includes(provider) ? provider : JSON.stringify(shown(provider));
    if (routeKey !== null) return routeKey;
    const place = refusedOrigin === undefined ? withoutSecrets(path) : path;
    return `${method} ${shown(place).replaceAll(' ', '%20')}`;
  }

  /** A lost path up to its provider, or to its second segment: a secret may stand behind it. */
  function withoutSecrets(path: string): string {
    const segments = path.split('/');
    const named = segments.findIndex(segment => providerNames.includes(segment));
    const end = named === -1 || named > 2 ? 3 : named + 1;
    return segments.slice(end).join('') === '' ? path : [...segments.slice(0, end), '...'].join('/');
  }

  /** Why a callback was answered of which no function has logged anything. */
  function unlogged({ method, statusCode, provider, refusedOrigin, gatewayReason }: Answered): Unlogged {
    if (gatewayReason === 'throttled') return { reason: 'throttled by the gateway', figures: { throttled: 1 } };
    if (refusedOrigin !== undefined) {
      const setting = `MAILTRAIL_CORS_ORIGINS=${[...corsOrigins, shown(refusedOrigin)].join()}`;
      return {
        reason: `no page of ${shown(refusedOrigin)} may call: set ${setting}`,
        figures: { 'refused preflight': 1 },
      };
    }
    if (provider === undefined) return { reason: 'no such route', figures: { 'no such route': 1 } };
    // A process logs ten refused calls a minute one by one.
    if (statusCode === 401) return { reason: 'refused', figures: { refused: 1 } };
    if (providerNames.includes(provider)) return { reason: method === 'POST' ? '' : method };
    if (statusCode !== 404) return { reason: '' };
    const nearest = nearestName(provider, providerNames);
    return {
      reason: `no such provider${nearest === null ? '' : `, did you mean ${nearest}?`}`,
      figures: { 'no such provider': 1 },
    };
  }

  return {
    report,
    fault: line => faults.print(line, {}),
    alert: subject => alerts.print(`alert to support: ${shown(subject, maxSubjectBytes)}`, {}),
    answered(answer) {
      const isCallback = answer.provider !== undefined;
      // Somebody has misspelt the path. Browsers ask for pages of their own accord.
      const isLost = answer.routeKey === null && !['GET', 'HEAD', 'OPTIONS'].includes(answer.method);
      const isThrottled = answer.gatewayReason === 'throttled';
      if (isCallback || isLost || isThrottled || answer.refusedOrigin !== undefined) answers.push(answer);
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
/** SNS takes 100 characters of ASCII as a subject. */
const maxSubjectBytes = 100;

/** Text from outside, so that it cannot steer the terminal. */
function shown(text: unknown, maxBytes = maxShownBytes): string {
  return boundedText(String(text ?? '').replace(disguises, ''), maxBytes);
}
