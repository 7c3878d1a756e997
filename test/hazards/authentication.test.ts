import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGet } from '../../functions/ingest/http-get.ts';
import { certificateOf, certificatePath, snsSigningKey } from '../../infra/local/services/sns-signing.ts';
import { createSecretPair } from '../../infra/local/services/webhook-secrets.ts';
import { type ProviderName, providers } from '../../shared/providers/registry.ts';
import { fixture } from '../fixtures/fixtures.ts';
import { snsMessage } from '../fixtures/ses/signing.ts';
import { providerNames, schemes, signedRequest } from '../fixtures/signing.ts';
import { type Signed, seconds } from '../fixtures/signing-scheme.ts';
import { snsGet } from '../fixtures/sns.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { cpuMs } from '../rigs/cpu-time.ts';
import { type LiveIngest, type Outcome, sampleBody, sampleType, startLiveIngest } from './live-ingest.ts';
import { proofOf, signedAt, standardKey, withProof } from './proofs.ts';

let live: LiveIngest;
beforeAll(async () => {
  live = await startLiveIngest();
});
afterAll(() => live?.stop());
beforeEach(() => live.reset());

const genuine = (name: ProviderName, at = noon) => live.sign(name, sampleBody(name), at, { type: sampleType(name) });
const ofKind = (...kinds: readonly string[]) =>
  providerNames.filter(name => kinds.includes(providers[name].secretKind));
const withHeader = (signed: Signed, name: string, value: string): Signed => ({
  ...signed,
  headers: { ...signed.headers, [name]: value },
});

/** ZeptoMail's test of a URL is not signed: what comes in its name unsigned is answered 200, and counted as refused. */
const unsignedStatus = (name: ProviderName) => (name === 'zeptomail' ? 200 : 401);

/** Several requests, none genuine: nothing of them stored, one line for each. */
async function expectAllRefused(
  name: ProviderName,
  outcomes: readonly Outcome[],
  refusal: unknown = expect.anything(),
) {
  expect(outcomes.length).toBeGreaterThan(0);
  for (const { status, lines } of outcomes) {
    expect(status).toBe(401);
    expect(lines).toMatchObject([{ message: 'webhook.refused', provider: name, refusal }]);
  }
  await live.expectNothingKept();
}

/** The first long run of letters and digits: the signature itself, without the words around it. */
const encoded = /(?<![A-Za-z0-9+/%])[A-Za-z0-9+/%]{20,}=*/;
const another = (letter: string | undefined) => (letter === 'a' ? 'b' : 'a');

const damages: Record<string, (proof: string) => string | undefined> = {
  '1 no header': () => undefined,
  '2 an empty header': () => '',
  '3 a blank header': () => '   ',
  '4 a proof of another length': proof =>
    proof.replace(encoded, found => found.slice(0, Math.floor(found.length / 8) * 4)),
  '5 a proof that is neither hex nor base64': proof => proof.replace(encoded, found => '!'.repeat(found.length)),
  '6 a truncated proof': proof => proof.replace(encoded, found => found.slice(0, -1)),
  '7 a good proof and trailing junk': proof => proof.replace(encoded, found => `${found}AAAA`),
  '8 two headers joined by a comma, none of them good': proof => {
    const wrong = proof.replace(encoded, found => another(found[0]) + found.slice(1));
    return `${wrong}, ${wrong}`;
  },
};

describe.each(providerNames)('what is sent in the name of %s with', name => {
  it.each(Object.entries(damages))('%s: 401', async (_, damage) => {
    const signed = genuine(name);
    const proof = damage(proofOf(name, signed));
    const outcome = await live.send(name, withProof(name, signed, proof));
    await live.expectRefused(outcome, name, proof?.trim() ? 401 : unsignedStatus(name));
    // That it was the damage, and nothing else.
    expect((await live.send(name, withProof(name, signed, proofOf(name, signed)))).counts).toMatchObject({
      recorded: 1,
    });
  });
});

const versions = [
  ['v1,', 'v2,'],
  ['v1,', 'v1a,'],
  ['v1=', 'v2='],
  ['sha256=', 'sha512='],
  ['HmacSHA256', 'HmacSHA512'],
  ['Basic ', 'Bearer '],
] as const;

