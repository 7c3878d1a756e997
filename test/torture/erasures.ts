import { setTimeout as delay } from 'node:timers/promises';
import type { Ledger, SentEmail } from './ledger.ts';
import { between, oneOf, type Random } from './random.ts';

/** Milliseconds between one call and the next. */
const soonest = 500;
const latest = 4_000;
/** So many are asked for in turn. */
const mostUnderWay = 5;
/** So long they are asked for once there is no other traffic. */
const patience = 240_000;
/** An answer may take as long as API Gateway waits. */
const longestAnswer = 30_000;
/** Beyond the ingest function's timeout: what it held while it was asked for the first time is written by then. */
const askedAgainAfter = 20_000;

export interface Erasures {
  readonly done: number;
  /** Recipients of whom nobody said in time that they are erased. */
  readonly unfinished: number;
  /** Answers that are no honest ones, or not about what was asked. */
  readonly wrong: readonly string[];
  readonly answers: ReadonlyMap<string, number>;
  /** Lets those under way come to their end. */
  stop(): Promise<void>;
  /** Once the queues are empty: what only they knew of is to be gone, too. */
  drained(): void;
}

interface Asked {
  readonly email: SentEmail;
  readonly accountId: string;
  readonly asSupport: boolean;
  /** Something of it is in the table for sure; else it may all be in the retry queue. */
  readonly isRecorded: boolean;
  /** Epoch milliseconds; null where nobody has said yet that it is erased. */
  readonly toldAt: number | null;
}

/**
 * Erases recipients, one after the other, of whose emails something was acknowledged: half of them in their account's name.
 * Where it may be in a queue alone it is asked for twice, since a function may just hold it in its hands.
 */
export function startErasures(options: {
  readonly url: () => string;
  readonly tokens: { readonly support: string; readonly of: (accountId: string) => string };
  readonly ledger: Ledger;
  readonly random: Random;
}): Erasures {
  const { url, tokens, ledger, random } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const answers = new Map<string, number>();
  const wrong: string[] = [];
  const onceDrained: string[] = [];
  let done = 0;

  /** An email of which something was acknowledged in an account's name, and that nobody has erased yet; null where there is none. */
  function next(asSupport: boolean): Asked | null {
    const erasable = [...ledger.emails()].flatMap(email => {
      const named = [...email.events.values()].filter(({ event }) => event.accountId !== undefined);
      const accountId = named.find(({ acknowledged }) => acknowledged)?.event.accountId;
      const isRecorded = named.some(({ recorded }) => recorded);
      return email.erasure !== 'none' || accountId === undefined
        ? []
        : [{ email, accountId, asSupport, isRecorded, toldAt: null }];
    });
    // Those that wait in the queue are few, and gone soon.
    const waiting = erasable.filter(({ isRecorded }) => !isRecorded);
    const chosen = waiting.length > 0 && random() < 0.5 ? waiting : erasable;
    return chosen.length === 0 ? null : oneOf(chosen, random);
  }

  /** Whether somebody said that it is erased. */
  async function isErased({ email, accountId, asSupport }: Asked): Promise<boolean> {
    const { recipient } = [...email.events.values()][0]!.event;
    const token = asSupport ? tokens.support : tokens.of(accountId);
    let answer: string;
    try {
      const response = await fetch(`${url()}${asSupport ? '' : `/accounts/${accountId}`}/erasures`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ recipient }),
        signal: AbortSignal.timeout(longestAnswer),
      });
      const text = await response.text();
      answer = String(response.status);
      if (response.status === 200) {
        const { erased, forgottenBy } = JSON.parse(text);
        if (!(erased?.emails >= 0 && forgottenBy?.queues < forgottenBy?.backups)) wrong.push(`${recipient}: ${text}`);
      } else if (response.status !== 429 && response.status < 500) wrong.push(`${recipient}: ${answer} ${text}`);
    } catch (error) {
      answer = (error as Error).name === 'TimeoutError' ? 'no answer' : 'connection error';
    }
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
    return answer === '200';
  }

  const underWay: Asked[] = [];
  /** Asks for one, and keeps it in turn until it is erased. */
  async function ask(asked: Asked): Promise<void> {
    const { email, isRecorded, toldAt } = asked;
    const isDue = toldAt === null || Date.now() >= toldAt + askedAgainAfter;
    if (!isDue || !(await isErased(asked))) underWay.push(asked);
    else if (!isRecorded && toldAt === null) underWay.push({ ...asked, toldAt: Date.now() });
    else {
      if (isRecorded) ledger.erased(email.emailId);
      else onceDrained.push(email.emailId);
      done += 1;
    }
  }

  const run = async () => {
    let until = Number.POSITIVE_INFINITY;
    for (let turn = 0; Date.now() < until; turn += 1) {
      await delay(between(soonest, latest, random));
      if (signal.aborted) {
        until = Math.min(until, Date.now() + patience);
        if (underWay.length === 0) return;
      } else if (underWay.length < mostUnderWay) {
        const chosen = next(turn % 2 === 0);
        if (chosen !== null) {
          ledger.erasing(chosen.email.emailId);
          underWay.push(chosen);
        }
      }
      const first = underWay.shift();
      if (first !== undefined) await ask(first);
    }
  };
  const finished = run();
  return {
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
    drained() {
      for (const emailId of onceDrained) ledger.erased(emailId);
    },
  };
}
