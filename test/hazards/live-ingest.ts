import { isUtf8 } from 'node:buffer';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { expect } from 'vitest';
import type { WebhookSecretsOf } from '../../functions/ingest/webhook-secrets.ts';
import { createSecretPair } from '../../infra/local/services/webhook-secrets.ts';
import type { Email } from '../../shared/email/item.ts';
import type { Recorder } from '../../shared/email/recorder.ts';
import type { HttpAnswer } from '../../shared/http/responses.ts';
import { type ProviderName, providers } from '../../shared/providers/registry.ts';
import type { WebhookSecret } from '../../shared/providers/signatures/webhook-secrets.ts';
import { createQuarantine } from '../../shared/queues/quarantine-messages.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { fixture, fixtureNames, fixtureType, parsedFixture } from '../fixtures/fixtures.ts';
import { providerNames, signedRequest } from '../fixtures/signing.ts';
import type { Signed, Unsigned } from '../fixtures/signing-scheme.ts';
import { snsGet } from '../fixtures/sns.ts';
import type { Sent } from '../providers/ingest.ts';
import { startQuarantineQueue } from '../queues/quarantine-queue.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { httpEvent, lambdaContext } from '../rigs/http-event.ts';
import { ingestFunction } from '../rigs/ingest-function.ts';
import { startStoredEmails } from '../rigs/stored-emails.ts';

type LogLine = Readonly<Record<string, unknown>> & { readonly message: string };

/** The answer to a request, and its log lines. */
export interface Outcome {
  readonly status: number;
  readonly answer: HttpAnswer;
  /** The counts of an acknowledged request, otherwise empty. */
  readonly counts: Readonly<Record<string, number>>;
  readonly lines: readonly LogLine[];
}

/** Unusual surroundings of the ingest function. */
export interface Circumstances {
  /** The provider's secrets, or `unreachable` if the secrets are unavailable. */
  readonly secrets?: readonly WebhookSecret[] | 'unreachable';
  readonly receivedAt?: number;
  /** Whether the gateway passes the body in base64, although it is text. */
  readonly base64?: boolean;
  /** Answers the function's GETs. The default is Amazon SNS. */
  readonly get?: (url: string) => Promise<string | null>;
}

export type LiveIngest = Awaited<ReturnType<typeof startLiveIngest>>;

