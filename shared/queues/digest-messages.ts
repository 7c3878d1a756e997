import * as z from 'zod/mini';
import { type AlertKey, alertKinds } from '../alerts/alert.ts';
import { chunks } from '../runtime/chunks.ts';
import { asciiJson } from '../runtime/text.ts';

/** Alerts in one message: few enough for a digest to take several messages whole. */
const maxAlertsPerMessage = 100;

const schema = z.object({
  alerts: z.array(z.object({ kind: z.enum(alertKinds), emailId: z.string().check(z.minLength(1)) })),
});

/** The messages that ask for a digest of alerts. They hold ids alone, so that an erasure need not look for them. */
export function digestMessages(keys: readonly AlertKey[]): readonly string[] {
  return chunks(keys, maxAlertsPerMessage).map(some =>
    asciiJson({ alerts: some.map(({ kind, emailId }) => ({ kind, emailId })) }),
  );
}

/** @throws if the text is no message of {@link digestMessages} */
export function parseDigestMessage(body: string): readonly AlertKey[] {
  return schema.parse(JSON.parse(body)).alerts;
}
