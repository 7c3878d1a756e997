import type { Counts } from './counts.ts';
import type { MetricMembers } from './embedded-metrics.ts';
import type { metricService } from './metric-names.ts';

/** The counts of a request, without those that are 0. */
type ShownCounts = Partial<Counts> & Pick<Counts, 'received'>;

/**
 * The closed catalogue of log lines. A line is a name with counts or ids, and nothing else can be logged. So no line has
 * a body, an address, a subject, a secret or a signature.
 */
export interface LogLines {
  /** A provider's request was answered, and everything in it is durable; `canary` for our own, which is no traffic. */
  'webhook.answered': ShownCounts & { requestId: string; provider: string; answer: number; canary?: true };
  /** A name in a registration is not known; `nearest` are those that are, and that were most likely meant. */
  'webhook.misspelt': { requestId: string; provider: string; nearest: string };
  /**
   * A piece of a genuine request is in quarantine: it could not be read or recorded. `field` is the path of the fault, in names
   * that our schemas spell; null where there is none. A request has at most 20 such lines.
   */
  'webhook.quarantined': { requestId: string; provider: string; reason: string; field: string | null };
  /** So many pieces of the request are in quarantine besides those that have a line. */
  'webhook.quarantined-more': { requestId: string; provider: string; pieces: number };
  /** A call that sets a webhook up and brings no events was answered. */
  'webhook.set-up': { requestId: string; provider: string };
  /** A request was not genuine. A process writes ten such lines a minute. */
  'webhook.refused': { requestId: string; provider: string; refusal: string };
  /** So many further requests were refused in an earlier minute. */
  'webhook.refused-more': { provider: string; refusal: string; calls: number };
  /** Something of ours kept a genuine request from being kept; the provider was asked to send it again. */
  'webhook.unavailable': Partial<Counts> & {
    requestId: string;
    provider: string;
    answer: number;
    cause: string;
    /** Of its events and pieces, so many are nowhere. */
    failed?: number;
    canary?: true;
  };
  /**
   * A batch of queue messages was worked off: events put off earlier, or those of Amazon SES. The messages of each provider
   * have a line, and so have those that could not be read.
   */
  'queue.drained': ShownCounts & {
    failed: number;
    requestId: string;
    source: string;
    provider?: string;
    messages: number;
  };
  /** A queue message could not be worked off; it comes again, and ends in the dead-letter queue. */
  'queue.message-failed': { requestId: string; messageId: string; cause: string };
  /** A read was answered. */
  'query.answered': { requestId: string; route: string; answer: number };
  /** A change was answered: an erasure or a handling. Where an erasure leaves something, the `fault` line before it says why. */
  'manage.answered': { requestId: string; route: string; answer: number; emails: number };
  /** A file of the user interface was answered. */
  'ui.answered': { requestId: string; route: string; answer: number };
  /** A batch of the table's stream was worked off. */
  'alert.sent': {
    requestId: string;
    records: number;
    emails: number;
    messages: number;
    alreadyTold: number;
    failed: number;
  };
  /** Requests for digests were worked off: told to people, put off until the next turn, or failed. */
  'digest.sent': {
    requestId: string;
    requests: number;
    emails: number;
    messages: number;
    alreadyTold: number;
    postponed: number;
    failed: number;
  };
  /** The daily digest was told, with so many emails that need action; or that day's was told already. */
  'daily.told': { requestId: string; emails: number; accounts: number; messages: number; alreadyTold: boolean };
  /**
   * A batch of the table's stream was counted; unreadable records were left out. From the first record whose event was not
   * published, so many come again.
   */
  'changes.counted': { requestId: string; records: number; emails: number; unreadable: number; again?: number };
  /** Accounts with new failures found no room among those to count; a later failure tries again. */
  'changes.unmarked': { requestId: string; accounts: number };
  /** Failures that were resolved found no room among those of their account and time: its rates miss them. */
  'changes.uncounted': { requestId: string; emails: number };
  /** The canary's event came back, or a leg of its way failed. */
  'canary.answered': { requestId: string; milliseconds: number };
  'canary.failed': { requestId: string; leg: string; cause: string };
  /** The silence of the providers was judged. */
  'silence.judged': { requestId: string; providers: number; silent: number };
  /** The rates of providers or accounts were judged; so many marks of accounts were there. */
  'rates.judged': { requestId: string; of: 'providers' | 'accounts'; judged: number; waiting: number };
  /** The conditions were judged: so many episodes last, and operators were told of so many. */
  'watch.judged': { requestId: string; episodes: number; told: number };
  /** Operators were told of an episode of a condition; `provider` is null where it is about none. */
  'watch.told': { requestId: string; condition: string; provider: string | null; turn: string; episodeId: string };
  /** Our own fault: nothing that a caller sent should lead here. */
  fault: { requestId: string; where: string; error: string };
}

/** A WARN needs attention. An ERROR is our own fault. */
const levels = {
  'webhook.answered': 'INFO',
  'webhook.misspelt': 'WARN',
  'webhook.quarantined': 'WARN',
  'webhook.quarantined-more': 'WARN',
  'webhook.set-up': 'INFO',
  'webhook.refused': 'WARN',
  'webhook.refused-more': 'WARN',
  'webhook.unavailable': 'WARN',
  'queue.drained': 'INFO',
  'queue.message-failed': 'WARN',
  'query.answered': 'INFO',
  'manage.answered': 'INFO',
  'ui.answered': 'INFO',
  'alert.sent': 'INFO',
  'digest.sent': 'INFO',
  'daily.told': 'INFO',
  'changes.counted': 'INFO',
  'changes.unmarked': 'WARN',
  'changes.uncounted': 'WARN',
  'canary.answered': 'INFO',
  'canary.failed': 'ERROR',
  'silence.judged': 'INFO',
  'rates.judged': 'INFO',
  'watch.judged': 'INFO',
  'watch.told': 'WARN',
  fault: 'ERROR',
} as const satisfies Record<keyof LogLines, 'INFO' | 'WARN' | 'ERROR'>;

/** @param metrics those that the line counts */
export type Log = <Name extends keyof LogLines>(line: Name, details: LogLines[Name], metrics?: MetricMembers) => void;

/**
 * Writes each line as one JSON object, its name as `message`; JSON keeps control characters from forging lines. No
 * setting leaves a line out.
 *
 * It writes straight to standard output. Lambda puts a prefix before each line of `console.log`, and a line with a prefix
 * is no longer JSON.
 */
export function createLog(
  write: (line: string) => unknown = line => process.stdout.write(line),
  now: () => number = Date.now,
): Log {
  return (message, details, metrics) => {
    const at = now();
    const service = 'mailtrail' satisfies typeof metricService;
    // Lambda's format JSON takes level and time of a line from these members.
    const head = { level: levels[message], message, timestamp: new Date(at).toISOString(), service };
    write(`${JSON.stringify({ ...head, ...details, ...metrics?.(at) })}\n`);
  };
}

/** An error's class name: its message may hold what must not be logged. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