/** Starts the ingest function as deployed, with a real table, a real queue and a secret of every provider. */
export async function startLiveIngest() {
  const emails = await startStoredEmails();
  const queue = await startQuarantineQueue();
  const keep = createQuarantine(queue.client, queue.queueUrl);
  // Emptying takes longer than most tests, so that only written tables and queues are emptied.
  const written = { table: false, queue: false };
  const quarantine: typeof keep = (...given) => {
    written.queue = true;
    return keep(...given);
  };
  const store: Pick<Recorder, 'record'> = {
    record(...given) {
      written.table ||= given[0].length > 0;
      return emails.store.record(...given);
    },
  };
  const pairs = Object.fromEntries(
    providerNames.map(name => [name, createSecretPair(providers[name].secretKind)]),
  ) as Readonly<Record<ProviderName, ReturnType<typeof createSecretPair>>>;

  const configured: WebhookSecretsOf = async name => [pairs[name as ProviderName].verifies];
  const handlerOf = (write: (line: string) => void, { secrets, receivedAt = noon, get = snsGet }: Circumstances = {}) =>
    ingestFunction({
      secretsOf:
        secrets === undefined
          ? configured
          : async () => (secrets === 'unreachable' ? Promise.reject(new Error(secrets)) : secrets),
      store,
      quarantine,
      nonces: emails.nonces,
      get,
      now: () => receivedAt,
      log: createLog(write),
    });

  const emailIds = async () => {
    const { Items = [] } = await emails.client.send(
      new ScanCommand({ TableName: emails.tableName, ProjectionExpression: 'emailId', ConsistentRead: true }),
    );
    return Items.map(({ emailId }) => emailId as string);
  };

  const live = {
    pairs,
    emails,

    /** Signs the body as the provider, with our secret. */
    sign: (name: ProviderName, body: Buffer, at = noon, as: Partial<Unsigned> = {}): Signed =>
      signedRequest(name, pairs[name].signs, body, at, as),

    /** Signs a JSON value in the same way. */
    signJson: (name: ProviderName, value: unknown, at = noon): Signed =>
      live.sign(name, Buffer.from(JSON.stringify(value)), at),

    async send(name: ProviderName, sent: Sent, circumstances: Circumstances = {}): Promise<Outcome> {
      const { method = 'POST', url = '', headers, body } = sent;
      const lines: string[] = [];
      const base64 = circumstances.base64 ?? !isUtf8(body);
      const event = httpEvent('POST /webhooks/{provider}', { provider: name }, headers, body, { base64, method, url });
      const answer = await handlerOf(line => lines.push(line), circumstances)(event, lambdaContext);
      return outcomeOf(answer, lines);
    },

    /** Returns the function for a gateway: it takes raw events, and passes its log lines to `write`. */
    functionOf(write: (line: string) => void) {
      const handler = handlerOf(write);
      return (event: APIGatewayProxyEventV2) => handler(event, lambdaContext);
    },

    /** All emails in the table, sorted by recipient and message. */
    async stored(): Promise<Email[]> {
      const read = await Promise.all((await emailIds()).map(emailId => emails.store.email(emailId)));
      const nameOf = ({ recipient, messageId }: Email) => `${recipient} ${messageId}`;
      return read.filter(email => email !== null).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    },

    /** The messages that were quarantined since the last call. */
    kept: () => queue.kept(),

    async expectNothingKept(): Promise<void> {
      expect(await live.stored()).toEqual([]);
      expect(await queue.kept()).toEqual([]);
    },

    /** Checks that the request was refused with one log line and stored nothing. Returns the reason. */
    async expectRefused(outcome: Outcome, provider: ProviderName, status = 401): Promise<unknown> {
      expect(outcome.status).toBe(status);
      expect(outcome.lines).toMatchObject([{ message: 'webhook.refused', provider }]);
      await live.expectNothingKept();
      return outcome.lines[0]!.refusal;
    },

    /** Checks that genuine but unreadable requests were acknowledged, counted and quarantined. */
    async expectQuarantined(
      outcomes: Outcome | readonly Outcome[],
      provider: ProviderName,
      reason: unknown = expect.any(String),
    ) {
      const all = [outcomes].flat();
      for (const { status, counts, lines } of all) {
        expect(status).toBe(200);
        expect(counts).toMatchObject({ recorded: 0, quarantined: 1 });
        expect(lines).toMatchObject([
          { message: 'webhook.quarantined', provider, reason },
          { message: 'webhook.answered', provider, answer: 200, quarantined: 1 },
        ]);
      }
      expect(await live.stored()).toEqual([]);
      const kept = await queue.kept();
      expect(new Set(kept.map(({ requestId }) => requestId)).size).toBe(all.length);
      for (const message of kept) expect(message).toMatchObject({ provider, reason });
      return kept;
    },

    /** Empties the table and the queue. */
    async reset(): Promise<void> {
      if (written.table) await Promise.all((await emailIds()).map(emailId => emails.remove(emailId)));
      if (written.queue) await queue.empty();
      Object.assign(written, { table: false, queue: false });
    },

    async stop(): Promise<void> {
      await emails.stop();
      await queue.stop();
    },
  };
  return live;
}

function outcomeOf(answer: HttpAnswer, written: readonly string[]): Outcome {
  return {
    status: answer.statusCode,
    answer,
    counts: answer.statusCode === 200 && answer.body ? JSON.parse(answer.body) : {},
    lines: written.map(line => JSON.parse(line)),
  };
}

/** The name of a fixture with exactly one event, by provider. */
export const sampleOf = Object.fromEntries(
  providerNames.map(name => {
    const isSingle = (fixtureName: string) => {
      const { events, quarantined, unrelated } = parsedFixture(name, fixtureName);
      return events.length === 1 && quarantined.length + unrelated === 0;
    };
    const single = fixtureNames(name).filter(isSingle);
    return [name, single.find(fixtureName => fixtureType(fixtureName) === 'json') ?? single[0]!];
  }),
) as Readonly<Record<ProviderName, string>>;

/** The bytes of the provider's sample. */
export const sampleBody = (name: ProviderName): Buffer => fixture(name, sampleOf[name]);
export const sampleType = (name: ProviderName) => fixtureType(sampleOf[name]);