describe('a signature', () => {
  it.each(versions)('9 of an unknown version only, %s as %s: 401', async (known, unknown) => {
    const names = providerNames.filter(
      name => schemes[name].header !== null && proofOf(name, genuine(name)).includes(known),
    );
    expect(names).not.toEqual([]);
    for (const name of names) {
      const signed = genuine(name);
      const proof = proofOf(name, signed).replace(known, unknown);
      await expectAllRefused(name, [await live.send(name, withProof(name, signed, proof))], 'malformed_signature');
    }
  });

  it.each([
    // DER: a sequence of two integers that are zero.
    ['sendgrid', 'MAYCAQACAQA='],
    ['postal', Buffer.alloc(256).toString('base64')],
    ['ses', Buffer.alloc(256).toString('base64')],
  ] as const)('10 of %s with r = s = 0, or of nothing but zeros: 401', async (name, proof) => {
    const outcome = await live.send(name, withProof(name, genuine(name), proof));
    expect(await live.expectRefused(outcome, name)).toBe('wrong_signature');
  });

  it.each(['sendgrid', 'postal'] as const)(
    '11 of %s by a key of another curve, under our key or its own: 401',
    async name => {
      const kinds = [
        generateKeyPairSync('ec', { namedCurve: 'P-384' }),
        generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
        ...(name === 'postal' ? [generateKeyPairSync('ec', { namedCurve: 'P-256' })] : []),
      ];
      for (const { publicKey, privateKey } of kinds) {
        const signed = genuine(name);
        const signer = createSign('sha256');
        if (name === 'sendgrid') signer.update(seconds(noon));
        const proof = signer.update(signed.body).sign(privateKey).toString('base64');
        const forged = withProof(name, signed, proof);
        const own = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
        await expectAllRefused(name, [await live.send(name, forged)], 'wrong_signature');
        await expectAllRefused(name, [await live.send(name, forged, { secrets: [own] })], 'no_secret_configured');
      }
    },
  );

  const hmacs = providerNames.filter(
    name => (isDecoded(name) || providers[name].secretKind === 'text') && !isInUrl(name),
  );

  /** Signed with a key that is no secret of anybody. */
  const signedWith = (name: ProviderName, key: string | Buffer): Signed => {
    if (!isDecoded(name))
      return signedRequest(name, key.toString(), sampleBody(name), noon, { type: sampleType(name) });
    const signed = genuine(name);
    const prefix = name === 'resend' ? 'svix' : 'webhook';
    const { [`${prefix}-id`]: id, [`${prefix}-timestamp`]: at } = signed.headers;
    const made = createHmac('sha256', key).update(`${id}.${at}.`).update(signed.body).digest('base64');
    return withProof(name, signed, proofOf(name, signed).replace(encoded, made));
  };

  it.each(hmacs)('12 of %s by HMAC with an empty key, whatever is configured: 401', async name => {
    const forged = signedWith(name, '');
    const configured = [undefined, [], [''], [' '], ['whsec_']];
    const outcomes = await Promise.all(
      configured.map(secrets => live.send(name, forged, secrets === undefined ? {} : { secrets })),
    );
    await expectAllRefused(name, outcomes);
  });

  it.each(providerNames.filter(name => hmacs.includes(name) || isInUrl(name) || ofKind('basic-auth').includes(name)))(
    '13 of %s by the key "undefined" or "null": 401',
    async name => {
      const keys = providers[name].secretKind === 'basic-auth' ? ['undefined:undefined', ':'] : ['undefined', 'null'];
      const decoded = isDecoded(name) ? keys.map(standardKey) : [];
      for (const key of [...keys, ...decoded]) {
        const forged = signedWith(name, key);
        const outcomes = [await live.send(name, forged), await live.send(name, forged, { secrets: [] })];
        await expectAllRefused(name, outcomes);
      }
    },
  );

  it.each(providerNames.filter(name => schemes[name].bodyIsCovered))(
    '14 of %s over the JSON written anew: 401',
    async name => {
      const signed = genuine(name);
      const text = sampleBody(name).toString();
      const anew = JSON.stringify(JSON.parse(text));
      expect(anew).not.toBe(text);
      const other = live.sign(name, Buffer.from(anew), noon);
      const forged =
        schemes[name].header === null
          ? withProof(name, signed, proofOf(name, other))
          : { ...signed, headers: other.headers };
      expect(await live.expectRefused(await live.send(name, forged), name)).toBe('wrong_signature');
    },
  );

  // Decided: a signature has one spelling. Every provider here writes its hex in lower case.
  it.each(['mailgun', 'mailersend', 'mailtrap', 'usesend', 'emailit', 'unisendergo', 'mailomat'] as const)(
    '15 of %s in upper-case hex: 401',
    async name => {
      const signed = genuine(name);
      const proof = proofOf(name, signed).replace(encoded, hex => hex.toUpperCase());
      await live.expectRefused(await live.send(name, withProof(name, signed, proof)), name);
    },
  );
});

