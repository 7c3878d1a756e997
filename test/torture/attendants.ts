import { setTimeout as delay } from 'node:timers/promises';
import { accounts } from '../../infra/tools/simulate/lives.ts';
import { shuffled } from '../../infra/tools/simulate/shuffled.ts';
import type { Status } from '../../shared/status/catalogue.ts';
import { asksForAttention } from './attention.ts';
import { type Ledger, namedIn, type SentEmail, saysWhose } from './ledger.ts';
import { linkName } from './notes.ts';
import { between, oneOf, type Random } from './random.ts';
import { asResend, type Message, type Tale } from './tellers.ts';
import { genuineRequests, type TrafficRequest } from './traffic.ts';

/** The bounds of the pause between two actions of a person, in milliseconds. */
const soonest = 50;
const latest = 500;
const people = 4;
/** The timeout of an answer, which is API Gateway's own. */
const longestAnswer = 30_000;
/** The shares of calls that their caller gives up early, and of such calls that are made again. */
const givenUp = 0.15;
const madeAgain = 0.7;
/** The share of actions that handle an email. The others send one again, and their reports take precedence in delivery. */
const handles = 0.75;
/** The share of emails that fail once more after they were handled. */
const failsAgain = 0.3;
/** The shares of resends to the same recipient, and of the same account. */
const toSameRecipient = 0.5;
const ofSameAccount = 0.85;
/** The shares of actions on an email that sends another one again, and of resends that are sent again themselves. */
const onResend = 0.3;
const sentAgain = 0.3;
const hour = 3_600_000;

/** The later reports about an email that sends another one again. */
const outcomes = [
  ['delivered'],
  ['sent', 'delivered'],
  ['delivered', 'opened'],
  ['link_clicked'],
  ['hard_bounced'],
  ['delivered', 'hard_bounced'],
  ['soft_bounced', 'delivered'],
  [],
] as const satisfies readonly (readonly Status[])[];

