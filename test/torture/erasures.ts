import { setTimeout as delay } from 'node:timers/promises';
import type { Ledger, SentEmail } from './ledger.ts';
import { between, oneOf, type Random } from './random.ts';

/** Milliseconds between one call and the next. */
const soonest = 500;
const latest = 4_000;
/** While others hold messages in the queues, an erasure asks to be asked for again: so many are asked for in turn. */
const mostUnderWay = 5;
/** So long they are asked for once there is no other traffic. */
const patience = 240_000;
/** An answer may take as long as API Gateway waits. */
const longestAnswer = 30_000;

export interface Erasures {
  readonly recipients: ReadonlySet<string>;
  readonly done: number;
  /** Recipients of whom nobody said in time that they are erased. */
  readonly unfinished: number;
  /** Answers that are no honest ones, or not about what was asked. */
  readonly wrong: readonly string[];
  readonly answers: ReadonlyMap<string, number>;
  /** Lets those under way come to their end. */
  stop(): Promise<void>;
}

/** Erases recipients, one after the other, of whose emails something is in the table: half of them in their account's name. */
export function startErasures(options: {
  readonly url: () => string;
  readonly tokens: { readonly support: string; readonly of: (accountId: string) => string };
  readonly ledger: Ledger;
  readonly random: Random;
}): Erasures {
  const { url, tokens, ledger, random } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const recipients = new Set<string>();
  const answers = new Map<string, number>();
  const wrong: string[] = [];
  let done = 0;

  /** Emails that are in the table for sure, in an account's name, and that nobody has erased yet. */
  const erasable = () =>
    [...ledger.emails()].filter(
      ({ erasure, events }) =>
        erasure === 'none' &&
        [...events.values()].some(({ recorded, event }) => recorded && event.accountId !== undefined),
    );

  /** Whether an email was said to be erased. */
  async function isErased({ emailId, events }: SentEmail, asSupport: boolean): Promise<boolean> {
    const sent = [...events.values()].map(({ event }) => event);
    const accountId = sent.map(event => event.accountId).find(id => id !== undefined)!;
    const { recipient } = sent[0]!;
    const path = asSupport ? '' : `/accounts/${accountId}`;
    const token = asSupport ? tokens.support : tokens.of(accountId);
    recipients.add(recipient);
    let answer: string;
    try {
      const response = await fetch(`${url()}${path}/recipients/${encodeURIComponent(recipient)}`, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(longestAnswer),
      });
      const text = await response.text();
      answer = String(response.status);
      if (response.status === 200) {
        if (!(JSON.parse(text).erased?.emails >= 0)) wrong.push(`${recipient}: ${text}`);
        ledger.erased(emailId);
        done += 1;
      } else if (response.status !== 429 && response.status < 500) wrong.push(`${recipient}: ${answer} ${text}`);
    } catch (error) {
      answer = (error as Error).name === 'TimeoutError' ? 'no answer' : 'connection error';
    }
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
    return answer === '200';
  }

  const underWay: { readonly email: SentEmail; readonly asSupport: boolean }[] = [];
  const run = async () => {
    let until = Number.POSITIVE_INFINITY;
    for (let turn = 0; Date.now() < until; turn += 1) {
      await delay(between(soonest, latest, random));
      if (signal.aborted) {
        until = Math.min(until, Date.now() + patience);
        if (underWay.length === 0) return;
      } else if (underWay.length < mostUnderWay) {
        const emails = erasable();
        if (emails.length > 0) {
          const email = oneOf(emails, random);
          ledger.erasing(email.emailId);
          underWay.push({ email, asSupport: turn % 2 === 0 });
        }
      }
      const next = underWay.shift();
      if (next !== undefined && !(await isErased(next.email, next.asSupport))) underWay.push(next);
    }
  };
  const finished = run();
  return {
    recipients,
    get done() {
      return done;
    },
    get unfinished() {
      return underWay.length;
    },
    wrong,
    answers,
    async stop() {
      stopping.abort();
      await finished;
    },
  };
}
