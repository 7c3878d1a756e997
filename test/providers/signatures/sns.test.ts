import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { certificateOf, certificatePath } from '../../../infra/local/services/sns-signing.ts';
import { snsEndpointOf, snsEnvelopeIn, verifySns } from '../../../shared/providers/signatures/sns.ts';
import { snsMessage } from '../../fixtures/ses/signing.ts';
import { noon } from '../../rigs/arbitrary-events.ts';

const newKey = () =>
  generateKeyPairSync('rsa', { modulusLength: 1024 })
    .privateKey.export({ type: 'pkcs8', format: 'der' })
    .toString('base64');
const signingKey = newKey();
const certificate = await certificateOf(signingKey);

const topic = 'arn:aws:sns:eu-west-1:123456789012:mail';
const host = 'https://sns.eu-west-1.amazonaws.com';
const message = (changes: Readonly<Record<string, string>> = {}, version: '1' | '2' = '2', arn = topic) =>
  snsMessage(`${arn} ${signingKey}`, noon, { Message: '{}', ...changes }, version);
const confirmation = { Token: 'token', SubscribeURL: 'https://example.com/' };

interface Given {
  readonly topics?: readonly string[];
  readonly header?: string;
  readonly get?: (url: string) => Promise<string | null>;
}

const verify = (sent: object, { topics = [topic], header, get = async () => certificate }: Given = {}) =>
  verifySns(
    {
      method: 'POST',
      url: '/',
      headers: header === undefined ? {} : { 'x-amz-sns-message-type': header },
      body: Buffer.from(JSON.stringify(sent)),
      receivedAt: noon,
    },
    topics,
    get,
  );

