/** What can go wrong between a function and a service of AWS, as the function's SDK sees it. */

import { setTimeout as delay } from 'node:timers/promises';
import { between, type Random } from './random.ts';

/** An answer of the service, or one in its place. */
export interface ServiceAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

/** One call of a service, held by whoever stands in between. */
export interface Call {
  /** Lets the service do what it was asked for. */
  apply(): Promise<ServiceAnswer>;
  answer(answer: ServiceAnswer): void;
  /** Says that all of the answer comes, sends half of it, and closes the connection. */
  answerInPart(answer: ServiceAnswer): void;
  /** Closes the connection without an answer. */
  drop(): void;
  /** From 0 up to 1, the next one for each time that it is asked. */
  readonly random: Random;
}

interface Fault {
  /** What it is counted as. */
  readonly kind: string;
  /** How often it comes, in percent of all calls, where `usualPercent` of them fail. */
  readonly weight: number;
  /** Whether the service did what it was asked for. */
  readonly applied: boolean;
  happen(call: Call): void | Promise<void>;
}

const hour = 3_600_000;

/** An error in the form of the AWS JSON protocol, which both services speak. */
function refusal(status: number, type: string, message: string, at = Date.now()): ServiceAnswer {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0', date: new Date(at).toUTCString() },
    body: Buffer.from(JSON.stringify({ __type: `com.amazonaws.service#${type}`, message })),
  };
}

const refused =
  (type: string, message: string) =>
  ({ answer }: Call) =>
    answer(refusal(400, type, message));
const failed = () => refusal(500, 'InternalServerError', 'The request processing has failed.');

/** By name. A call that nothing answers hangs until its caller gives up. */
export const faults = {
  'provisioned throughput exceeded': {
    kind: 'throttled',
    weight: 1.5,
    applied: false,
    happen: refused('ProvisionedThroughputExceededException', 'The level of configured throughput was exceeded.'),
  },
  throttling: {
    kind: 'throttled',
    weight: 1.5,
    applied: false,
    happen: refused('ThrottlingException', 'Rate exceeded'),
  },
  'request limit exceeded': {
    kind: 'throttled',
    weight: 1.5,
    applied: false,
    happen: refused('RequestLimitExceeded', 'Throughput exceeds the current limit of your account.'),
  },
  hang: { kind: 'timed out', weight: 2.25, applied: false, happen: () => {} },
  'hang after the write': {
    kind: 'timed out',
    weight: 2.25,
    applied: true,
    async happen({ apply }) {
      await apply();
    },
  },
  'response lost': {
    kind: 'response lost',
    weight: 4.5,
    applied: true,
    async happen({ apply, drop }) {
      await apply();
      drop();
    },
  },
  'response in part': {
    kind: 'response in part',
    weight: 0.5,
    applied: true,
    async happen({ apply, answerInPart }) {
      answerInPart(await apply());
    },
  },
  'server error': { kind: 'server error', weight: 0.5, applied: false, happen: ({ answer }) => answer(failed()) },
  'server error after the write': {
    kind: 'server error',
    weight: 0.5,
    applied: true,
    async happen({ apply, answer }) {
      await apply();
      answer(failed());
    },
  },
  // On the way there: the service may do it when the caller has given up and others have written.
  slow: {
    kind: 'slow',
    weight: 0.3,
    applied: true,
    async happen({ apply, answer, random }) {
      await delay(between(1_000, 3_000, random));
      answer(await apply());
    },
  },
  'credentials expired': {
    kind: 'credentials expired',
    weight: 0.1,
    applied: false,
    happen: refused('ExpiredTokenException', 'The security token included in the request is expired'),
  },
  'clock skewed': {
    kind: 'clock skewed',
    weight: 0.1,
    applied: false,
    happen: ({ answer }) =>
      answer(refusal(400, 'RequestTimeTooSkewed', 'The difference is too large.', Date.now() + hour)),
  },
  'signature expired': {
    kind: 'clock skewed',
    weight: 0.1,
    applied: false,
    happen: ({ answer }) => answer(refusal(400, 'InvalidSignatureException', 'Signature expired', Date.now() - hour)),
  },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;

export const faultNames = Object.keys(faults) as readonly FaultName[];

/** The ways in which a call fails that differ in what was done and in what is heard. */
export const distinctWays = [
  'throttling',
  'server error',
  'server error after the write',
  'response lost',
  'response in part',
  'credentials expired',
  'hang',
  'hang after the write',
] as const satisfies readonly FaultName[];

/** What all faults together come to, in percent of all calls. */
export const usualPercent = faultNames.reduce((sum, name) => sum + faults[name].weight, 0);

/** Says of each call which fault it meets; null where it goes through. */
export type FaultPlan = (callIndex: number) => FaultName | null;

/** So many percent of all calls fail, each fault as often as its weight says. */
export function randomFaults(random: Random, percent = usualPercent): FaultPlan {
  return () => {
    let left = (random() * 100 * usualPercent) / Math.max(percent, Number.MIN_VALUE);
    for (const name of faultNames) {
      left -= faults[name].weight;
      if (left < 0) return name;
    }
    return null;
  };
}

/** The call with this index fails, counted from 0, and no other. */
export function faultAt(index: number, fault: FaultName): FaultPlan {
  return callIndex => (callIndex === index ? fault : null);
}

/** Every call fails. */
export function always(fault: FaultName): FaultPlan {
  return () => fault;
}
