import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { redactedLines } from '../../infra/local/quarantine/redacted.ts';
import { shownLines } from '../../infra/local/quarantine/shown-content.ts';
import { createQueueSweep } from '../../infra/tools/replay/queue-sweep.ts';
import { nothingReplayed, type ReplayOptions, replayQueue } from '../../infra/tools/replay/replay-queue.ts';
import { lockedText, progressText, replayReport, sizeText } from '../../infra/tools/replay/replay-report.ts';
import { canaryAccountId } from '../../shared/email/event.ts';
import { providers } from '../../shared/providers/registry.ts';
import {
  createQuarantine,
  type QuarantinedPiece,
  type QuarantinedRequest,
} from '../../shared/queues/quarantine-messages.ts';
import { createRetryQueue } from '../../shared/queues/retry-messages.ts';
import { context, fixture, fixtureNames, fixtureType, parsedFixture } from '../fixtures/fixtures.ts';
import { providerNames } from '../fixtures/signing.ts';
import { startQuarantineQueue } from '../queues/quarantine-queue.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { anEvent } from '../rigs/stored-emails.ts';

describe('a dry run that shows messages', () => {
  let quarantined: Awaited<ReturnType<typeof startQuarantineQueue>>;
  beforeAll(async () => {
    quarantined = await startQuarantineQueue();
  });
  afterAll(() => quarantined?.stop());
  beforeEach(() => quarantined.empty());

  const unused = () => expect.unreachable('a dry run reads queues alone');
  const show = async (options: Partial<ReplayOptions> = {}) => {
    const lines: string[] = [];
    await replayQueue({
      queue: createQueueSweep(quarantined.client, quarantined.queueUrl, 0),
      kind: 'quarantine',
      dryRun: true,
      show: content => lines.push(...shownLines(content, providers)),
      services: { providers, context },
      store: { record: unused },
      nonces: unused,
      lookUpErasures: unused,
      now: () => noon,
      ...options,
    });
    return lines.join('\n');
  };
  const keep = (provider: string, pieces: readonly QuarantinedPiece[], request: Partial<QuarantinedRequest> = {}) =>
    createQuarantine(quarantined.client, quarantined.queueUrl)(
      { requestId: 'r1', provider, receivedAt: noon, headers: {}, body: Buffer.alloc(0), ...request },
      pieces,
    );

  it('prints time, provider, reason, field at fault and the redacted piece', async () => {
    const piece = {
      RecordType: 'Delivery',
      MessageID: 883953,
      Recipient: 'jane@example.com',
      DeliveredAt: '2026-01-02T12:00:00Z',
      Details: 'Delivered to jane, see https://example.com/jane',
      Tag: '',
      Metadata: { account_id: 'acme', 'jane@example.com': null, JaneDoe: 12_345 },
      Links: ['https://example.com/pay?token=4711', '192.0.2.7', '4', 'x', 'y'],
      ReadSeconds: [4_915_112_345_678, 52.52, true],
      TypeCode: -1,
      ReceivedAt: noon / 1_000 + 60,
      BouncedAt: '1984-05-17T00:00:00Z',
    };
    await keep('postmark', [{ reason: 'unexpected_shape', piece }]);
    expect(await show()).toBe(
      `2026-01-02T12:00:00.000Z  postmark  unexpected_shape  field MessageID  (still cannot be read)
  {
    "RecordType": "Delivery"
    "MessageID": <number, 6 digits>
    "Recipient": <address>
    "DeliveredAt": "2026-01-02T12:00:00Z"
    "Details": <string, 47 characters>
    "Tag": ""
    "Metadata": {
      "account_id": <string, 4 characters>
      <name, 16 characters>: null
      <name, 7 characters>: 12345
    }
    <name, 5 characters>: [
      <URL, 34 characters>
      <string, 9 characters>
      <string, 1 digit>
      … 2 more
    ]
    "ReadSeconds": [
      <number, 13 digits>
      <number>
      true
    ]
    "TypeCode": -1
    "ReceivedAt": 1767355260
    "BouncedAt": <string, 20 characters>
  }`,
    );
  });

  it('prints the name of an event that no adapter knows: it is the fault', async () => {
    const piece = { ...JSON.parse(fixture('sendgrid', 'delivered').toString())[0], event: 'landed', type: 'a b' };
    await keep('sendgrid', [{ reason: 'unknown_event', piece }]);
    const text = await show();
    expect(text).toMatch(/sendgrid {2}unknown_event {2}field - {2}\(still cannot be read\)/);
    expect(text).toContain('"event": "landed"');
    expect(text).toContain('"type": <string, 3 characters>');
  });

  it.each([
    ['a wrapper', 'mailgun', { signature: {}, 'event-data': { event: 'landed' } }],
    ['two wrappers', 'sparkpost', { msys: { message_event: { type: 'landed' } } }],
    ['a list', 'zeptomail', { event_name: ['landed'] }],
    ['the status of a known event', 'azure', { data: { status: 'landed' }, eventType: 'Microsoft.Communication.X' }],
  ])('prints such a name also out of %s', async (_, provider, piece) => {
    await keep(provider, [{ reason: 'unknown_event', piece }]);
    expect(await show()).toContain('"landed"');
  });

  it('prints no other word of such an event: customers write types and states, too', async () => {
    const own = { type: 'Jane', status: 'Pregnant' };
    const piece = { user: own, data: { ...own, meta: own }, event: 'landed', ...own };
    await keep('sendgrid', [{ reason: 'unknown_event', piece }]);
    await keep('sendgrid', [{ reason: 'unknown_event', piece: { event: 'delivered', user: own, meta: own } }]);
    await keep('sendgrid', [{ reason: 'unknown_event', piece: { ...own, event: 'Jane Doe' } }]);
    const text = await show();
    expect(text).toContain('"event": "landed"');
    expect(text).not.toMatch(/Pregnant|Jane Doe/);
  });

  it('says of an event of another account that it is never recorded', async () => {
    const [event] = parsedFixture('app', 'email.delivered').events;
    const piece = { ...event!, accountId: canaryAccountId, provenFor: undefined };
    await keep('app', [{ reason: 'foreign_account', piece }]);
    expect(await show()).toContain('foreign_account  field -  (of another account: it is never recorded)');
  });

  it('says of a piece that it can be read now, or is at fault for another reason', async () => {
    const [piece] = JSON.parse(fixture('sendgrid', 'delivered').toString());
    await keep('sendgrid', [{ reason: 'unknown_event', piece }]);
    await keep('sendgrid', [{ reason: 'unknown_event', piece: { ...piece, email: '' } }]);
    const text = await show();
    expect(text).toContain('unknown_event  field -  (can be read now)');
    expect(text).toContain('unknown_event  field recipient  (now quarantined as missing_recipient)');
  });

  it.each([
    ['JSON', 'application/json', '{"a":"jane"}\u0000', '{"·":"····"}· <text, 13 characters>'],
    ['HTML', 'text/html', '<html>Dear Jane</html>', '<····>···· ····</····> <text, 22 characters>'],
    ['a form', 'application/x-www-form-urlencoded', 'status=Sent&to=jane%40example.com', '"status": "Sent"'],
    ['JSON in a form', 'application/x-www-form-urlencoded', 'data=%7B%22to%22%3A%22jane%22%7D', '"data": JSON text {'],
    ['JSON Lines', 'application/jsonl', '{"a":1}\n{"to":"jane"}\n', '"to": <string, 4 characters>'],
    ['bytes', 'text/plain', Buffer.from([0xff, 0x00]), '<2 bytes, no UTF-8 text>'],
  ])('decodes a whole body that is %s', async (_, type, body, shown) => {
    await keep('elasticemail', [{ reason: 'not_json', piece: null }], {
      headers: { 'content-type': type },
      body: Buffer.from(body),
    });
    const text = await show();
    expect(text).toContain(shown);
    expect(text).not.toMatch(/jane/i);
  });

  it('prints three pieces of a message, 60 lines of each, and counts the others', async () => {
    const piece = { event: 'new', ...Object.fromEntries(Array.from({ length: 90 }, (_, index) => [`m_${index}`, 1])) };
    await keep(
      'sendgrid',
      Array.from({ length: 10 }, (_, index) => ({ reason: 'unknown_event', piece: { ...piece, index } })),
    );
    const lines = (await show()).split('\n');
    expect(lines.filter(line => line.includes('unknown_event'))).toHaveLength(3);
    expect(lines.filter(line => line === '')).toHaveLength(2);
    expect(lines).toHaveLength(3 * (1 + 60 + 1) + 2 + 1);
    expect(lines.at(-1)).toBe('  … 7 more of the same message');
  });

  it('prints nothing that could steer a terminal, wherever it stands in a message', async () => {
    // A queue takes none below \u0020, unless JSON spells it.
    const odd = '\u009b2J\u009d0;jane\u009c\u202e\u2028';
    const envelope = { requestId: odd, provider: odd, reason: odd, receivedAt: odd, headers: {} };
    const { client, queueUrl: QueueUrl } = quarantined;
    const pieces = [{ [odd]: odd, event: '\u001b]0;jane\u0007', '\u001b': '2026-01-02T12:00\nZ' }, odd];
    for (const MessageBody of [odd, JSON.stringify({ ...envelope, pieces })]) {
      await client.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    }
    const text = await show();
    expect(text.split('\n').length).toBeGreaterThan(5);
    expect(text).toMatch(/^[\n -~·…]+$/);
    expect(text).not.toContain('jane');
  });

  it('says which content lacks a part', async () => {
    await keep('sendgrid', [{ reason: 'too_many', piece: null }], { body: Buffer.alloc(1_500_000, 'x') });
    const { client, queueUrl: QueueUrl } = quarantined;
    const queue = createQueueSweep(client, QueueUrl, 0);
    for await (const message of queue.messages()) {
      await queue.delete(message);
      break;
    }
    await queue.release();
    await new Promise(resolve => setTimeout(resolve, 1_100));
    expect(await show()).toMatch(/too_many {2}field - {2}\(a part is missing: another replay holds it/);
  });

  it('shows the events of dead letters likewise', async () => {
    const send = createRetryQueue(quarantined.client, quarantined.queueUrl);
    const event = anEvent({ status: 'delivered', recipient: 'jane@example.com', subject: 'Invoice 7' });
    await send({ requestId: 'r1', provider: 'sendgrid', receivedAt: noon, nonces: [], events: [event] });
    const text = await show({ kind: 'retry' });
    expect(text).toContain('sendgrid  given_up');
    expect(text).toContain('"status": "delivered"');
    expect(text).not.toMatch(/jane|invoice/i);
  });

  it('shows only the messages that are wanted', async () => {
    await keep('postmark', [{ reason: 'unknown_event', piece: {} }]);
    expect(await show({ provider: 'sendgrid' })).toBe('');
  });
});

describe('a redacted content', () => {
  it.each(providerNames)('of any fixture of %s names no person, subject, account, link, IP or program', name => {
    for (const fixtureName of fixtureNames(name)) {
      const body = fixture(name, fixtureName);
      const text = shownLines(
        {
          provider: name,
          receivedAt: noon,
          reason: 'unknown_event',
          pieces: [{ field: null, outcome: null, content: body }],
          others: 0,
        },
        providers,
      ).join('\n');
      expect(text.split('\n').length, fixtureName).toBeGreaterThan(fixtureType(fixtureName) === 'json' ? 1 : 0);
      expect(text, fixtureName).not.toMatch(/jane|acme|Invoice 7|INV-7|Mozilla|https?:|@|\b\d+\.\d+\.\d+\.\d+\b/);
    }
  });

  const allowed = {
    words: new Set(['delivered', 'Rendering Failure']),
    names: new Set(['event', 'to']),
    receivedAt: noon,
    unknownEventName: true,
  };
  /** Another text of the same length, of which everything else is the same as of any text. */
  const blanked = (text: string) => 'Q!'.repeat(text.length).slice(0, text.length);
  const isPlain = (text: string) =>
    text !== '' &&
    !/@|^https?:|^\s*[{[]|^\d+$/i.test(text) &&
    !/^(?:delivered|Rendering Failure|[245]\d\d)$/.test(text);
  const blankedIn = (value: unknown): unknown => {
    if (typeof value === 'string') return isPlain(value) ? blanked(value) : value;
    if (Array.isArray(value)) return value.map(blankedIn);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, blankedIn(member)]));
  };
  const values = fc.jsonValue({ stringUnit: 'binary', maxDepth: 5 });

  it('tells of any other text its length and nothing more', () => {
    fc.assert(
      fc.property(values, value => {
        expect(redactedLines(blankedIn(value), allowed)).toEqual(redactedLines(value, allowed));
      }),
    );
  });

  it('holds no text of more than 3 characters, wherever it stood: as a value, in JSON text, or as an odd name', () => {
    const text = fc.string({ minLength: 4, maxLength: 60, unit: fc.constantFrom(...'äßЖ漢7_ =&"{:/@') });
    const value = fc.letrec(tie => ({
      any: fc.oneof(
        { maxDepth: 6 },
        text,
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(text, tie('any'), { maxKeys: 4 }),
        tie('any').map(inner => JSON.stringify(inner)),
      ),
    })).any;
    const hidden = /[äßЖ漢]/;
    fc.assert(
      fc.property(value, content => {
        expect(redactedLines(content, allowed).join('\n')).not.toMatch(hidden);
      }),
    );
  });

  it('holds no name that is unknown, and no digit of a number that is long or no integer', () => {
    const year = 365 * 24 * 60 * 60_000;
    const isTime = (number: number) => [1, 1_000].some(unit => Math.abs(number * unit - noon) <= 3 * year);
    const name = fc.constantFrom('Jane', 'JaneDoe', 'jane_doe', '$jane', 'Jane2');
    const number = fc
      .oneof(fc.integer({ min: 100_000 }), fc.maxSafeInteger(), fc.double())
      .filter(number => Math.abs(number) > 99_999 && !isTime(number) && !isTime(number / 1_000));
    const value = fc.letrec(tie => ({
      any: fc.oneof(
        { maxDepth: 6 },
        number,
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(name, tie('any'), { maxKeys: 4 }),
        tie('any').map(inner => JSON.stringify(inner)),
      ),
    })).any;
    fc.assert(
      fc.property(value, content => {
        const text = redactedLines(content, allowed).join('\n');
        expect(text).not.toMatch(/jane/i);
        expect(text.replace(/<[^>]*>/g, '')).not.toMatch(/\d{2}|\d\.\d/);
      }),
    );
  });

  it('is made of 61 lines at most, none longer than 100 characters', () => {
    fc.assert(
      fc.property(values, value => {
        const lines = redactedLines(value, allowed);
        expect(lines.length).toBeLessThanOrEqual(61);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
      }),
    );
  });

  it('takes no longer where a text nests 100,000 times', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(redactedLines({ deep, deeper: JSON.parse(deep) }, allowed).length).toBeLessThan(61);
  });
});