describe('a message of Amazon SNS', () => {
  it.each(['1', '2'] as const)('is genuine by signature version %s, each of its types', async version => {
    expect(await verify(message({}, version))).toEqual([]);
    expect(await verify(message({ Subject: 'Amazon SES' }, version), { header: 'Notification' })).toEqual([]);
    for (const Type of ['SubscriptionConfirmation', 'UnsubscribeConfirmation']) {
      expect(await verify(message({ Type, ...confirmation }, version), { header: Type })).toEqual([]);
    }
  });

  it('is genuine if Lambda gives its missing subject as null', async () => {
    expect(await verify({ ...message(), Subject: null })).toEqual([]);
  });

  it('is genuine if its topic is one of several, with blanks around', async () => {
    expect(await verify(message(), { topics: ['', 'arn:aws:sns:us-east-1:1:x', ` ${topic}\n`] })).toEqual([]);
  });

  it.each([
    ['none', []],
    ['a blank', [' ']],
    ['no ARN', ['mail']],
    ['an ARN of something else', ['arn:aws:sqs:eu-west-1:123456789012:mail']],
    ['an ARN with more in front', [`x${topic}`]],
    ['an ARN with more behind', [`${topic}:x`]],
  ])('is not believed if the configured topic is %s', async (_, topics) => {
    expect(await verify(message(), { topics })).toBe('no_secret_configured');
  });

  it.each([
    ['is no message', { hello: 'world' }],
    ['has another type', { ...message(), Type: 'Other' }],
    ['has no signature', { ...message(), Signature: undefined }],
    ['has an empty signature', { ...message(), Signature: '' }],
    ['has no signature version', { ...message(), SignatureVersion: undefined }],
    ['names no certificate', { ...message(), SigningCertURL: undefined }],
  ])('misses its signature if it %s', async (_, sent) => {
    expect(await verify(sent)).toBe('missing_signature');
  });

  it.each([
    ['another type in the header', message(), { header: 'SubscriptionConfirmation' }],
    ['an empty type in the header', message(), { header: '' }],
    ['an unknown version', { ...message(), SignatureVersion: '3' }, {}],
    ['a version that objects have', { ...message(), SignatureVersion: 'toString' }, {}],
    ['a signature that is no base64', { ...message(), Signature: '%%%' }, {}],
    ['a signature of more than 1,000 characters', { ...message(), Signature: 'A'.repeat(1_004) }, {}],
  ])('is malformed with %s', async (_, sent, given) => {
    expect(await verify(sent, { ...given, get: () => Promise.reject(new Error('fetched')) })).toBe(
      'malformed_signature',
    );
  });

  it('may have a signature of up to 1,000 characters', async () => {
    expect(await verify({ ...message(), Signature: 'A'.repeat(1_000) })).toBe('wrong_signature');
  });

  const file = certificatePath(signingKey);
  it.each([
    ['another scheme', `http://sns.eu-west-1.amazonaws.com${file}`],
    ['another region', `https://sns.us-east-1.amazonaws.com${file}`],
    ['another folder', `${host}/x${file}`],
    ['more behind it', `${host}${file}?x`],
    ['more in front', `x${host}${file}`],
    ['another name', `${host}/other.pem`],
    ['a name that only ends so', `${host}/xSimpleNotificationService-1.pem`],
    ['no id in its name', `${host}/SimpleNotificationService-.pem`],
    ['an id of 65 letters', `${host}/SimpleNotificationService-${'a'.repeat(65)}.pem`],
    ['the word "undefined" for a name', `${host}/undefined`],
    ['the word "undefined" for a path', `${host}undefined`],
  ])('is malformed if the URL of its certificate has %s, and nothing is fetched', async (_, SigningCertURL) => {
    const get = () => Promise.reject(new Error('fetched'));
    expect(await verify({ ...message(), SigningCertURL }, { get })).toBe('malformed_signature');
  });

  it.each([
    ['its topic is not configured', message({}, '2', 'arn:aws:sns:eu-west-1:999999999999:mail'), {}],
    ['a configured text is no topic', message({}, '2', 'mail'), { topics: [topic, 'mail'] }],
  ])('is refused if %s, and nothing is fetched', async (_, sent, given) => {
    const get = () => Promise.reject(new Error('fetched'));
    expect(await verify(sent, { ...given, get })).toBe('wrong_signature');
  });

  it.each(['Message', 'MessageId', 'Timestamp', 'Subject'])('is refused if its %s was changed', async field => {
    expect(await verify({ ...message({ Subject: 's' }), [field]: 'changed' })).toBe('wrong_signature');
  });

  it.each(['Token', 'SubscribeURL', 'Message', 'MessageId', 'Timestamp'])(
    'is refused if the %s was changed with which a subscription is confirmed or ended',
    async field => {
      for (const Type of ['SubscriptionConfirmation', 'UnsubscribeConfirmation']) {
        expect(await verify({ ...message({ Type, ...confirmation }), [field]: 'changed' })).toBe('wrong_signature');
      }
    },
  );

  it('is refused if it is said to be of another type, or of the other version', async () => {
    const ended = message({ Type: 'UnsubscribeConfirmation', ...confirmation });
    expect(await verify({ ...ended, Type: 'SubscriptionConfirmation' })).toBe('wrong_signature');
    expect(await verify({ ...message(), SignatureVersion: '1' })).toBe('wrong_signature');
  });

  it('is refused if SNS has no certificate of that name, and asked for again if SNS is out of reach', async () => {
    const SigningCertURL = `${host}/SimpleNotificationService-${'0'.repeat(64)}.pem`;
    expect(await verify({ ...message(), SigningCertURL }, { get: async () => null })).toBe('wrong_signature');
    const get = () => Promise.reject(new Error('out of reach'));
    await expect(verify({ ...message(), SigningCertURL }, { get })).rejects.toThrow('out of reach');
  });
});

