import * as z from 'zod/mini';
import { type AlertKey, alertKinds } from '../alerts/alert.ts';
import { asciiJson } from '../runtime/text.ts';

/** Alerts in one message: few enough for a digest to take several messages whole. */
export const maxAlertsPerMessage = 100;

const schema = z.object({
  alerts: z.array(z.object({ kind: z.enum(alertKinds), emailId: z.string().check(z.minLength(1)) })),
});

/** The messages that ask for a digest of alerts. They hold ids alone, so that an erasure need not look for them. */
export function digestMessages(keys: readonly AlertKey[]): readonly string[] {
  const messages: string[] = [];
  for (let start = 0; start < keys.length; start += maxAlertsPerMessage) {
    const alerts = keys.slice(start, start + maxAlertsPerMessage).map(({ kind, emailId }) => ({ kind, emailId }));
    messages.push(asciiJson({ alerts }));
  }
  return messages;
}

/** @throws if the text is no message of {@link digestMessages} */
export function parseDigestMessage(body: string): readonly AlertKey[] {
  return schema.parse(JSON.parse(body)).alerts;
}
