import { setTimeout as delay } from 'node:timers/promises';
import type { Ledger, SentEmail, SentState } from './ledger.ts';
import { between, oneOf, type Random } from './random.ts';

/** Milliseconds between one erasure and the next. */
const soonest = 500;
const latest = 4_000;
/** So long one is asked for again and again. */
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
  /** Lets the one under way come to its end. */
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
  let unfinished = 0;

  /** Emails that are in the table for sure, in an account's name, and that nobody has erased yet. */
  const erasable = () =>
    [...ledger.emails()].filter(
      ({ erasure, events }) =>
        erasure === 'none' &&
        [...events.values()].some(({ recorded, event }) => recorded && event.accountId !== undefined),
    );

  async function erase({ emailId, events }: SentEmail, asSupport: boolean): Promise<void> {
    const accountId = [...events.values()].map(state => state.event.accountId).find(id => id !== undefined)!;
    const [{ event }] = [...events.values()] as [SentState];
    const { recipient } = event;
    const path = asSupport ? '' : `/accounts/${accountId}`;
    const token = asSupport ? tokens.support : tokens.of(accountId);
    ledger.erasing(emailId);
    recipients.add(recipient);
    for (const until = Date.now() + patience; Date.now() < until; await delay(500)) {
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
      if (answer === '200') return;
    }
    unfinished += 1;
  }

  const run = async () => {
    for (let turn = 0; !signal.aborted; turn += 1) {
      await delay(between(soonest, latest, random), undefined, { signal }).catch(() => {});
      const emails = signal.aborted ? [] : erasable();
      if (emails.length > 0) await erase(oneOf(emails, random), turn % 2 === 0);
    }
  };
  const finished = run();
  return {
    recipients,
    get done() {
      return done;
    },
    get unfinished() {
      return unfinished;
    },
    wrong,
    answers,
    async stop() {
      stopping.abort();
      await finished;
    },
  };
}
