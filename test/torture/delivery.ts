import { setTimeout as delay } from 'node:timers/promises';
import { createSecretPair } from '../../infra/local/services/webhook-secrets.ts';
import { post, signedFor } from '../../infra/tools/simulate/running-stack.ts';
import { providers } from '../../shared/providers/registry.ts';
import type { Signed } from '../fixtures/signing-scheme.ts';
import { type AnswerCounts, type CountSums, noCounts, wrongCounts } from './counts.ts';
import type { Ledger, SentEvent } from './ledger.ts';
import { between, type Random } from './random.ts';
import { type TrafficRequest, unreadableAddress } from './traffic.ts';

/** So long a provider waits for an answer. */
const patience = 10_000;
/** The first pause before a request is sent again; each is twice as long as the one before, up to the longest. */
const firstPause = 250;
const longestPause = 3_000;
/** While so many requests wait to be sent again, nothing new is sent. */
const mostWaiting = 64;
/** The run ends where nothing at all was acknowledged for so long. */
const longestSilence = 180_000;

/** Answers to all requests. */
export interface DeliveryFigures {
  /** Different requests, and how often one was sent. */
  requests: number;
  sendings: number;
  events: number;
  acknowledged: number;
  acknowledgedEvents: number;
  /** Forged requests that were refused for good, and such that were taken. */
  refused: number;
  forgeriesTaken: number;
  /** Given up, unacknowledged. */
  unacknowledged: number;
  /** By status code, or by what went wrong without one. */
  readonly answers: Map<string, number>;
  /** Milliseconds from sending to answer, of everything that was answered. */
  readonly latencies: number[];
  /** Sums of the counts of acknowledging answers, and their mistakes. */
  readonly counts: CountSums;
  readonly wrongCounts: string[];
  /** Unreadable events in all that was acknowledged, each time that it was. */
  acknowledgedUnreadable: number;
  /** Unreadable events, by the address in them, that were acknowledged. */
  readonly quarantined: Set<string>;
}

interface Delivery {
  readonly request: TrafficRequest;
  tries: number;
  dueAt: number;
  events: readonly SentEvent[];
}

/**
 * Sends requests as providers do: at most `inFlight` at a time, and what is not answered as it should be is sent again,
 * later and later, until it is.
 */
