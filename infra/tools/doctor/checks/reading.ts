/** Checks of the parts that carry events on: mappings, queues and the failure bucket. */

import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { messageCount } from '../../../../shared/queues/message-count.ts';
import { counted } from '../../../local/cli/counted.ts';
import type { Check, Looked } from '../check.ts';
import type { Finding } from '../finding.ts';
import { environmentOf } from '../functions.ts';
import { mappingsOf } from '../mappings.ts';
import { recentValues } from '../metrics.ts';

const lookedBackMinutes = 15;

/** Above this the reader of a stream is behind. A batch waits a minute at most. */
const maxStreamAgeMs = 5 * 60_000;

/** A message of a worker queue that failed comes again each minute. */
const maxQueueAgeSeconds = 10 * 60;

const lastPart = (arnOrUrl: string) => arnOrUrl.split(/[:/]/).at(-1)!;

/** The source as people read it. */
function sourceOf(arn: string): string {
  const [, table] = /:table\/([^/]+)\/stream/.exec(arn) ?? [];
  return table === undefined ? `the queue ${lastPart(arn)}` : `the stream of the table ${table}`;
}

/** The queues that a person empties, by the output that names each. */
const personsQueues = {
  QuarantineQueueUrl: {
    about: 'in quarantine',
    impact: 'Genuine events are not recorded. The queue keeps them for 14 days.',
    remedy: ({ npm }: Looked) => npm('replay -- --queue quarantine --dry-run --show'),
  },
  RetryDeadLettersQueueUrl: {
    about: 'among the dead letters of the retry queue',
    impact: 'Their events are not recorded. The queue keeps them for 14 days.',
    remedy: ({ npm }: Looked) => npm('replay -- --queue dead-letter'),
  },
  SesDeadLettersQueueUrl: {
    about: 'among the dead letters of Amazon SES',
    impact: 'Their events are not recorded. The queue keeps them for 14 days.',
    remedy: ({ npm }: Looked) => npm('replay -- --queue dead-letter'),
  },
  DigestDeadLettersQueueUrl: {
    about: 'among the dead letters of the digests',
    impact: 'Support was not told about their emails.',
    remedy: ({ aws, outputs }: Looked) =>
      aws('sqs', `start-message-move-task --source-arn ${queueArn(outputs.DigestDeadLettersQueueUrl!)}`),
  },
  EventsDeadLettersQueueUrl: {
    about: 'among the dead letters of eventsUrl',
    impact: 'The system behind eventsUrl has not got these events. The queue keeps them for 14 days.',
    remedy: ({ aws, outputs }: Looked) =>
      `Once the URL works, post each body to it and delete the message: ${aws('sqs', `receive-message --queue-url ${outputs.EventsDeadLettersQueueUrl}`)}`,
  },
} as const;

function queueArn(url: string): string {
  const { hostname, pathname } = new URL(url);
  const [, account, name] = pathname.split('/');
  const region = /^sqs\.([\w-]+)\./.exec(hostname)?.[1] ?? 'us-east-1';
  return `arn:aws:sqs:${region}:${account}:${name}`;
}

