import { setTimeout as delay } from 'node:timers/promises';
import { type Ledger, type SentEmail, saysWhose } from './ledger.ts';
import { between, oneOf, type Random } from './random.ts';

/** The bounds of the pause between two calls, in milliseconds. */
const soonest = 500;
const latest = 4_000;
/** The number of erasures that are asked for in turn. */
const mostUnderWay = 5;
/** The time for the last erasures after all other traffic. */
const patience = 240_000;
/** The timeout of an answer, which is API Gateway's own. */
const longestAnswer = 30_000;
/** The pause before the second call. It is longer than the ingest function's timeout, so that every held event is written. */
const askedAgainAfter = 20_000;

export interface Erasures {
  readonly done: number;
  /** The number of recipients whose erasure was not confirmed in time. */
  readonly unfinished: number;
  /** Answers that are dishonest or about something else. */
  readonly wrong: readonly string[];
  readonly answers: ReadonlyMap<string, number>;
  /** Ends after the erasures under way. */
  stop(): Promise<void>;
  /** Called once the queues are empty. From then on, emails that were only in queues must be erased too. */
  drained(): void;
}

interface Asked {
  readonly email: SentEmail;
  readonly accountId: string;
  readonly asSupport: boolean;
  /** Whether an event is certainly in the table. Otherwise all may be in the retry queue. */
  readonly isRecorded: boolean;
  /** The time of the first confirmation in epoch milliseconds, or null. */
  readonly toldAt: number | null;
}

/**
 * Erases recipients with acknowledged events one after the other, half of them as their account. If all events may still
 * be in a queue, it asks twice, because a function may be holding them.
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

  /** Returns an email with an acknowledged event of an account that nobody has erased yet, or null. */
  function next(asSupport: boolean): Asked | null {
    const erasable = [...ledger.emails()].flatMap(email => {
      const named = [...email.events.values()].filter(({ event }) => event.accountId !== undefined && saysWhose(event));
      const accountId = named.find(({ acknowledged }) => acknowledged)?.event.accountId;
      const isRecorded = named.some(({ recorded }) => recorded);
      return email.erasure !== 'none' || accountId === undefined
        ? []
        : [{ email, accountId, asSupport, isRecorded, toldAt: null }];
    });
    // Few emails are only in the queue, and not for long, so that they are chosen more often.
    const waiting = erasable.filter(({ isRecorded }) => !isRecorded);
    const chosen = waiting.length > 0 && random() < 0.5 ? waiting : erasable;
    return chosen.length === 0 ? null : oneOf(chosen, random);
  }

  /** Asks for an erasure and returns whether it was confirmed. */
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
  /** Asks for an erasure, and queues it again until it is done. */
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
