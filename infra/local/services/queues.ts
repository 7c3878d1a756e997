import { Server } from 'node:net';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import type { QueuedMessage } from '../../../shared/queues/queued-request.ts';
import { readableName, readableNames } from '../cloudformation/readable-name.ts';
import type { ResolvedTemplate, Resource } from '../cloudformation/template.ts';
import { StartError } from '../start-error.ts';
import { awsJson } from './aws-json.ts';
import { depthOf } from './queue-depth.ts';

/** SQS, SNS and S3 on one loopback port. */
export interface Queues {
  readonly endpoint: string;
  /** Creates the queues, topics and buckets of the template, and the subscriptions of queues to topics. */
  create(template: ResolvedTemplate, maxVisibilityTimeoutSeconds?: number): Promise<void>;
  /** How full the queues of the template are. */
  depths(template: ResolvedTemplate): Promise<readonly QueueDepth[]>;
  /** The figures that SQS measures once a minute, of each queue of the template. */
  samples(template: ResolvedTemplate): Promise<readonly QueueSample[]>;
  /** All messages of a queue. Nobody receives them: they stay where they are. */
  messagesIn(queueUrl: string): readonly QueuedMessage[];
  stop(): Promise<void>;
}

/** How many messages a queue holds. */
export interface QueueDepth {
  /** As people read it, e.g. `retry-dead-letters`. */
  readonly name: string;
  readonly url: string;
  readonly waiting: number;
  /** With a function, or waiting for the end of their visibility timeout. */
  readonly inWork: number;
}

/** The figures that SQS measures of a queue. */
export interface QueueSample {
  /** The queue's own name. */
  readonly name: string;
  readonly visible: number;
  readonly notVisible: number;
  /** Epoch milliseconds. Like SQS, it leaves out messages that were received more than three times. */
  readonly oldestSentAt: number | null;
}

/** SQS moves a message that was received more often to the back of the queue. */
const receivesInFront = 3;

/** Starts SQS, SNS and S3; every message is in its file before it is acknowledged, so that it survives a SIGKILL. */
export async function startQueues(dataDir: string): Promise<Queues> {
  const server = await onLoopback(() => withoutSync(() => startFauxqs({ port: 0, logger: false, dataDir })));
  const endpoint = `http://127.0.0.1:${server.port}`;
  return {
    endpoint,
    stop: () => server.stop(),
    depths(template) {
      const queues = template.ofType('AWS::SQS::Queue');
      const names = readableNames(queues.map(({ logicalId }) => logicalId));
      return Promise.all(
        queues.map(async ({ logicalId, ref }) => ({
          name: names[logicalId]!,
          url: ref,
          ...(await depthOf(endpoint, ref)),
        })),
      );
    },
    samples(template) {
      return Promise.all(
        template.ofType('AWS::SQS::Queue').map(async ({ ref }) => {
          const { waiting, inWork } = await depthOf(endpoint, ref);
          const sent = storedIn(server, ref)
            .filter(({ approximateReceiveCount }) => approximateReceiveCount <= receivesInFront)
            .map(({ sentTimestamp }) => sentTimestamp);
          const oldestSentAt = sent.length === 0 ? null : sent.reduce((one, other) => Math.min(one, other));
          return { name: nameOf(ref), visible: waiting, notVisible: inWork, oldestSentAt };
        }),
      );
    },
    messagesIn(queueUrl) {
      return storedIn(server, queueUrl).map(({ messageId, body, sentTimestamp }) => ({
        messageId,
        body,
        sentAt: sentTimestamp,
      }));
    },
    async create(template, maxVisibilityTimeoutSeconds = Number.POSITIVE_INFINITY) {
      const queues = template.ofType('AWS::SQS::Queue');
      // A queue whose failures go to another one comes after that one.
      const inOrder = [...queues].sort((a, b) => Number(isRedriving(a)) - Number(isRedriving(b)));
      for (const queue of inOrder) await openQueue(server, endpoint, capped(queue, maxVisibilityTimeoutSeconds));
      for (const topic of template.ofType('AWS::SNS::Topic')) server.createTopic(nameOf(topic.ref));
      for (const bucket of template.ofType('AWS::S3::Bucket')) server.createBucket(bucket.ref);
      for (const { properties } of template.ofType('AWS::SNS::Subscription')) {
        // The support inbox stands in for subscribers by email.
        if (properties.Protocol === 'email') continue;
        if (properties.Protocol !== 'sqs')
          throw new StartError(`${properties.Protocol}: not understood as a subscription`);
        server.subscribe({
          topic: nameOf(properties.TopicArn),
          queue: nameOf(properties.Endpoint),
          attributes: textAttributes(properties, ['RawMessageDelivery', 'FilterPolicy', 'FilterPolicyScope']),
        });
      }
    },
  };
}

