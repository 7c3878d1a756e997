import { Logger } from '@aws-lambda-powertools/logger';
import type { Counts } from './counts.ts';

/**
 * The closed catalogue of log lines. A line is a name and counts or ids from here, never a body, an address, a subject,
 * a secret or a signature: what is not in the catalogue cannot be logged.
 */
export interface LogLines {
  /** A provider's request was answered. */
  'webhook.answered': Counts & { failed: number; requestId: string; provider: string; answer: number };
  /** A name in a registration is not known; `nearest` are those that are, and that were most likely meant. */
  'webhook.misspelt': { requestId: string; provider: string; nearest: string };
  /** A call that sets a webhook up and brings no events was answered. */
  'webhook.set-up': { requestId: string; provider: string };
  /** A request was not genuine. */
  'webhook.refused': { requestId: string; provider: string; refusal: string };
  /** Something of ours kept a genuine request from being kept; the provider was asked to send it again. */
  'webhook.unavailable': { requestId: string; provider: string; cause: string };
  /** A batch of queue messages was worked off: events put off earlier, or those of Amazon SES. */
  'queue.drained': Counts & { failed: number; requestId: string; source: string; messages: number };
  /** A queue message could not be worked off; it comes again, and ends in the dead-letter queue. */
  'queue.message-failed': { requestId: string; messageId: string; cause: string };
  /** A read was answered. */
  'query.answered': { requestId: string; route: string; answer: number };
  /** An erasure was answered; where something remains, `fault` lines before it say why. */
  'erase.answered': {
    requestId: string;
    route: string;
    answer: number;
    emails: number;
    queuedEvents: number;
    quarantined: number;
    alertRecords: number;
  };
  /** A batch of the table's stream was worked off. */
  'alert.sent': {
    requestId: string;
    records: number;
    emails: number;
    messages: number;
    alreadySent: number;
    failed: number;
  };
  /** Our own fault: nothing that a caller sent should lead here. */
  fault: { requestId: string; where: string; error: string };
}

/** What is not in order is a warning, and an error what is our own fault. */
const levels = {
  'webhook.answered': 'info',
  'webhook.misspelt': 'warn',
  'webhook.set-up': 'info',
  'webhook.refused': 'warn',
  'webhook.unavailable': 'warn',
  'queue.drained': 'info',
  'queue.message-failed': 'warn',
  'query.answered': 'info',
  'erase.answered': 'info',
  'alert.sent': 'info',
  fault: 'error',
} as const satisfies Record<keyof LogLines, 'info' | 'warn' | 'error'>;

export type Log = <Name extends keyof LogLines>(line: Name, details: LogLines[Name]) => void;

/** Powertools' logger, line by line to where it is told. */
class LineLogger extends Logger {
  /** None while the parent is made. */
  private readonly write: ((line: string) => unknown) | undefined;

  constructor(write: (line: string) => unknown) {
    // Whatever the environment says: a catalogue of which lines are missing, or come with others, is none.
    super({ serviceName: 'mailtrail', logLevel: 'INFO', sampleRateValue: 0 });
    this.write = write;
  }

  protected override printLog(_level: number, item: Parameters<Logger['printLog']>[1]): void {
    item.prepareForPrint();
    this.write?.(`${JSON.stringify(item.getAttributes(), this.getJsonReplacer())}\n`);
  }
}

/**
 * Writes each line as one JSON object, its name as `message`; JSON keeps control characters from forging lines.
 *
 * Straight to standard output: Lambda puts a prefix before what goes through `console.log`, and a line with a prefix is
 * no longer JSON to whoever looks for it.
 */
export function createLog(write: (line: string) => unknown = line => process.stdout.write(line)): Log {
  const logger = new LineLogger(write);
  return (line, details) => logger[levels[line]](line, { ...details });
}

/** An error's class name: its message may hold what must not be logged. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