describe.each(providerNames.filter(name => schemes[name].oldestMinutes !== null))('a well-signed time of %s', name => {
  const minute = 60_000;
  const inMillis = name === 'usesend';
  const unix = (at: number) => (inMillis ? String(at) : seconds(at));
  const send = (time: string, receivedAt = noon) =>
    live.send(name, signedAt(name, genuine(name), time, live.pairs[name].signs), { receivedAt });
  const oldest = schemes[name].oldestMinutes! * minute;
  const furthest = Math.min(oldest, 10 * minute);

  it('16 that is missing: 401', async () => {
    const { timestamp } = schemes[name];
    const { [timestamp ?? '']: _, ...headers } = signedAt(name, genuine(name), '', live.pairs[name].signs).headers;
    const without = timestamp === null ? [] : [await live.send(name, { ...genuine(name), headers })];
    // In a body, an empty text is no time of the right form; in a header it is none at all.
    const outcomes = [...without, await send(''), await send(' ')];
    await expectAllRefused(name, outcomes, timestamp === null ? 'malformed_signature' : 'missing_signature');
  });

  const malformed: Record<string, readonly string[]> = {
    '17 NaN, 1e9, 0x5f, or with trailing junk': [
      'NaN',
      '1e9',
      '0x5f',
      `${unix(noon)}x`,
      `${unix(noon)} 1`,
      `${unix(noon)}.0`,
    ],
    '18 in milliseconds for seconds, or the other way round': [inMillis ? seconds(noon) : String(noon)],
    '21 negative, or 2^53': [`-${unix(noon)}`, '-1', String(2 ** 53), '9007199254740993'],
  };
  it.each(Object.entries(malformed))('%s: 401', async (_, times) => {
    for (const time of times)
      expect(await live.expectRefused(await send(time), name), time).toBe('malformed_signature');
  });

  it('19 beyond the window ahead: 401; at its end it is taken', async () => {
    const late = await send(unix(noon), noon - furthest - 1_000);
    expect(await live.expectRefused(late, name)).toBe('stale_timestamp');
    expect((await send(unix(noon), noon - furthest)).counts).toMatchObject({ recorded: 1 });
  });

  it('20 beyond the window behind: 401; at its end it is taken', async () => {
    const late = await send(unix(noon), noon + oldest + 1_000);
    expect(await live.expectRefused(late, name)).toBe('stale_timestamp');
    expect((await send(unix(noon), noon + oldest)).counts).toMatchObject({ recorded: 1 });
  });
});

