/** The faults between a function and an AWS service, as the function's SDK sees them. */

import { setTimeout as delay } from 'node:timers/promises';
import { between, type Random } from './random.ts';

/** An answer of the service, or a replacement. */
export interface ServiceAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

/** The format of a service's errors: JSON for DynamoDB, SQS and Secrets Manager, XML for SNS. */
export type Protocol = 'json' | 'query';

/** One call of a service, in the hands of the proxy. */
export interface Call {
  /** The name of the operation, e.g. `Query`. */
  readonly operation: string;
  readonly protocol: Protocol;
  readonly body: Buffer;
  /** Passes the call on to the service, with another body if given. */
  apply(body?: Buffer): Promise<ServiceAnswer>;
  answer(answer: ServiceAnswer): void;
  /** Announces the whole answer, sends half of it, and closes the connection. */
  answerInPart(answer: ServiceAnswer): void;
  /** Closes the connection without an answer. */
  drop(): void;
  /** Returns the next random number from 0 up to 1. */
  readonly random: Random;
}

interface Fault {
  /** The kind under which it is counted. */
  readonly kind: string;
  /** The share of this fault in percent of all calls, if `usualPercent` of them fail. */
  readonly weight: number;
  /** Whether the service carries the call out. */
  readonly applied: boolean;
  happen(call: Call): void | Promise<void>;
}

const hour = 3_600_000;

const partOfBatch = 'part of a batch';

const errorForms = {
  json: (type, message) => JSON.stringify({ __type: `com.amazonaws.service#${type}`, message }),
  query: (type, message) =>
    `<ErrorResponse><Error><Type>Sender</Type><Code>${type}</Code><Message>${message}</Message></Error></ErrorResponse>`,
} as const satisfies Record<Protocol, (type: string, message: string) => string>;

/** An error in the format of the called service. */
function refusal(protocol: Protocol, status: number, type: string, message: string, at = Date.now()): ServiceAnswer {
  return {
    status,
    headers: {
      'content-type': protocol === 'json' ? 'application/x-amz-json-1.0' : 'text/xml',
      date: new Date(at).toUTCString(),
    },
    body: Buffer.from(errorForms[protocol](type, message)),
  };
}

const refused =
  (type: string, message: string) =>
  ({ protocol, answer }: Call) =>
    answer(refusal(protocol, 400, type, message));
const failed = (protocol: Protocol) =>
  refusal(protocol, 500, 'InternalServerError', 'The request processing has failed.');

/** The handling of a partial batch. */
interface BatchKind {
  /** Splits a batch into its first entries and the rest. */
  split(request: BatchRequest, count: number): { done: BatchRequest; left: BatchRequest };
  size(request: BatchRequest): number;
  /** Adds the rest to the service's answer, as unprocessed or failed. */
  merged(answer: BatchRequest, left: BatchRequest): BatchRequest;
  /** The answer if no entry is done. */
  readonly nothing: BatchRequest;
}

// biome-ignore lint/suspicious/noExplicitAny: each operation of the SDK has its own form
type BatchRequest = any;

const ofKeys: BatchKind = {
  size: ({ RequestItems }) => tableOf(RequestItems)[1].Keys.length,
  split({ RequestItems, ...rest }, count) {
    const [name, { Keys, ...how }] = tableOf(RequestItems);
    const part = (keys: unknown) => ({ ...rest, RequestItems: { [name]: { ...how, Keys: keys } } });
    return { done: part(Keys.slice(0, count)), left: part(Keys.slice(count)) };
  },
  merged: (answer, { RequestItems }) => ({ ...answer, UnprocessedKeys: RequestItems }),
  nothing: { Responses: {} },
};

const ofEntries: BatchKind = {
  size: ({ Entries }) => Entries.length,
  split: ({ Entries, ...rest }, count) => ({
    done: { ...rest, Entries: Entries.slice(0, count) },
    left: { ...rest, Entries: Entries.slice(count) },
  }),
  merged: ({ Failed = [], ...answer }, { Entries }) => ({
    ...answer,
    Failed: [
      ...Failed,
      ...Entries.map(({ Id }: BatchRequest) => ({ Id, Code: 'InternalError', SenderFault: false, Message: 'later' })),
    ],
  }),
  nothing: { Successful: [] },
};

