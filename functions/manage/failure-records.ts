import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import * as z from 'zod/mini';
import type { EmailEraser } from '../../shared/email/eraser.ts';
import { emailIdShape } from '../../shared/email/event.ts';
import { forEachConcurrently } from '../../shared/runtime/concurrency.ts';
import type { ErasedPlace, PlaceWork } from './erase.ts';
import type { Mentions } from './mentions.ts';

/** Lambda chooses the names of what it writes below this. */
const prefix = 'aws/lambda/';

const objectsInFlight = 8;

/** Tries of an object that somebody else writes at the same time. */
const mostTries = 5;

const image = z.optional(
  z.object({
    recipient: z.optional(z.object({ S: z.string() })),
    accountId: z.optional(z.object({ S: z.string() })),
  }),
);

/** As far as it matters here; everything else in a record is kept. */
const streamRecord = z.looseObject({
  dynamodb: z.optional(
    z.looseObject({
      Keys: z.optional(z.object({ emailId: z.object({ S: z.string() }) })),
      NewImage: image,
      OldImage: image,
    }),
  ),
});

/**
 * A batch of the table's stream that the alert function gave up, as Lambda writes it.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
const invocationRecord = z.looseObject({ payload: z.string() });
const streamEvent = z.looseObject({ Records: z.array(z.unknown()) });

/** What becomes of an object: as it is to be, null where nothing is left of it; and how many records are erased. */
interface Rewritten {
  readonly text: string | null;
  readonly erased: number;
}

export interface FailureRecords {
  readonly client: Pick<S3Client, 'send'>;
  readonly bucket: string;
  /** What is of no account is told by its email's tombstone. */
  readonly emails: Pick<EmailEraser, 'erasedFor'>;
  /** Of an object, or a record, that cannot be read. */
  readonly mentions: Mentions;
}

/** Erases from the bucket of alerts that could not be sent. Never rejects. */
export async function eraseFailureRecords(
  { client, bucket, emails, mentions }: FailureRecords,
  { erasure: { recipient, accountId }, unattributed, signal: abortSignal, onFault }: Omit<PlaceWork, 'now'>,
): Promise<ErasedPlace> {
  const fault = (error: unknown) => onFault('erase.failureBucket', error);
  const options = { abortSignal };
  let erased = 0;
  let failed = 0;
  const remains: string[] = [];
  try {
    for await (const keys of pages()) {
      await forEachConcurrently(keys, objectsInFlight, async key => {
        try {
          const count = await eraseIn(key);
          erased += count;
        } catch (error) {
          failed += 1;
          fault(error);
        }
      });
    }
  } catch (error) {
    fault(error);
    remains.push('the failure bucket: it could not be gone through to its end: ask again');
  }
  if (failed > 0) {
    const objects = failed === 1 ? '1 object' : `${failed} objects`;
    remains.push(`the failure bucket: ${objects} could not be looked through: ask again`);
  }
  return { erased, remains };

  async function* pages(): AsyncGenerator<string[]> {
    let token: string | undefined;
    do {
      const list = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token });
      const { Contents = [], NextContinuationToken } = await client.send(list, options);
      yield Contents.flatMap(({ Key }) => Key ?? []);
      token = NextContinuationToken;
    } while (token !== undefined);
  }

  async function eraseIn(Key: string): Promise<number> {
    for (let attempt = 1; ; attempt += 1) {
      const found = await read(Key);
      if (found === null) return 0;
      const { text, erased } = await rewritten(found.text);
      if (erased === 0) return 0;
      try {
        if (text === null) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }), options);
        else {
          // Only over what was read: another erasure may have rewritten it since.
          const { ETag, ContentType } = found;
          const object = { Bucket: bucket, Key, Body: text, ContentType, IfMatch: ETag };
          await client.send(new PutObjectCommand(object), options);
        }
        return erased;
      } catch (error) {
        const { name } = error as Error;
        const isOutdated = name === 'PreconditionFailed' || name === 'ConditionalRequestConflict' || isGone(error);
        if (!isOutdated || attempt === mostTries) throw error;
      }
    }
  }

  /** null where it is gone by now. */
  async function read(Key: string) {
    try {
      const { Body, ETag, ContentType } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }), options);
      return { text: (await Body?.transformToString()) ?? '', ETag, ContentType };
    } catch (error) {
      if (isGone(error)) return null;
      throw error;
    }
  }

  async function rewritten(text: string): Promise<Rewritten> {
    const read = readObject(text);
    if (read === null) return { text: null, erased: mentions.inText(text) ? 1 : 0 };
    const { invocation, event } = read;
    const isAbout = await aboutRecipient(event.Records);
    const kept = event.Records.filter(record => !isAbout(record));
    const erased = event.Records.length - kept.length;
    if (kept.length === 0) return { text: null, erased };
    return { text: JSON.stringify({ ...invocation, payload: JSON.stringify({ ...event, Records: kept }) }), erased };
  }

  /** Tells of each of the records whether it is to be erased. */
  async function aboutRecipient(records: readonly unknown[]): Promise<(record: unknown) => boolean> {
    const imagesOf = (record: unknown) => {
      const { Keys, NewImage, OldImage } = streamRecord.safeParse(record).data?.dynamodb ?? {};
      const images = [NewImage, OldImage].filter(image => image?.recipient?.S === recipient);
      return { emailId: Keys?.emailId.S ?? '', accounts: images.map(image => image?.accountId?.S) };
    };
    const nameless = records.map(imagesOf).filter(({ accounts }) => accounts.includes(undefined));
    const ids = nameless.map(({ emailId }) => emailId).filter(emailId => emailIdShape.test(emailId));
    const own = accountId === null ? new Set() : await emails.erasedFor(accountId, ids, abortSignal);
    for (const emailId of ids) if (!own.has(emailId)) unattributed.add(emailId);
    return record => {
      if (!streamRecord.safeParse(record).success) return mentions.inPiece(record);
      const { emailId, accounts } = imagesOf(record);
      if (accountId === null) return accounts.length > 0;
      return accounts.includes(accountId) || (accounts.includes(undefined) && own.has(emailId));
    };
  }
}

function readObject(text: string) {
  try {
    const invocation = invocationRecord.parse(JSON.parse(text));
    return { invocation, event: streamEvent.parse(JSON.parse(invocation.payload)) };
  } catch {
    return null;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && (error.name === 'NoSuchKey' || error.name === 'NotFound');
}