describe('what was signed once proves nothing else:', () => {
  it('22 a Mailgun token used again with another body: 401; with its own body it is a retry', async () => {
    const signed = genuine('mailgun');
    expect((await live.send('mailgun', signed)).counts).toMatchObject({ recorded: 1 });
    const { signature } = JSON.parse(signed.body.toString());
    const event = { ...JSON.parse(fixture('mailgun', 'complained').toString()), id: 'another' };
    const other = Buffer.from(JSON.stringify({ signature, 'event-data': event }));
    const outcome = await live.send('mailgun', { ...signed, body: other }, { receivedAt: noon + 60_000 });
    expect(outcome.status).toBe(401);
    expect(outcome.lines).toMatchObject([{ message: 'webhook.refused', provider: 'mailgun' }]);
    expect(await live.stored()).toMatchObject([
      { events: [{ providerEvent: JSON.parse(sampleBody('mailgun').toString()).event }] },
    ]);
    const retry = await live.send('mailgun', signed, { receivedAt: noon + 3_600_000 });
    expect(retry.counts).toMatchObject({ recorded: 0, duplicate: 1 });
  });

  it('22 a Mailomat id used again with another body: 401; with its own body it is a retry', async () => {
    const signed = live.sign('mailomat', fixture('mailomat', 'failure_perm'));
    expect((await live.send('mailomat', signed)).counts).toMatchObject({ recorded: 1 });
    const other = Buffer.from(signed.body.toString().replaceAll('jane@example.com', 'omar@example.com'));
    const outcome = await live.send('mailomat', { ...signed, body: other }, { receivedAt: noon + 60_000 });
    expect(outcome.status).toBe(401);
    expect(outcome.lines).toMatchObject([
      { message: 'webhook.refused', provider: 'mailomat', refusal: 'reused_nonce' },
    ]);
    expect(await live.stored()).toMatchObject([{ recipient: 'jane@example.com' }]);
    const retry = await live.send('mailomat', signed, { receivedAt: noon + 3_600_000 });
    expect(retry.counts).toMatchObject({ recorded: 0, duplicate: 1 });
  });

  it('23 Mandrill signed for another URL: 401', async () => {
    const url = 'https://api.example.com/webhooks/mandrill';
    const outcomes = [];
    for (const other of [
      'https://evil.example.com/webhooks/mandrill',
      `${url}/`,
      `${url}?a=b`,
      url.replace('https', 'http'),
    ]) {
      const signed = live.sign('mandrill', sampleBody('mandrill'), noon, { url: other });
      outcomes.push(await live.send('mandrill', { ...signed, url }));
    }
    await expectAllRefused('mandrill', outcomes, 'wrong_signature');
  });

  const twice: Partial<Record<ProviderName, () => readonly Signed[]>> = {
    mandrill() {
      const one = genuine('mandrill');
      const events = sampleBody('mandrill').toString();
      const overBoth = live.sign('mandrill', Buffer.from(`${events}mandrill_events${events}`));
      const body = Buffer.from(`${one.body}&${one.body}`);
      return [
        { ...one, body },
        { ...overBoth, body },
      ];
    },
    zeptomail() {
      const form = live.sign('zeptomail', fixture('zeptomail', 'open.as-form.form'), noon, { type: 'form' });
      return [{ ...form, body: Buffer.from(`${form.body}&${form.body}`) }];
    },
    ...Object.fromEntries(
      providerNames.filter(isInUrl).map(name => [
        name,
        () => {
          const one = genuine(name);
          return [`${one.url}&secret=wrong`, one.url.replace('?', '?secret=wrong&')].map(url => ({ ...one, url }));
        },
      ]),
    ),
  };
  it.each(Object.entries(twice))('24 a key twice in the form or the query of %s: 401', async (name, requests) => {
    const provider = name as ProviderName;
    const outcomes = [];
    for (const request of requests!()) outcomes.push(await live.send(provider, request));
    await expectAllRefused(provider, outcomes);
  });

  // A sender's variables may have the names of its fields.
  it('24 a key twice in the form of mailgun: the same event, or refused where what proves it is not the last', async () => {
    const form = live.sign('mailgun', fixture('mailgun', 'opened.legacy.form'), noon, { type: 'form' });
    const proof = Object.fromEntries(new URLSearchParams(form.body.toString()));
    const added = (fields: string) => live.send('mailgun', { ...form, body: Buffer.from(`${form.body}&${fields}`) });
    expect((await live.send('mailgun', form)).counts).toMatchObject({ recorded: 1 });
    for (const fields of ['event=complained', 'recipient=joe%40example.com', `token=${proof.token}`]) {
      expect((await added(fields)).counts, fields).toMatchObject({ received: 1, recorded: 0, duplicate: 1 });
    }
    for (const name of ['token', 'timestamp', 'signature']) {
      expect((await added(`${name}=${'1'.repeat(10)}`)).status, name).toBe(401);
    }
  });

  it.each(['smtp2go', 'elasticemail'] as const)(
    '24 a key twice in a form of %s, where the form is not what proves it: kept in quarantine',
    async name => {
      const form = fixture(name, name === 'smtp2go' ? 'delivered.as-form.form' : 'Sent.form');
      const [first] = form.toString().split('&');
      const signed = live.sign(name, Buffer.from(`${form}&${first}`), noon, { type: 'form' });
      await live.expectQuarantined(await live.send(name, signed), name, 'unexpected_shape');
    },
  );
});