/** The answer of PutEvents has its entries in the order of the request. Either the first or the last ones fail. */
const ofEvents: BatchKind = {
  size: ({ Entries }) => Entries.length,
  split({ Entries, ...rest }, count) {
    const left = Entries.length - count;
    const [done, others] = failsAtEnd(count)
      ? [Entries.slice(0, count), Entries.slice(count)]
      : [Entries.slice(left), Entries.slice(0, left)];
    return { done: { ...rest, Entries: done }, left: { ...rest, Entries: others } };
  },
  merged({ FailedEntryCount, Entries, ...answer }, left) {
    const failed = left.Entries.map(() => ({ ErrorCode: 'InternalFailure', ErrorMessage: 'later' }));
    return {
      ...answer,
      FailedEntryCount: FailedEntryCount + failed.length,
      Entries: failsAtEnd(Entries.length) ? [...Entries, ...failed] : [...failed, ...Entries],
    };
  },
  nothing: { FailedEntryCount: 0, Entries: [] },
};

const failsAtEnd = (doneCount: number) => doneCount % 2 === 0;

/** The kinds of batches by operation. The functions' batches have one table each. */
const batches: Readonly<Record<string, BatchKind>> = {
  BatchGetItem: ofKeys,
  SendMessageBatch: ofEntries,
  DeleteMessageBatch: ofEntries,
  ChangeMessageVisibilityBatch: ofEntries,
  PutEvents: ofEvents,
};

function tableOf(requestItems: BatchRequest): [string, BatchRequest] {
  return Object.entries(requestItems)[0]!;
}

/** Passes a random number of a batch's first entries on to the service, and answers that the others are left. */
async function partially({ operation, body, apply, answer, random }: Call): Promise<void> {
  const kind = batches[operation];
  if (kind === undefined) return answer(await apply());
  const request = JSON.parse(body.toString());
  const count = Math.floor(random() * kind.size(request));
  const { done, left } = kind.split(request, count);
  const {
    status,
    headers,
    body: answered,
  } = count === 0
    ? { status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: null }
    : await apply(Buffer.from(JSON.stringify(done)));
  if (status !== 200) return answer({ status, headers, body: answered! });
  const said = answered === null ? kind.nothing : JSON.parse(answered.toString());
  // The checksum belongs to the unchanged answer.
  const { 'x-amz-crc32': _, ...others } = headers as Record<string, string>;
  answer({ status, headers: others, body: Buffer.from(JSON.stringify(kind.merged(said, left))) });
}

/** The faults by name. An unanswered call hangs until its caller gives up. */
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
  'server error': {
    kind: 'server error',
    weight: 0.5,
    applied: false,
    happen: ({ protocol, answer }) => answer(failed(protocol)),
  },
  'server error after the write': {
    kind: 'server error',
    weight: 0.5,
    applied: true,
    async happen({ apply, protocol, answer }) {
      await apply();
      answer(failed(protocol));
    },
  },
  // The call is slow on its way to the service, which may apply it after its caller has given up and others have written.
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
    happen: ({ protocol, answer }) =>
      answer(refusal(protocol, 400, 'RequestTimeTooSkewed', 'The difference is too large.', Date.now() + hour)),
  },
  'signature expired': {
    kind: 'clock skewed',
    weight: 0.1,
    applied: false,
    happen: ({ protocol, answer }) =>
      answer(refusal(protocol, 400, 'InvalidSignatureException', 'Signature expired', Date.now() - hour)),
  },
  // Only batches have parts. Any other call goes through and counts as no failure.
  [partOfBatch]: { kind: partOfBatch, weight: 0, applied: true, happen: call => partially(call) },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;

export const faultNames = Object.keys(faults) as readonly FaultName[];

/** The faults that differ in their effect or in the caller's view of it. */
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

/** The share of all faults together, in percent of all calls. */
export const usualPercent = faultNames.reduce((sum, name) => sum + faults[name].weight, 0);

/** The share of partial batches in percent, if `usualPercent` of all calls fail. */
export const usualBatchPercent = 15;

/** Returns the fault of a call, or null. */
export type FaultPlan = (callIndex: number, operation: string) => FaultName | null;

/** Makes so many percent of all calls fail, with faults by their weights. Batches are partial in addition. */
export function randomFaults(random: Random, percent = usualPercent): FaultPlan {
  return (_, operation) => {
    if (operation in batches && random() * 100 * usualPercent < usualBatchPercent * percent) return partOfBatch;
    let left = (random() * 100 * usualPercent) / Math.max(percent, Number.MIN_VALUE);
    for (const name of faultNames) {
      left -= faults[name].weight;
      if (left < 0) return name;
    }
    return null;
  };
}

/** Makes only the call with this index fail, counted from 0. */
export function faultAt(index: number, fault: FaultName): FaultPlan {
  return callIndex => (callIndex === index ? fault : null);
}

/** Makes every call fail. */
export function always(fault: FaultName): FaultPlan {
  return () => fault;
}
