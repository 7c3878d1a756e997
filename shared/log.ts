/**
 * The closed catalogue of log lines. A line is a name and counts or ids from here, never a body, an address, a subject,
 * a secret or a signature: what is not in the catalogue cannot be logged.
 */

export interface LogLines {
  /** A provider's request was answered. */
  'webhook.answered': {
    requestId: string;
    provider: string;
    answer: number;
    received: number;
    recorded: number;
    duplicate: number;
    dropped: number;
    quarantined: number;
    unrelated: number;
    failed: number;
  };
  /** A call that sets a webhook up and brings no events was answered. */
  'webhook.set-up': { requestId: string; provider: string };
  /** A request was not genuine. The alarm on refused requests counts these lines. */
  'webhook.refused': { requestId: string; provider: string; refusal: string };
  /** Something of ours kept a genuine request from being kept; the provider was asked to send it again. */
  'webhook.unavailable': { requestId: string; provider: string; cause: string };
  /** A read was answered. */
  'query.answered': { requestId: string; route: string; answer: number };
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

export type Log = <Name extends keyof LogLines>(line: Name, details: LogLines[Name]) => void;

/**
 * Writes each line as one JSON object; JSON keeps control characters from forging lines.
 *
 * Straight to standard output: Lambda puts a prefix before what goes through `console.log`, and a line with a prefix is
 * no longer JSON to the metric filters.
 */
export function createLog(write: (line: string) => unknown = line => process.stdout.write(line)): Log {
  return (line, details) => {
    write(`${JSON.stringify({ line, ...details })}\n`);
  };
}

/** An error's class name: its message may hold what must not be logged. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