describe.each(ofKind('basic-auth'))('basic authentication of %s', name => {
  const base64 = (text: string, encoding: BufferEncoding = 'utf8') => Buffer.from(text, encoding).toString('base64');
  const send = (authorization: string, secrets: readonly string[]) =>
    live.send(name, withHeader(genuine(name), 'authorization', authorization), { secrets });

  it('25 without a colon: 401, whether the secret has one or not', async () => {
    const credentials = `Basic ${base64('userpassword')}`;
    expect(await live.expectRefused(await send(credentials, ['user:password']), name)).toBe('malformed_signature');
    expect(await live.expectRefused(await send(credentials, ['userpassword']), name)).toBe('no_secret_configured');
  });

  it('25 that is not UTF-8: 401', async () => {
    const outcome = await send(`Basic ${base64('user:pässword', 'latin1')}`, ['user:pässword', 'user:p\ufffdssword']);
    expect(await live.expectRefused(outcome, name)).toBe('malformed_signature');
  });

  it('25 with a colon in the password, or its scheme in any case: taken', async () => {
    const secrets = ['user:pass:word:'];
    for (const scheme of ['Basic', 'basic', 'BASIC']) {
      const { status, counts } = await send(`${scheme} ${base64('user:pass:word:')}`, secrets);
      expect([status, counts.received]).toEqual([200, 1]);
    }
    expect(await live.stored()).toHaveLength(1);
    expect((await send(`Basic ${base64('user:pass:word')}`, secrets)).status).toBe(401);
  });

  it('26 a huge Authorization: 401 at once, even if it were right', async () => {
    const huge = `user:${'x'.repeat(5_000_000)}`;
    const spent = await cpuMs(async () => {
      expect(await live.expectRefused(await send(`Basic ${base64(huge)}`, [huge]), name)).toBe('malformed_signature');
    });
    expect(spent).toBeLessThan(1_000);
  });
});

describe.each(providerNames)('in the name of %s,', name => {
  it("27 another account's key: 401", async () => {
    const { signs } = createSecretPair(providers[name].secretKind);
    const signed = signedRequest(name, signs, sampleBody(name), noon, { type: sampleType(name) });
    expect(await live.expectRefused(await live.send(name, signed), name)).toBe('wrong_signature');
  });

  it("28 another provider's signature: 401", async () => {
    const url = `https://api.example.com/webhooks/${name}`;
    for (const other of providerNames.filter(each => each !== name)) {
      const signed = live.sign(other, sampleBody(name), noon, { type: sampleType(name), url });
      const { status, lines } = await live.send(name, signed);
      expect([other, status]).toEqual([other, signed.headers['producer-signature'] ? 401 : unsignedStatus(name)]);
      expect(lines).toMatchObject([{ message: 'webhook.refused', provider: name }]);
    }
    await live.expectNothingKept();
  });

  it('36 the secrets out of reach: asked for again, and nothing stored', async () => {
    const { status, answer, lines } = await live.send(name, genuine(name), { secrets: 'unreachable' });
    // To those of SNS a 4xx is a receipt.
    expect(status).toBe(name === 'ses' || name === 'scaleway' ? 503 : 429);
    expect(answer.headers['retry-after']).toMatch(/^\d+$/);
    expect(lines).toMatchObject([{ message: 'webhook.unavailable', provider: name, cause: 'secrets: Error' }]);
    await live.expectNothingKept();
  });
});