export interface Attendants {
  /** The number of calls that an answer said are recorded, and of calls that had nothing to record. */
  readonly handled: number;
  readonly nothingToHandle: number;
  /** The number of registrations that name the other email by its id. */
  readonly resends: number;
  /** Answers that are dishonest or about something else. */
  readonly wrong: readonly string[];
  readonly answers: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/**
 * Acts as people who look after emails, mostly failed ones. They say that they handled one, as its account or as support,
 * or send it again and register that by its id. Some answers are lost. Some handled emails fail again.
 *
 * @param options.send takes requests for the delivery of all others
 */
export function startAttendants(options: {
  readonly url: () => string;
  readonly tokens: { readonly support: string; readonly of: (accountId: string) => string };
  readonly ledger: Ledger;
  readonly random: Random;
  readonly send: (requests: readonly TrafficRequest[]) => void;
}): Attendants {
  const { url, tokens, ledger, random, send } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const answers = new Map<string, number>();
  const wrong: string[] = [];
  let number = 0;
  let handled = 0;
  let nothingToHandle = 0;
  let resends = 0;

  /** Returns an email that is certainly in the table as one of an account, and that account. */
  function next(): { email: SentEmail; accountId: string } | null {
    const visible = [...ledger.emails()].flatMap(email => {
      const states = [...email.events.values()];
      const accountIds = namedIn(
        states.map(({ event }) => event),
        'accountId',
      );
      const isThere = states.some(
        ({ event, recorded }) => recorded && event.accountId !== undefined && saysWhose(event),
      );
      return email.erasure === 'none' && accountIds.size === 1 && isThere
        ? [{ email, accountId: [...accountIds][0]! }]
        : [];
    });
    const failed = visible.filter(({ email }) =>
      [...email.events.values()].some(({ event, recorded }) => recorded && asksForAttention(event)),
    );
    const resent = failed.filter(({ email }) =>
      [...email.events.values()].some(({ event }) => event.providerEvent === linkName.resend),
    );
    if (resent.length > 0 && random() < onResend) return oneOf(resent, random);
    const chosen = failed.length > 0 && random() < 0.75 ? failed : visible;
    return chosen.length === 0 ? null : oneOf(chosen, random);
  }

  async function handle(email: SentEmail, accountId: string): Promise<void> {
    number += 1;
    const call = ledger.handling(email.emailId, `handled by torture ${number}`);
    const asSupport = random() < 0.5;
    const path = `${asSupport ? '' : `/accounts/${accountId}`}/emails/${email.emailId}/handled`;
    for (;;) {
      const patience = random() < givenUp ? between(1, 300, random) : longestAnswer;
      let answer: string;
      // Until it is answered, the call may be recorded.
      call.unanswered += 1;
      try {
        const response = await fetch(url() + path, {
          method: 'POST',
          headers: { authorization: `Bearer ${asSupport ? tokens.support : tokens.of(accountId)}` },
          body: JSON.stringify({ note: call.text }),
          signal: AbortSignal.timeout(patience),
        });
        const text = await response.text();
        answer = String(response.status);
        const isHonestFailure = response.status === 429 || response.status >= 500;
        if (!isHonestFailure) {
          judge(path, email, response.status, text);
          const isRecorded = response.status === 200 && JSON.parse(text).recorded === true;
          call.unanswered -= 1;
          if (isRecorded) call.confirmed += 1;
          handled += isRecorded ? 1 : 0;
          nothingToHandle += isRecorded ? 0 : 1;
        }
      } catch (error) {
        answer = (error as Error).name === 'TimeoutError' ? 'no answer' : 'connection error';
      }
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
      if (/^[24]/.test(answer) || signal.aborted || random() >= madeAgain) break;
    }
    if (random() < failsAgain) report(email, accountId, 'soft_bounced', Date.now());
  }

  function judge(path: string, email: SentEmail, status: number, text: string): void {
    const { emailId, attention, recorded } = JSON.parse(text);
    const isRight =
      status === 200
        ? emailId === email.emailId && [null, 'act'].includes(attention) && typeof recorded === 'boolean'
        : status === 404 && email.erasure !== 'none';
    if (!isRight) wrong.push(`${path}: ${status} ${text}`);
    // Only a later failure asks again, and only such emails have one.
    const laterFailure = [...email.events.values()].some(
      ({ event }) => asksForAttention(event) && event.occurredAt > Date.now() - hour,
    );
    if (attention === 'act' && !laterFailure) wrong.push(`${path}: ${text}`);
  }

  function report({ events }: SentEmail, accountId: string, status: Status, at: number): void {
    const [first] = events.values();
    send(genuineRequests('app', [taleOfReport(first!.event, accountId, status, at)]));
  }

  /** Sends an email again, and sometimes that one too, and so on. All their reports come in any order. */
  function sendAgain(email: SentEmail, accountId: string): void {
    const [first] = email.events.values();
    let predecessor: Message = first!.event;
    const tales: Tale[] = [];
    // The other emails may still be unknown, so that only their messages can name them.
    for (let by: 'id' | 'message' = 'id'; by === 'id' || random() < sentAgain; by = 'message') {
      number += 1;
      resends += by === 'id' ? 1 : 0;
      const message: Message = {
        provider: predecessor.provider,
        messageId: `again-${number}`,
        recipient: random() < toSameRecipient ? predecessor.recipient : `again${number}@example.com`,
      };
      const own = random() < ofSameAccount ? accountId : oneOf(accounts, random);
      const sentAt = Date.now() - (random() < 0.5 ? 0 : Math.floor(random() * 40 * hour));
      const later = oneOf(outcomes, random).map((status, index) => taleOfReport(message, own, status, sentAt + index));
      tales.push(asResend(taleOfReport(message, own, 'enqueued', sentAt), predecessor, by), ...later);
      predecessor = message;
    }
    send(shuffled(tales, Math.floor(random() * 2 ** 32)).flatMap(tale => genuineRequests('app', [tale])));
  }

  const run = async () => {
    while (!signal.aborted) {
      await delay(between(soonest, latest, random));
      const chosen = next();
      if (chosen === null || signal.aborted) continue;
      const { email, accountId } = chosen;
      if (random() < handles) await handle(email, accountId);
      else sendAgain(email, accountId);
    }
  };
  const finished = Promise.all(Array.from({ length: people }, run));
  return {
    get handled() {
      return handled;
    },
    get nothingToHandle() {
      return nothingToHandle;
    },
    get resends() {
      return resends;
    },
    wrong,
    answers,
    async stop() {
      stopping.abort();
      await finished;
    },
  };
}

/** A report of the sending application about a message. */
function taleOfReport(message: Message, accountId: string, status: Status, at: number): Tale {
  const { provider, messageId, recipient } = message;
  const report = {
    type: `email.${status}`,
    timestamp: new Date(at).toISOString(),
    data: { provider, messageId, recipient, accountId },
  };
  return {
    teller: 'app',
    said: { type: 'json', body: Buffer.from(JSON.stringify(report)) },
    expected: [
      {
        provider,
        messageId,
        recipient,
        accountId,
        status,
        occurredAt: at,
        evidence: 'unknown',
        providerEvent: `app.${status}`,
      },
    ],
  };
}
