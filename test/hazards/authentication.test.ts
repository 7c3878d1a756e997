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

/** ZeptoMail tests a URL with an unsigned request. Unsigned requests in its name get 200 and count as refused. */
const unsignedStatus = (name: ProviderName) => (name === 'zeptomail' ? 200 : 401);

/** Checks that every request is refused with one log line, and that nothing is stored. */
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

/** Matches the first long run of letters and digits: the signature itself, without the words around it. */
const encoded = /(?<![A-Za-z0-9+/%])[A-Za-z0-9+/%]{20,}=*/;
const another = (letter: string | undefined) => (letter === 'a' ? 'b' : 'a');

const damages: Record<string, (proof: string) => string | undefined> = {
  'hazard 1: a missing header': () => undefined,
  'hazard 2: an empty header': () => '',
  'hazard 3: a blank header': () => '   ',
  'hazard 4: a proof of another length': proof =>
    proof.replace(encoded, found => found.slice(0, Math.floor(found.length / 8) * 4)),
  'hazard 5: a proof that is neither hex nor base64': proof =>
    proof.replace(encoded, found => '!'.repeat(found.length)),
  'hazard 6: a truncated proof': proof => proof.replace(encoded, found => found.slice(0, -1)),
  'hazard 7: a good proof with trailing junk': proof => proof.replace(encoded, found => `${found}AAAA`),
  'hazard 8: a header of two wrong proofs, joined by a comma,': proof => {
    const wrong = proof.replace(encoded, found => another(found[0]) + found.slice(1));
    return `${wrong}, ${wrong}`;
  },
};