describe('the closing text of a replay', () => {
  it('has the columns that hold a figure, and a sentence', () => {
    const rows = [
      ['postmark unexpected_shape', { ...nothingReplayed, messages: 1, unreadable: 1 }],
      ['sendgrid unknown_event', { ...nothingReplayed, messages: 12, done: 12, recorded: 30 }],
    ] as const;
    expect(replayReport(rows, false)).toBe(`provider  reason            messages  done  recorded  unreadable pieces
postmark  unexpected_shape         1     0         0                  1
sendgrid  unknown_event           12    12        30                  0

30 events recorded. 1 message of 13 stays in the queue.`);
  });

  it('says of a dry run how much a replay can record', () => {
    const rows = [['app unknown_event', { ...nothingReplayed, messages: 2, ready: 1, unreadable: 1 }]] as const;
    expect(replayReport(rows, true)).toMatch(
      /\n\nDry run: nothing was changed\. A replay can record 1 of 2 messages now\.$/,
    );
  });
});

describe('the texts while a replay goes on', () => {
  it('have one estimate of the messages in a queue, also of those that are locked', () => {
    expect(sizeText({ waiting: 3, held: 0 })).toBe('about 3 messages.');
    expect(sizeText({ waiting: 0, held: 1 })).toBe('about 1 message, some of which may be locked by another replay.');
  });

  it('compare the messages read with the estimate unless it was too low', () => {
    expect(progressText(100, 1_500)).toBe('100 of about 1,500 messages read');
    expect(progressText(1_500, 24)).toBe('1,500 messages read');
  });

  it('say how many messages did not come, why, and for how long', () => {
    expect(lockedText(2)).toBe(
      'About 2 messages could not be read: another replay locks them, or the estimate was too high. Locked messages come back within 15 minutes while it runs, and within a minute after it.',
    );
  });
});

