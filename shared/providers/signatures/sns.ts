import { createVerify, type KeyObject, X509Certificate } from 'node:crypto';
import * as z from 'zod/mini';
import { bodyValue } from '../parsing/exact-json.ts';
import { object, text } from '../parsing/schemas.ts';
import type { HttpGet, ProviderRequest, Verification } from '../provider.ts';
import { strictBase64 } from './encodings.ts';
import { genuine, usable } from './verification.ts';

/** https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html */
const snsEnvelope = object({
  Type: z.enum(['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation']),
  MessageId: z.string(),
  TopicArn: z.string(),
  Message: z.string(),
  Timestamp: z.string(),
  Subject: text,
  Token: text,
  SubscribeURL: text,
  SignatureVersion: text,
  Signature: text,
  SigningCertURL: text,
});

type SnsEnvelope = z.infer<typeof snsEnvelope>;

/**
 * The fields that SNS signs, in this order, if they are there.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 */
const signedFields = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
  UnsubscribeConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
} as const satisfies Record<SnsEnvelope['Type'], readonly (keyof SnsEnvelope)[]>;

/** A topic uses either; the default is 1. */
const algorithms: Readonly<Record<string, string>> = { 1: 'RSA-SHA1', 2: 'RSA-SHA256' };

const topicArn = /^arn:aws(?:-cn|-us-gov)?:sns:([a-z]{2}(?:-[a-z]+)+-\d):\d{12}:[\w-]{1,256}(?:\.fifo)?$/;

/**
 * In bytes. SNS takes messages up to 256 KB, which JSON may double. A larger body is not parsed for a sender who has
 * proved nothing.
 */
const maxMessageBytes = 600 * 1024;

/** The SNS envelope in a request's body; null where there is none. */
export function snsEnvelopeIn(body: Buffer): SnsEnvelope | null {
  if (body.length > maxMessageBytes) return null;
  const { success, data } = z.safeParse(snsEnvelope, bodyValue(body));
  return success ? data : null;
}

/**
 * The signature of Amazon SNS over a message. It only proves that some topic sent it, and anybody can have a topic. So the
 * list of our own topics decides.
 *
 * @param topics the ARNs of the topics to believe
 */
export async function verifySns(
  { headers, body }: ProviderRequest,
  topics: readonly string[],
  get: HttpGet,
): Promise<Verification> {
  const allowed = usable(topics).map(topic => topic.trim());
  if (!allowed.some(topic => topicArn.test(topic))) return 'no_secret_configured';
  const envelope = snsEnvelopeIn(body);
  if (envelope === null) return 'missing_signature';
  const { Type, TopicArn, SignatureVersion, Signature, SigningCertURL } = envelope;
  if (!Signature || !SignatureVersion || !SigningCertURL) return 'missing_signature';
  if ((headers['x-amz-sns-message-type'] ?? Type) !== Type) return 'malformed_signature';
  const endpoint = snsEndpointOf(TopicArn);
  if (endpoint === null || !allowed.includes(TopicArn)) return 'wrong_signature';
  const algorithm = Object.hasOwn(algorithms, SignatureVersion) ? algorithms[SignatureVersion] : undefined;
  const bytes = Signature.length > 1_000 ? null : strictBase64(Signature);
  const certificate = certificateUrl(endpoint, SigningCertURL);
  if (algorithm === undefined || bytes === null || certificate === null) return 'malformed_signature';
  const signed = createVerify(algorithm);
  for (const field of signedFields[Type]) {
    const value = envelope[field];
    // SNS leaves absent fields out. Lambda gives an absent Subject as null.
    if (value !== undefined && value !== null) signed.update(`${field}\n${value}\n`);
  }
  const key = await publicKeyAt(certificate, get);
  return key !== null && signed.verify(key, bytes) ? genuine : 'wrong_signature';
}

/** The origin of a topic's SNS, e.g. `https://sns.eu-west-1.amazonaws.com`; null if the text is no ARN of a topic. */
export function snsEndpointOf(arn: string): string | null {
  const region = topicArn.exec(arn)?.[1];
  return region === undefined
    ? null
    : `https://sns.${region}.amazonaws.com${arn.startsWith('arn:aws-cn:') ? '.cn' : ''}`;
}

/**
 * The URL of a certificate, built from the topic's region and the file name. Nothing else of the URL in the message is
 * used, and a URL that differs is refused.
 */
function certificateUrl(endpoint: string, claimed: string): string | null {
  const path = /\/SimpleNotificationService-[0-9a-zA-Z]{1,64}\.pem/.exec(claimed)?.[0];
  if (path === undefined) return null;
  const url = `${endpoint}${path}`;
  return url === claimed ? url : null;
}

/** SNS changes its certificate about once a year. Each message names it by URL. */
const publicKeys = new Map<string, KeyObject>();
const maxKeys = 100;

/**
 * TLS to SNS's own host proves the certificate. Gives null if SNS has none of that name, and rejects if SNS is out of
 * reach.
 */
async function publicKeyAt(url: string, get: HttpGet): Promise<KeyObject | null> {
  const known = publicKeys.get(url);
  if (known !== undefined) return known;
  const certificate = await get(url);
  if (certificate === null) return null;
  const { publicKey } = new X509Certificate(certificate);
  if (publicKeys.size >= maxKeys) publicKeys.clear();
  publicKeys.set(url, publicKey);
  return publicKey;
}