describe.each(providerNames)('damaged requests of %s:', name => {
  it.each(Object.entries(damages))('%s is refused with 401', async (_, damage) => {
    const signed = genuine(name);
    const proof = damage(proofOf(name, signed));
    const outcome = await live.send(name, withProof(name, signed, proof));
    await live.expectRefused(outcome, name, proof?.trim() ? 401 : unsignedStatus(name));
    // The undamaged request is recorded, so that nothing but the damage caused the refusal.
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

describe('forged signatures:', () => {
  it.each(versions)(
    'hazard 9: a signature of an unknown version only, %s as %s, is refused with 401',
    async (known, unknown) => {
      const names = providerNames.filter(
        name => schemes[name].header !== null && proofOf(name, genuine(name)).includes(known),
      );
      expect(names).not.toEqual([]);
      for (const name of names) {
        const signed = genuine(name);
        const proof = proofOf(name, signed).replace(known, unknown);
        await expectAllRefused(name, [await live.send(name, withProof(name, signed, proof))], 'malformed_signature');
      }
    },
  );

  it.each([
    // This is the DER of a sequence of two zeros.
    ['sendgrid', 'MAYCAQACAQA='],
    ['postal', Buffer.alloc(256).toString('base64')],
    ['ses', Buffer.alloc(256).toString('base64')],
  ] as const)(
    'hazard 10: a signature of %s with r = s = 0, or of nothing but zeros, is refused with 401',
    async (name, proof) => {
      const outcome = await live.send(name, withProof(name, genuine(name), proof));
      expect(await live.expectRefused(outcome, name)).toBe('wrong_signature');
    },
  );

  it.each(['sendgrid', 'postal'] as const)(
    'hazard 11: a signature of %s by a key of another curve is refused with 401, under our key or its own',
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

  /** The sample, signed with an arbitrary key. */
  const signedWith = (name: ProviderName, key: string | Buffer): Signed => {
    if (!isDecoded(name))
      return signedRequest(name, key.toString(), sampleBody(name), noon, { type: sampleType(name) });
    const signed = genuine(name);
    const prefix = name === 'resend' ? 'svix' : 'webhook';
    const { [`${prefix}-id`]: id, [`${prefix}-timestamp`]: at } = signed.headers;
    const made = createHmac('sha256', key).update(`${id}.${at}.`).update(signed.body).digest('base64');
    return withProof(name, signed, proofOf(name, signed).replace(encoded, made));
  };

  it.each(hmacs)(
    'hazard 12: an HMAC of %s with an empty key is refused with 401, whatever is configured',
    async name => {
      const forged = signedWith(name, '');
      const configured = [undefined, [], [''], [' '], ['whsec_']];
      const outcomes = await Promise.all(
        configured.map(secrets => live.send(name, forged, secrets === undefined ? {} : { secrets })),
      );
      await expectAllRefused(name, outcomes);
    },
  );

  it.each(providerNames.filter(name => hmacs.includes(name) || isInUrl(name) || ofKind('basic-auth').includes(name)))(
    'hazard 13: a signature of %s by the key "undefined" or "null" is refused with 401',
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
    'hazard 14: a signature of %s over the same JSON in other bytes is refused with 401',
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

  // By decision, a signature has one spelling. Every provider here writes its hex in lower case.
  it.each(['mailgun', 'mailersend', 'mailtrap', 'usesend', 'emailit', 'unisendergo', 'mailomat'] as const)(
    'hazard 15: a signature of %s in upper-case hex is refused with 401',
    async name => {
      const signed = genuine(name);
      const proof = proofOf(name, signed).replace(encoded, hex => hex.toUpperCase());
      await live.expectRefused(await live.send(name, withProof(name, signed, proof)), name);
    },
  );
});

describe.each(providerNames.filter(name => schemes[name].oldestMinutes !== null))('signed times of %s:', name => {
  const minute = 60_000;
  const inMillis = name === 'usesend';
  const unix = (at: number) => (inMillis ? String(at) : seconds(at));
  const send = (time: string, receivedAt = noon) =>
    live.send(name, signedAt(name, genuine(name), time, live.pairs[name].signs), { receivedAt });
  const oldest = schemes[name].oldestMinutes! * minute;
  const furthest = Math.min(oldest, 10 * minute);

  it('hazard 16: a missing time is refused with 401', async () => {
    const { timestamp } = schemes[name];
    const { [timestamp ?? '']: _, ...headers } = signedAt(name, genuine(name), '', live.pairs[name].signs).headers;
    const without = timestamp === null ? [] : [await live.send(name, { ...genuine(name), headers })];
    // An empty text in a body is a malformed time, but an empty header counts as a missing one.
    const outcomes = [...without, await send(''), await send(' ')];
    await expectAllRefused(name, outcomes, timestamp === null ? 'malformed_signature' : 'missing_signature');
  });

  const malformed: Record<string, readonly string[]> = {
    'hazard 17: NaN, 1e9, 0x5f, or a time with trailing junk,': [
      'NaN',
      '1e9',
      '0x5f',
      `${unix(noon)}x`,
      `${unix(noon)} 1`,
      `${unix(noon)}.0`,
    ],
    'hazard 18: a time in milliseconds for seconds, or the other way round,': [inMillis ? seconds(noon) : String(noon)],
    'hazard 21: a negative time, or 2^53,': [`-${unix(noon)}`, '-1', String(2 ** 53), '9007199254740993'],
  };
  it.each(Object.entries(malformed))('%s is refused with 401', async (_, times) => {
    for (const time of times)
      expect(await live.expectRefused(await send(time), name), time).toBe('malformed_signature');
  });

  it('hazard 19: a time just beyond the allowed future is refused with 401, and one at its end is accepted', async () => {
    const late = await send(unix(noon), noon - furthest - 1_000);
    expect(await live.expectRefused(late, name)).toBe('stale_timestamp');
    expect((await send(unix(noon), noon - furthest)).counts).toMatchObject({ recorded: 1 });
  });

  it('hazard 20: a time just beyond the allowed age is refused with 401, and one at its end is accepted', async () => {
    const late = await send(unix(noon), noon + oldest + 1_000);
    expect(await live.expectRefused(late, name)).toBe('stale_timestamp');
    expect((await send(unix(noon), noon + oldest)).counts).toMatchObject({ recorded: 1 });
  });
});

describe('reused proofs:', () => {
  it('hazard 22: a Mailgun token with another body is refused with 401, and with its own body is a retry', async () => {
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

  it('hazard 22: a Mailomat id with another body is refused with 401, and with its own body is a retry', async () => {
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

  it('hazard 23: a signature of Mandrill for another URL is refused with 401', async () => {
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
  it.each(Object.entries(twice))(
    'hazard 24: a repeated key in the form or the query of %s is refused with 401',
    async (name, requests) => {
      const provider = name as ProviderName;
      const outcomes = [];
      for (const request of requests!()) outcomes.push(await live.send(provider, request));
      await expectAllRefused(provider, outcomes);
    },
  );

  // A sender's variables may have the names of its fields.
  it('hazard 24: a repeated key in a form of mailgun changes no event, or is refused if the last value proves nothing', async () => {
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
    'hazard 24: a repeated key in a form of %s, which its proof does not cover, is quarantined',
    async name => {
      const form = fixture(name, name === 'smtp2go' ? 'delivered.as-form.form' : 'Sent.form');
      const [first] = form.toString().split('&');
      const signed = live.sign(name, Buffer.from(`${form}&${first}`), noon, { type: 'form' });
      await live.expectQuarantined(await live.send(name, signed), name, 'unexpected_shape');
    },
  );
});

describe.each(ofKind('basic-auth'))('basic authentication of %s:', name => {
  const base64 = (text: string, encoding: BufferEncoding = 'utf8') => Buffer.from(text, encoding).toString('base64');
  const send = (authorization: string, secrets: readonly string[]) =>
    live.send(name, withHeader(genuine(name), 'authorization', authorization), { secrets });

  it('hazard 25: credentials without a colon are refused with 401, whether the secret has one or not', async () => {
    const credentials = `Basic ${base64('userpassword')}`;
    expect(await live.expectRefused(await send(credentials, ['user:password']), name)).toBe('malformed_signature');
    expect(await live.expectRefused(await send(credentials, ['userpassword']), name)).toBe('no_secret_configured');
  });

  it('hazard 25: credentials that are not UTF-8 are refused with 401', async () => {
    const outcome = await send(`Basic ${base64('user:pässword', 'latin1')}`, ['user:pässword', 'user:p\ufffdssword']);
    expect(await live.expectRefused(outcome, name)).toBe('malformed_signature');
  });

  it('hazard 25: a password with colons, and a scheme in any letter case, are accepted', async () => {
    const secrets = ['user:pass:word:'];
    for (const scheme of ['Basic', 'basic', 'BASIC']) {
      const { status, counts } = await send(`${scheme} ${base64('user:pass:word:')}`, secrets);
      expect([status, counts.received]).toEqual([200, 1]);
    }
    expect(await live.stored()).toHaveLength(1);
    expect((await send(`Basic ${base64('user:pass:word')}`, secrets)).status).toBe(401);
  });

  it('hazard 26: a huge Authorization header is refused with 401 at once, even with the right password', async () => {
    const huge = `user:${'x'.repeat(5_000_000)}`;
    const spent = await cpuMs(async () => {
      expect(await live.expectRefused(await send(`Basic ${base64(huge)}`, [huge]), name)).toBe('malformed_signature');
    });
    expect(spent).toBeLessThan(1_000);
  });
});

describe.each(providerNames)('requests in the name of %s:', name => {
  it("hazard 27: a signature by another account's key is refused with 401", async () => {
    const { signs } = createSecretPair(providers[name].secretKind);
    const signed = signedRequest(name, signs, sampleBody(name), noon, { type: sampleType(name) });
    expect(await live.expectRefused(await live.send(name, signed), name)).toBe('wrong_signature');
  });

  it("hazard 28: another provider's signature is refused with 401", async () => {
    const url = `https://api.example.com/webhooks/${name}`;
    for (const other of providerNames.filter(each => each !== name)) {
      const signed = live.sign(other, sampleBody(name), noon, { type: sampleType(name), url });
      const { status, lines } = await live.send(name, signed);
      expect([other, status]).toEqual([other, signed.headers['producer-signature'] ? 401 : unsignedStatus(name)]);
      expect(lines).toMatchObject([{ message: 'webhook.refused', provider: name }]);
    }
    await live.expectNothingKept();
  });

  it('hazard 36: a request is asked for again and nothing is stored while the secrets are unavailable', async () => {
    const { status, answer, lines } = await live.send(name, genuine(name), { secrets: 'unreachable' });
    // SNS takes a 4xx for a receipt.
    expect(status).toBe(name === 'ses' || name === 'scaleway' ? 503 : 429);
    expect(answer.headers['retry-after']).toMatch(/^\d+$/);
    expect(lines).toMatchObject([{ message: 'webhook.unavailable', provider: name, cause: 'secrets: Error' }]);
    await live.expectNothingKept();
  });
});

describe('messages of Amazon SNS:', () => {
  const foreignTopic = 'arn:aws:sns:us-east-1:999999999999:mail';
  const Message = fixture('ses', 'Delivery').toString();
  const ofTopic = (topic: string, fields: Readonly<Record<string, string>> = { Message }, version: '1' | '2' = '2') =>
    snsMessage(`${topic} ${snsSigningKey()}`, noon, fields, version);
  const ours = (fields?: Readonly<Record<string, string>>) => ofTopic(live.pairs.ses.verifies, fields);
  /** Sends a message, and collects the URLs that were fetched besides SNS's own certificate. */
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

  it('hazard 29: a message of a foreign topic with a good signature is refused with 401', async () => {
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
    ['a user name', `https://sns.us-east-1.amazonaws.com@evil.example${path}`],
    ['user and password', `https://user:password@sns.us-east-1.amazonaws.com${path}`],
    ['a port', `https://sns.us-east-1.amazonaws.com:8443${path}`],
    ['the default port', `https://sns.us-east-1.amazonaws.com:443${path}`],
    ['a query', `https://sns.us-east-1.amazonaws.com${path}?a=b.pem`],
    ['a fragment', `https://sns.us-east-1.amazonaws.com${path}#.pem`],
    ['the host of a bucket', `https://sns.us-east-1.amazonaws.com.s3.amazonaws.com${path}`],
    ['a look-alike host', `https://sns.us-east-1.amazonaws.com.evil.example${path}`],
    ['a look-alike host without the dot', `https://sns.us-east-1.amazonawsxcom${path}`],
    ['another region', `https://sns.eu-west-1.amazonaws.com${path}`],
    ['a redirect', `https://sns.us-east-1.amazonaws.com/redirect?to=https://evil.example${path}`],
    ['a wrong path', `https://sns.us-east-1.amazonaws.com/uploads${path}`],
    ['a path that leaves its folder', `https://sns.us-east-1.amazonaws.com/../evil${path}`],
    ['a backslash', `https://sns.us-east-1.amazonaws.com\\@evil.example${path}`],
    ['a Unicode full stop', `https://sns.us-east-1\u3002amazonaws.com${path}`],
    ['a metadata address', `http://169.254.169.254${path}`],
  ])('hazard 30: a certificate URL with %s is refused with 401, and nothing is fetched', async (_, SigningCertURL) => {
    const get = () => Promise.reject(new Error('fetched'));
    const { outcome } = await send({ ...ours(), SigningCertURL }, {}, get);
    expect(await live.expectRefused(outcome, 'ses')).toBe('malformed_signature');
  });

  it('hazard 30: a redirect in place of the certificate is not followed, and the message is asked for again', async () => {
    const asked: string[] = [];
    const server = createServer(({ url }, response) => {
      asked.push(url!);
      response.writeHead(302, { location: '/elsewhere.pem' }).end();
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    try {
      const get = createGet(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      // This certificate is new, because fetched certificates are cached.
      const SigningCertURL = 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-redirected.pem';
      const { outcome } = await send({ ...ours(), SigningCertURL }, {}, url => get(url, AbortSignal.timeout(1_000)));
      // SNS counts as unavailable. The message may be genuine, and a refusal would lose it.
      expect(outcome.status).toBe(503);
      expect(asked).toEqual(['/SimpleNotificationService-redirected.pem']);
      await live.expectNothingKept();
    } finally {
      await new Promise(resolve => server.close(resolve));
    }
  });

  it('hazard 31: a message whose header names another type than its body is refused with 401', async () => {
    for (const type of ['SubscriptionConfirmation', 'UnsubscribeConfirmation', 'notification', '']) {
      const { outcome, fetched } = await send(ours(), { 'x-amz-sns-message-type': type });
      expect(await live.expectRefused(outcome, 'ses')).toBe('malformed_signature');
      expect(fetched).toEqual([]);
    }
  });

  it.each(['3', '2 ', ' 1', '02', '1.0', '2,1', 'toString'])(
    'hazard 32: a message of signature version "%s" is refused with 401',
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

  it('hazard 33: a request to confirm an unknown topic is refused with 401, and nothing is confirmed', async () => {
    const message = ofTopic(foreignTopic, { ...confirmation, SubscribeURL: metadataAddress });
    const { outcome, fetched } = await send(message, { 'x-amz-sns-message-type': 'SubscriptionConfirmation' });
    expect(await live.expectRefused(outcome, 'ses')).toBe('wrong_signature');
    expect(fetched).toEqual([]);
  });

  it('hazard 34: a metadata address as UnsubscribeURL is never fetched, and refused with 401 in a forged message', async () => {
    const forged = await send({ ...ours(), Message: '{}', UnsubscribeURL: metadataAddress });
    await live.expectRefused(forged.outcome, 'ses');
    // SNS does not sign that field, so that a genuine message stays genuine with any value.
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

  it('hazard 35: a message signed under a foreign certificate is refused with 401, wherever the certificate lies', async () => {
    const { signs } = createSecretPair('rsa');
    const certificate = await certificateOf(signs);
    const forged = snsMessage(`${live.pairs.ses.verifies} ${signs}`, noon, { Message });
    const file = certificatePath(signs);
    // SNS's own host does not have the certificate, and no other host is asked.
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
    // SNS's certificate does not prove a signature by another key either.
    const { SigningCertURL } = ours();
    const { outcome } = await send({ ...forged, SigningCertURL });
    expect(await live.expectRefused(outcome, 'ses')).toBe('wrong_signature');
  });
});

/** Returns whether a secret in the URL is the only proof. */
function isInUrl(name: ProviderName): boolean {
  const { header, bodyIsCovered, proofEnds } = schemes[name];
  return header === null && !bodyIsCovered && proofEnds === undefined;
}

/** Returns whether the secret has the HMAC's key in base64. */
function isDecoded(name: ProviderName): boolean {
  return ofKind('standard-webhooks', 'base64').includes(name);
}