export const readingChecks = {
  async mappings(looked) {
    const { clients, resources, aws } = looked;
    const mappings = await mappingsOf(clients.lambda, resources);
    if (mappings.length === 0) {
      const wrong = 'No function has an event source mapping.';
      return [{ wrong, impact: 'No queue and no stream is read.', remedy: 'Deploy again: npm run deploy' }];
    }
    const off = mappings.filter(({ State }) => State !== 'Enabled');
    const streams = mappings.filter(mapping => mapping.EventSourceArn?.includes('/stream/') && !off.includes(mapping));
    const ages = await recentValues(
      looked,
      streams.map(({ FunctionArn }) => ({
        namespace: 'AWS/Lambda',
        name: 'IteratorAge',
        dimensions: { FunctionName: lastPart(FunctionArn!) },
        statistic: 'Maximum',
      })),
      lookedBackMinutes,
    );
    return [
      ...off.map(({ UUID, State, EventSourceArn = '', FunctionArn = '' }) => ({
        wrong: `The mapping from ${sourceOf(EventSourceArn)} to ${lastPart(FunctionArn)} is ${State}.`,
        impact: `Nobody reads ${sourceOf(EventSourceArn)}. Records of a stream are lost after 24 hours.`,
        remedy: aws('lambda', `update-event-source-mapping --uuid ${UUID} --enabled`),
      })),
      ...streams.flatMap(({ EventSourceArn = '', FunctionArn = '' }, index): Finding[] => {
        const [age = 0] = ages[index]!;
        if (age <= maxStreamAgeMs) return [];
        const wrong = `${lastPart(FunctionArn)} is ${Math.round(age / 60_000)} minutes behind ${sourceOf(EventSourceArn)}.`;
        const impact = 'Alerts and the silence of providers come late. Records are lost after 24 hours.';
        return [{ wrong, impact, remedy: `Look at the log of ${lastPart(FunctionArn)} for fault and Task timed out.` }];
      }),
    ];
  },

  async queues(looked) {
    const known = Object.entries(personsQueues).filter(([output]) => looked.outputs[output] !== undefined);
    const findings: Finding[] = [];
    for (const [output, { about, impact, remedy }] of known) {
      const count = await messageCount(looked.clients.sqs, looked.outputs[output]!);
      if (count === 0) continue;
      findings.push({ wrong: `${counted(count, 'message')} ${about}.`, impact, remedy: remedy(looked) });
    }
    const byPerson = new Set(known.map(([output]) => lastPart(looked.outputs[output]!)));
    const read = (await mappingsOf(looked.clients.lambda, looked.resources))
      .map(({ EventSourceArn = '' }) => EventSourceArn)
      .filter(arn => arn.includes(':sqs:') && !byPerson.has(lastPart(arn)));
    const ages = await recentValues(
      looked,
      read.map(arn => ({
        namespace: 'AWS/SQS',
        name: 'ApproximateAgeOfOldestMessage',
        dimensions: { QueueName: lastPart(arn) },
        statistic: 'Maximum',
      })),
      lookedBackMinutes,
    );
    for (const [index, arn] of read.entries()) {
      // A value of some minutes ago may be about a message that is gone.
      const [age = 0] = ages[index]!;
      if (age <= maxQueueAgeSeconds) continue;
      findings.push({
        wrong: `A message has waited ${Math.round(age / 60)} minutes in ${sourceOf(arn)}.`,
        impact: 'Events, or alerts, are late. After eight hours they go to the dead letters.',
        remedy: 'Look for queue.message-failed and fault in the logs of the functions.',
      });
    }
    const { RETRY_QUEUE_URL } = await environmentOf(looked, 'Ingest');
    const waiting = RETRY_QUEUE_URL === undefined ? 0 : await messageCount(looked.clients.sqs, RETRY_QUEUE_URL);
    if (waiting >= manyWaiting) {
      findings.push({
        wrong: `${counted(waiting, 'message')} in the retry queue.`,
        impact: 'Their events are not recorded yet.',
        remedy: 'Look for webhook.unavailable and fault in the log of the ingest function, and at the table.',
      });
    }
    return findings;
  },

  async 'failure bucket'({ clients, outputs, npm }) {
    const Bucket = outputs.AlertFailuresBucketName!;
    const { Contents = [], IsTruncated } = await clients.s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 100 }));
    if (Contents.length === 0) return [];
    const count = `${IsTruncated ? 'More than ' : ''}${counted(Contents.length, 'object')}`;
    return [
      {
        wrong: `${count} in the failure bucket, e.g. ${Contents[0]!.Key}.`,
        impact: 'A reader of the stream gave records up: alerts or events were not sent, or news was not counted.',
        remedy: npm('replay -- --queue failures --dry-run'),
      },
    ];
  },
} as const satisfies Record<string, Check>;

/** A few messages wait at any time: each is tried again within a minute. */
const manyWaiting = 1_000;