describe('a certificate of Amazon SNS', () => {
  const named = (name: string) => ({ ...message(), SigningCertURL: `${host}/SimpleNotificationService-${name}.pem` });
  const counting = () => {
    const fetched: string[] = [];
    const get = async (url: string) => {
      fetched.push(url);
      return certificate;
    };
    return { fetched, get };
  };

  it('is fetched once', async () => {
    const { fetched, get } = counting();
    for (let time = 0; time < 2; time += 1) expect(await verify(named('once'), { get })).toEqual([]);
    expect(fetched).toEqual([`${host}/SimpleNotificationService-once.pem`]);
  });

  it('is kept beside others', async () => {
    const { fetched, get } = counting();
    for (const name of ['one', 'two', 'one', 'two']) expect(await verify(named(name), { get })).toEqual([]);
    expect(fetched).toHaveLength(2);
  });

  it('is kept among the last hundred, so that invented names take no memory', async () => {
    const { fetched, get } = counting();
    for (let index = 0; index < 100; index += 1) await verify(named(`many${index}`), { get });
    expect(fetched).toHaveLength(100);
    // A full store of keys starts anew.
    for (let index = 0; index < 100; index += 1) await verify(named(`more${index}`), { get });
    await verify(named('more99'), { get });
    await verify(named('many0'), { get });
    expect(fetched.slice(200)).toEqual([`${host}/SimpleNotificationService-many0.pem`]);
  });
});

describe('the endpoint of Amazon SNS', () => {
  it.each([
    [topic, host],
    ['arn:aws:sns:ap-southeast-2:123456789012:mail.fifo', 'https://sns.ap-southeast-2.amazonaws.com'],
    ['arn:aws-cn:sns:cn-north-1:123456789012:mail', 'https://sns.cn-north-1.amazonaws.com.cn'],
    ['arn:aws-us-gov:sns:us-gov-west-1:123456789012:mail', 'https://sns.us-gov-west-1.amazonaws.com'],
    [`arn:aws:sns:eu-west-1:123456789012:${'m'.repeat(256)}`, host],
  ])('of %s is %s', (arn, endpoint) => {
    expect(snsEndpointOf(arn)).toBe(endpoint);
  });

  it.each([
    '',
    'arn:aws:sns:eu-west-1:123456789012:',
    'arn:aws:sns:eu-west-1:123456789012:mail/x',
    'arn:aws:sns:eu-west-1:123456789012:mail.fifo.fifo',
    `arn:aws:sns:eu-west-1:123456789012:${'m'.repeat(257)}`,
    'arn:aws:sns:eu-west-1:12345678901:mail',
    'arn:aws:sns:evil.example/:123456789012:mail',
    'arn:aws:sns:eu-west-:123456789012:mail',
    'arn:aws:sns:eu-1:123456789012:mail',
    'arn:aws:sns:europe-west-1:123456789012:mail',
    'arn:aws-iso:sns:us-iso-east-1:123456789012:mail',
    'arn:aws:sqs:eu-west-1:123456789012:mail',
    `x${topic}`,
    `${topic}\n`,
  ])('is not there for %j', arn => {
    expect(snsEndpointOf(arn)).toBeNull();
  });
});

describe('the envelope of a message of Amazon SNS', () => {
  it('is read with all its fields', () => {
    const sent = message({ Type: 'SubscriptionConfirmation', Subject: 's', ...confirmation });
    const { UnsubscribeURL: _, ...fields } = sent;
    expect(snsEnvelopeIn(Buffer.from(JSON.stringify(sent)))).toEqual(fields);
  });

  it.each(['Type', 'MessageId', 'TopicArn', 'Message', 'Timestamp'])('is not there without its %s', field => {
    expect(snsEnvelopeIn(Buffer.from(JSON.stringify({ ...message(), [field]: undefined })))).toBeNull();
    expect(snsEnvelopeIn(Buffer.from(JSON.stringify({ ...message(), [field]: 7 })))).toBeNull();
  });

  it('is read up to 600 KB, and not beyond', () => {
    const sized = (bytes: number) => {
      const empty = Buffer.byteLength(JSON.stringify(message({ Message: '' })));
      return Buffer.from(JSON.stringify({ ...message({ Message: '' }), Message: 'x'.repeat(bytes - empty) }));
    };
    expect(sized(600 * 1024)).toHaveLength(600 * 1024);
    expect(snsEnvelopeIn(sized(600 * 1024))).not.toBeNull();
    expect(snsEnvelopeIn(sized(600 * 1024 + 1))).toBeNull();
  });

  it.each(['', 'hello', '[]', 'null', '7'])('is not there in %j', text => {
    expect(snsEnvelopeIn(Buffer.from(text))).toBeNull();
  });
});