describe('npm run replay', () => {
  let quarantined: Awaited<ReturnType<typeof startQuarantineQueue>>;
  let dataDir: string;
  beforeAll(async () => {
    quarantined = await startQuarantineQueue();
    const environment = {
      TABLE_NAME: 'emails',
      GUARD_TABLE_NAME: 'guards',
      WEBHOOK_SECRETS_ARN: 'arn:secret',
      QUARANTINE_QUEUE_URL: quarantined.queueUrl,
      RETRY_QUEUE_URL: quarantined.queueUrl,
      RETRY_QUEUE_ARN: 'arn:retry',
      SES_QUEUE_ARN: 'arn:ses',
      METRICS_NAMESPACE: 'Mailtrail',
      RETENTION_DAYS: '30',
      METADATA_ACCOUNT_ID: 'account_id',
      METADATA_REFERENCE: 'reference',
    };
    const endpoints = {
      outputs: { IngestFunctionName: 'ingest', QuarantineQueueUrl: quarantined.queueUrl },
      functions: { ingest: { environment } },
      region: 'us-east-1',
      dynamodb: 'http://127.0.0.1:9',
      sqs: quarantined.endpoint,
    };
    dataDir = mkdtempSync(join(tmpdir(), 'replay-'));
    writeFileSync(join(dataDir, 'endpoints.json'), JSON.stringify(endpoints));
  });
  afterAll(async () => {
    await quarantined?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('gives its messages back once nobody reads its output any more, as after `| head`', async () => {
    const keep = createQuarantine(quarantined.client, quarantined.queueUrl);
    const pieces = [{ reason: 'unknown_event', piece: { event: 'landed' } }] as const;
    for (let index = 0; index < 120; index += 1) {
      await keep(
        { requestId: `r${index}`, provider: 'sendgrid', receivedAt: noon, headers: {}, body: Buffer.alloc(0) },
        pieces,
      );
    }
    const args = ['infra/tools/replay/replay.ts', '--queue', 'quarantine', '--dry-run', '--show'];
    const child = spawn(process.execPath, args, { env: { ...process.env, DATA_DIR: dataDir } });
    child.stdout.once('data', () => child.stdout.destroy());
    let stderr = '';
    child.stderr.on('data', chunk => {
      stderr += chunk;
    });
    const [code] = await once(child, 'close');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    // A message that is given back is there again a second later.
    await delay(1_100);
    const queue = createQueueSweep(quarantined.client, quarantined.queueUrl, 0);
    let messages = 0;
    for await (const _ of queue.messages()) messages += 1;
    expect(messages).toBe(120);
  });

  it.each([
    [['--queue', 'quarantine', '--show'], '--show needs --dry-run'],
    [['--queue', 'retry-dead-letters'], 'dead-letter is both retry-dead-letters and ses-events-queue-dead-letters'],
  ])('refuses %j with its usage, and ends with 1', async (args, message) => {
    const command = ['infra/local/cli/node.mjs', 'infra/tools/replay/replay.ts', ...args];
    const { code, stdout, stderr } = await promisify(execFile)(process.execPath, command).then(
      output => ({ ...output, code: 0 }),
      error => error,
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.replace(/\s+/g, ' ')).toContain(message);
    expect(stderr).toMatch(/^Usage: npm run replay\b/m);
  });
});
