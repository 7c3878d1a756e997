import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { EmailEraser } from '../../shared/email/eraser.ts';
import { createQuarantine, type QuarantineMessage } from '../../shared/queues/quarantine-messages.ts';
import { createQueueSweep, type HoldOptions } from '../../shared/queues/queue-sweep.ts';
import type { QueueServices } from '../../shared/queues/queued-request.ts';
import { createRetryQueue } from '../../shared/queues/retry-messages.ts';
import { sendMessages } from '../../shared/queues/send-messages.ts';
import { asciiJson } from '../../shared/runtime/text.ts';
import type { Place } from './erase.ts';
import { createPartEvents, type PartEvents } from './erased-events.ts';
import { eraseFailureRecords } from './failure-records.ts';
import { createMentions, type Mentions } from './mentions.ts';
import { quarantineMessages } from './quarantine-messages.ts';
import { eraseFromQueue, type SiftMessages } from './queue.ts';
import { retryMessages } from './retry-messages.ts';
import { sesMessages } from './ses-messages.ts';

export interface PlaceOptions {
  readonly emails: EmailEraser;
  readonly sqs: Pick<SQSClient, 'send'>;
  readonly s3: Pick<S3Client, 'send'>;
  readonly queueUrls: {
    readonly retry: string;
    readonly retryDeadLetters: string;
    readonly ses: string;
    readonly sesDeadLetters: string;
    readonly quarantine: string;
  };
  readonly failureBucket: string;
  /** What messages of Amazon SES are read with. */
  readonly reading: QueueServices;
  /** The name under which the sender attaches the account to an email. */
  readonly accountName: string;
  readonly hold: Omit<HoldOptions, 'abortSignal' | 'sentBefore'>;
  /** Milliseconds until a queue is looked at again of which others hold messages. */
  readonly betweenLooks: number;
}

/** Milliseconds by which the clock of a queue may be ahead of ours. */
const clockLead = 1_000;

/** What a queue's messages are sifted with. */
interface Sieve {
  readonly partEvents: PartEvents;
  readonly mentions: Mentions;
  /** Gives up on its calls once there is no time left. */
  readonly sqs: Pick<SQSClient, 'send'>;
}

/** Every place beside the table where data of a recipient may be. */
export function placesOf(options: PlaceOptions): readonly Place[] {
  const { emails, sqs, s3, queueUrls, failureBucket, reading, accountName, hold, betweenLooks } = options;
  const queue = (
    name: string,
    where: keyof typeof queueUrls,
    counts: Place['counts'],
    sift: (sieve: Sieve) => SiftMessages,
  ): Place => ({
    counts,
    erase(work) {
      const { erasure, now, signal, onFault } = work;
      const sieve = {
        partEvents: createPartEvents(work, emails),
        mentions: createMentions(erasure, accountName),
        sqs: givingUp(sqs, signal),
      };
      const held = createQueueSweep(sqs, queueUrls[where], {
        ...hold,
        sentBefore: now + clockLead,
        abortSignal: signal,
      });
      return eraseFromQueue(name, held, sift(sieve), {
        // All events of Amazon SES go through its queue, at a busy hour without a pause; it keeps what fails only while the
        // table is out of reach, and then the erasure has failed anyway.
        flows: where === 'ses',
        betweenLooks,
        signal,
        onFault: error => onFault(`erase.${where}`, error),
      });
    },
  });

  const retry = (where: 'retry' | 'retryDeadLetters') => (sieve: Sieve) =>
    retryMessages(sieve.partEvents, sieve.mentions, createRetryQueue(sieve.sqs, queueUrls[where]));
  const ses = ({ partEvents, mentions, sqs }: Sieve) =>
    sesMessages(partEvents, mentions, reading, {
      retryQueue: createRetryQueue(sqs, queueUrls.retry),
      quarantine: createQuarantine(sqs, queueUrls.quarantine),
    });
  const quarantine = ({ partEvents, mentions, sqs }: Sieve) =>
    quarantineMessages(partEvents, mentions, (message: QuarantineMessage) =>
      sendMessages(sqs, queueUrls.quarantine, [asciiJson(message)]),
    );

  return [
    queue('the retry queue', 'retry', 'queuedEvents', retry('retry')),
    queue('the dead letters of the retry queue', 'retryDeadLetters', 'queuedEvents', retry('retryDeadLetters')),
    queue('the queue of Amazon SES', 'ses', 'queuedEvents', ses),
    queue('the dead letters of Amazon SES', 'sesDeadLetters', 'queuedEvents', ses),
    queue('the quarantine', 'quarantine', 'quarantined', quarantine),
    {
      counts: 'alertRecords',
      erase: work =>
        eraseFailureRecords(
          { client: s3, bucket: failureBucket, emails, mentions: createMentions(work.erasure, accountName) },
          work,
        ),
    },
  ];
}

/** The client, whose calls end with the signal. */
function givingUp(client: Pick<SQSClient, 'send'>, abortSignal: AbortSignal): Pick<SQSClient, 'send'> {
  const send = (command: Parameters<SQSClient['send']>[0]) => client.send(command, { abortSignal });
  return { send: send as SQSClient['send'] };
}