describe('a message of Amazon SNS', () => {
  const foreignTopic = 'arn:aws:sns:us-east-1:999999999999:mail';
  const Message = fixture('ses', 'Delivery').toString();
  const ofTopic = (topic: string, fields: Readonly<Record<string, string>> = { Message }, version: '1' | '2' = '2') =>
    snsMessage(`${topic} ${snsSigningKey()}`, noon, fields, version);
  const ours = (fields?: Readonly<Record<string, string>>) => ofTopic(live.pairs.ses.verifies, fields);
  /** What was asked of the outside world besides SNS's own certificate. */
  const send = async (message: object, headers: Record<string, string> = {}, get = snsGet) => {
    const fetched: string[] = [];
    const outcome = await live.send(
      'ses',
      { headers, body: Buffer.from(JSON.stringify(message)) },
      {
        get: async url => {
          const answer = await get(url);
          if (answer === null || !url.endsWith('.pem')) fetched.push(url);
          return answer;
        },
      },
    );
    return { outcome, fetched };
  };

  it('29 of a foreign topic, with a good signature: 401', async () => {
    const foreign = ofTopic(foreignTopic);
    for (const message of [foreign, { ...foreign, TopicArn: live.pairs.ses.verifies }]) {
      const { outcome, fetched } = await send(message);
      expect(await live.expectRefused(outcome, 'ses')).toBe('wrong_signature');
      expect(fetched).toEqual([]);
    }
  });

  const path = certificatePath(snsSigningKey());
  it.each([
    ['http', `http://sns.us-east-1.amazonaws.com${path}`],
    ['userinfo', `https://sns.us-east-1.amazonaws.com@evil.example${path}`],
    ['userinfo before the host', `https://user:password@sns.us-east-1.amazonaws.com${path}`],
    ['a port', `https://sns.us-east-1.amazonaws.com:8443${path}`],
    ['the default port', `https://sns.us-east-1.amazonaws.com:443${path}`],
    ['a query', `https://sns.us-east-1.amazonaws.com${path}?a=b.pem`],
    ['a fragment', `https://sns.us-east-1.amazonaws.com${path}#.pem`],
    ['the host of a bucket', `https://sns.us-east-1.amazonaws.com.s3.amazonaws.com${path}`],
    ['a look-alike', `https://sns.us-east-1.amazonaws.com.evil.example${path}`],
    ['a look-alike without its dot', `https://sns.us-east-1.amazonawsxcom${path}`],
    ['another region', `https://sns.eu-west-1.amazonaws.com${path}`],
    ['a redirect', `https://sns.us-east-1.amazonaws.com/redirect?to=https://evil.example${path}`],
    ['a wrong path', `https://sns.us-east-1.amazonaws.com/uploads${path}`],
    ['a path out of its folder', `https://sns.us-east-1.amazonaws.com/../evil${path}`],
    ['a backslash', `https://sns.us-east-1.amazonaws.com\\@evil.example${path}`],
    ['a dot of Unicode', `https://sns.us-east-1\u3002amazonaws.com${path}`],
    ['a metadata address', `http://169.254.169.254${path}`],
  ])('30 whose certificate URL has %s: 401, and nothing is fetched', async (_, SigningCertURL) => {
    const get = () => Promise.reject(new Error('fetched'));
    const { outcome } = await send({ ...ours(), SigningCertURL }, {}, get);
    expect(await live.expectRefused(outcome, 'ses')).toBe('malformed_signature');
  });

  it('30 whose certificate is answered with a redirect: it is not followed, and the message is asked for again', async () => {
    const asked: string[] = [];
    const server = createServer(({ url }, response) => {
      asked.push(url!);
      response.writeHead(302, { location: '/elsewhere.pem' }).end();
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    try {
      const get = createGet(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      // Of a certificate that nobody knows yet: those once fetched are kept.
      const SigningCertURL = 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-redirected.pem';
      const { outcome } = await send({ ...ours(), SigningCertURL }, {}, url => get(url, AbortSignal.timeout(1_000)));
      // SNS is out of reach, so that nothing can be said of the message: refusing it would lose it, if it is genuine.
      expect(outcome.status).toBe(503);
      expect(asked).toEqual(['/SimpleNotificationService-redirected.pem']);
      await live.expectNothingKept();
    } finally {
      await new Promise(resolve => server.close(resolve));
    }
  });

  it('31 whose header names another type than its body: 401', async () => {
    for (const type of ['SubscriptionConfirmation', 'UnsubscribeConfirmation', 'notification', '']) {
      const { outcome, fetched } = await send(ours(), { 'x-amz-sns-message-type': type });
      expect(await live.expectRefused(outcome, 'ses')).toBe('malformed_signature');
      expect(fetched).toEqual([]);
    }
  });

  it.each(['3', '2 ', ' 1', '02', '1.0', '2,1', 'toString'])(
    '32 of signature version "%s": 401',
    async SignatureVersion => {
      const { outcome } = await send({ ...ours(), SignatureVersion });
      expect(await live.expectRefused(outcome, 'ses')).toBe('malformed_signature');
    },
  );

  const metadataAddress = 'http://169.254.169.254/latest/meta-data/iam/security-credentials/';
  const confirmation = {
    Type: 'SubscriptionConfirmation',
    Message: 'You have chosen to subscribe.',
    Token: '2336412f37',
  };

  it('33 that wants an unknown topic confirmed: 401, and nothing is confirmed', async () => {
    const message = ofTopic(foreignTopic, { ...confirmation, SubscribeURL: metadataAddress });
    const { outcome, fetched } = await send(message, { 'x-amz-sns-message-type': 'SubscriptionConfirmation' });
    expect(await live.expectRefused(outcome, 'ses')).toBe('wrong_signature');
    expect(fetched).toEqual([]);
  });

  it('34 whose UnsubscribeURL is a metadata address: 401 where it is forged; no URL of a message is ever fetched', async () => {
    const forged = await send({ ...ours(), Message: '{}', UnsubscribeURL: metadataAddress });
    await live.expectRefused(forged.outcome, 'ses');
    // SNS does not sign that field: a genuine message stays genuine, whatever somebody puts there.
    const taken = await send({ ...ours(), UnsubscribeURL: metadataAddress });
    expect(taken.outcome.counts).toMatchObject({ recorded: 1 });
    const ended = await send(ours({ ...confirmation, Type: 'UnsubscribeConfirmation', SubscribeURL: metadataAddress }));
    expect(ended.outcome.counts).toMatchObject({ quarantined: 1 });
    for (const { fetched } of [forged, taken, ended]) expect(fetched).toEqual([]);

    const confirmed: string[] = [];
    await send(ours({ ...confirmation, SubscribeURL: metadataAddress }), {}, async url => {
      const certificate = await snsGet(url);
      if (certificate === null) confirmed.push(new URL(url).host);
      return certificate ?? '<ConfirmSubscriptionResponse/>';
    });
    expect(confirmed).toEqual(['sns.us-east-1.amazonaws.com']);
  });

  it('35 signed under a certificate of another authority: 401, wherever that certificate lies', async () => {
    const { signs } = createSecretPair('rsa');
    const certificate = await certificateOf(signs);
    const forged = snsMessage(`${live.pairs.ses.verifies} ${signs}`, noon, { Message });
    const file = certificatePath(signs);
    // SNS's own host does not have it, and no other is asked.
    const nowhere = await send(forged, {}, async url => (new URL(url).host.startsWith('sns.') ? null : certificate));
    expect(await live.expectRefused(nowhere.outcome, 'ses')).toBe('wrong_signature');
    for (const host of ['sns.us-east-1.evil.example', 'sns.us-east-1.amazonaws.com.cn']) {
      const { outcome, fetched } = await send(
        { ...forged, SigningCertURL: `https://${host}${file}` },
        {},
        async () => certificate,
      );
      expect(await live.expectRefused(outcome, 'ses')).toBe('malformed_signature');
      expect(fetched).toEqual([]);
    }
    // Nor does SNS's certificate prove what its key has not signed.
    const { SigningCertURL } = ours();
    const { outcome } = await send({ ...forged, SigningCertURL });
    expect(await live.expectRefused(outcome, 'ses')).toBe('wrong_signature');
  });
});

/** Whether a secret in the URL is all that proves a request. */
function isInUrl(name: ProviderName): boolean {
  const { header, bodyIsCovered, proofEnds } = schemes[name];
  return header === null && !bodyIsCovered && proofEnds === undefined;
}

/** Whether the key of the HMAC is base64 in the secret. */
function isDecoded(name: ProviderName): boolean {
  return ofKind('standard-webhooks', 'base64').includes(name);
}