function storedIn(server: FauxqsServer, queueUrl: string) {
  const { ready = [], delayed = [], inflight = [] } = server.inspectQueue(nameOf(queueUrl))?.messages ?? {};
  return [...ready, ...delayed, ...inflight.map(({ message }) => message)];
}

const queueAttributes = [
  'DelaySeconds',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'ReceiveMessageWaitTimeSeconds',
  'RedrivePolicy',
  'VisibilityTimeout',
] as const;

async function openQueue(server: FauxqsServer, endpoint: string, { ref, properties }: Resource): Promise<void> {
  if (properties.FifoQueue) throw new StartError(`${ref}: FIFO queues are not understood here`);
  const name = nameOf(ref);
  const attributes = textAttributes(properties, queueAttributes);
  if (server.inspectQueue(name) === undefined) server.createQueue(name, { attributes });
  else {
    await awsJson(endpoint, 'AmazonSQS.SetQueueAttributes', { QueueUrl: ref, Attributes: attributes });
  }
}

/**
 * The digest function's whole time. An event that is recorded twice changes nothing. A letter that two invocations tell at
 * once would be told twice: no queue in AWS causes that.
 */
const minDigestsTimeoutSeconds = 10;

function capped(queue: Resource, maxVisibilityTimeoutSeconds: number): Resource {
  const { VisibilityTimeout = 30, ...properties } = queue.properties;
  const least = readableName(queue.logicalId) === 'digests' ? minDigestsTimeoutSeconds : 0;
  const capped = Math.min(VisibilityTimeout, Math.max(maxVisibilityTimeoutSeconds, least));
  return { ...queue, properties: { ...properties, VisibilityTimeout: capped } };
}

function textAttributes(properties: Record<string, unknown>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names
      .filter(name => properties[name] !== undefined)
      .map(name => {
        const value = properties[name];
        return [name, typeof value === 'object' ? JSON.stringify(value) : String(value)];
      }),
  );
}

function isRedriving({ properties }: Resource): boolean {
  return properties.RedrivePolicy !== undefined;
}

/** The name at the end of a queue's URL, or of an ARN. */
function nameOf(urlOrArn: string): string {
  return urlOrArn.split(/[/:]/).at(-1)!;
}

/** fauxqs listens on every interface, and has no option for another: servers that start meanwhile listen on loopback. */
async function onLoopback<Result>(start: () => Promise<Result>): Promise<Result> {
  const { listen } = Server.prototype;
  Server.prototype.listen = function (this: Server, ...args: unknown[]) {
    const [options] = args;
    if (typeof options === 'object' && options !== null) args[0] = { ...options, host: '127.0.0.1' };
    return listen.apply(this, args as Parameters<typeof listen>);
  } as typeof listen;
  try {
    return await start();
  } finally {
    Server.prototype.listen = listen;
  }
}

/**
 * Opens databases that do not wait for the disk on each commit: fauxqs commits three times for each message, and each wait
 * stopped the gateway. A commit is in the file all the same, and only a loss of power can lose it. fauxqs has no option
 * for it.
 */
async function withoutSync<Result>(start: () => Promise<Result>): Promise<Result> {
  const { DatabaseSync } = await import('node:sqlite');
  const { exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = function (this: InstanceType<typeof DatabaseSync>, sql) {
    exec.call(this, sql);
    if (sql === 'PRAGMA journal_mode = WAL') exec.call(this, 'PRAGMA synchronous = NORMAL');
  };
  try {
    return await start();
  } finally {
    DatabaseSync.prototype.exec = exec;
  }
}