export async function deliver(options: {
  /** Asked for each sending: the stack may be a new one by then. */
  readonly url: () => string;
  readonly keys: Readonly<Record<string, string>>;
  readonly requests: Iterator<TrafficRequest>;
  readonly inFlight: number;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly figures: DeliveryFigures;
  /** Once aborted, nothing is sent any more. */
  readonly signal: AbortSignal;
}): Promise<void> {
  const { requests, ledger, random, figures, signal } = options;
  const wrongKeys = new Map<string, string>();
  const waiting: Delivery[] = [];
  let exhausted = false;
  let active = 0;
  let lastAcknowledged = Date.now();

  /** The next request that is due; null once there is nothing left to do. */
  async function next(): Promise<Delivery | null> {
    for (;;) {
      if (signal.aborted || Date.now() - lastAcknowledged > longestSilence) return null;
      const due = waiting.findIndex(({ dueAt }) => dueAt <= Date.now());
      if (due >= 0) return waiting.splice(due, 1)[0]!;
      if (!exhausted && waiting.length < mostWaiting) {
        const { value, done } = requests.next();
        if (!done) {
          figures.requests += 1;
          figures.events += value.events;
          return { request: value, tries: 0, dueAt: 0, events: [] };
        }
        exhausted = true;
      }
      if (exhausted && waiting.length === 0 && active === 0) return null;
      await delay(20);
    }
  }

  /** The request, signed now; a forged one is changed afterwards, or signed with another key where nothing covers the body. */
  function signed({ request }: Delivery): Signed {
    const { provider, outcome } = request;
    const genuine = signedFor(options.url(), options.keys[provider]!, request, Date.now());
    if (outcome !== 'refused') return genuine;
    const changed = Buffer.from(genuine.body.toString().replaceAll('@example.com', '@example.net'));
    if (provider === 'sendgrid' || provider === 'app' || provider === 'ses') return { ...genuine, body: changed };
    const wrongKey = wrongKeys.get(provider) ?? createSecretPair(providers[provider].secretKind).signs;
    wrongKeys.set(provider, wrongKey);
    return signedFor(options.url(), wrongKey, request, Date.now());
  }

  /** @param counts what the answer says, where it acknowledges something */
  function isDone({ request, events }: Delivery, status: number, counts: AnswerCounts | null): boolean {
    if (request.outcome === 'refused') {
      if (status === 401) figures.refused += 1;
      if (status === 200) figures.forgeriesTaken += 1;
      return status === 401 || status === 200;
    }
    if (status !== 200) return false;
    lastAcknowledged = Date.now();
    const unreadable = request.outcome === 'quarantined' ? 1 : 0;
    ledger.acknowledged(events, counts?.queued === 0);
    figures.acknowledgedUnreadable += unreadable;
    if (counts === null) figures.wrongCounts.push('an answer without counts');
    else {
      for (const name of Object.keys(figures.counts) as (keyof CountSums)[]) figures.counts[name] += counts[name] ?? 0;
      const ofErased = events.filter(({ emailId }) => ledger.email(emailId)!.erasure !== 'none').length;
      const distinct = new Set(events.map(({ emailId, element }) => `${emailId} ${element}`)).size;
      figures.wrongCounts.push(...wrongCounts(counts, { events: request.events, distinct, unreadable, ofErased }));
    }
    figures.acknowledged += 1;
    figures.acknowledgedEvents += request.events;
    if (request.outcome === 'quarantined') {
      for (const [address] of request.body.toString().matchAll(unreadableAddress)) figures.quarantined.add(address);
    }
    return true;
  }

  async function send(delivery: Delivery): Promise<void> {
    const { request } = delivery;
    const sending = signed(delivery);
    if (delivery.tries === 0) delivery.events = ledger.sent(request.expected);
    delivery.tries += 1;
    figures.sendings += 1;
    const begun = performance.now();
    let answer: string;
    let done = false;
    try {
      const response = await post(options.url(), sending, AbortSignal.timeout(patience));
      const text = await response.text();
      const { status } = response;
      figures.latencies.push(performance.now() - begun);
      answer = String(status);
      done = isDone(delivery, status, status === 200 ? countsIn(text) : null);
    } catch (error) {
      answer = (error as Error).name === 'TimeoutError' ? 'no answer' : 'connection error';
    }
    figures.answers.set(answer, (figures.answers.get(answer) ?? 0) + 1);
    if (done) return;
    const pause = Math.min(firstPause * 2 ** (delivery.tries - 1), longestPause);
    delivery.dueAt = Date.now() + pause * between(0.5, 1.5, random);
    waiting.push(delivery);
  }

  async function worker(): Promise<void> {
    for (let delivery = await next(); delivery !== null; delivery = await next()) {
      active += 1;
      try {
        await send(delivery);
      } finally {
        active -= 1;
      }
    }
  }

  await Promise.all(Array.from({ length: options.inFlight }, worker));
  figures.unacknowledged = waiting.length;
}

/** The counts of an answer; null where it has none. */
function countsIn(text: string): AnswerCounts | null {
  try {
    const counts = JSON.parse(text);
    return typeof counts?.received === 'number' ? counts : null;
  } catch {
    return null;
  }
}

export function noFigures(): DeliveryFigures {
  return {
    requests: 0,
    sendings: 0,
    events: 0,
    acknowledged: 0,
    acknowledgedEvents: 0,
    refused: 0,
    forgeriesTaken: 0,
    unacknowledged: 0,
    answers: new Map(),
    latencies: [],
    counts: noCounts(),
    wrongCounts: [],
    acknowledgedUnreadable: 0,
    quarantined: new Set(),
  };
}
