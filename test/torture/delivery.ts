import { setTimeout as delay } from 'node:timers/promises';
import { createSecretPair } from '../../infra/local/services/webhook-secrets.ts';
import { post, signedFor } from '../../infra/tools/simulate/running-stack.ts';
import { providers } from '../../shared/providers/registry.ts';
import type { Signed } from '../fixtures/signing-scheme.ts';
import { type AnswerCounts, type CountSums, noCounts, wrongCounts } from './counts.ts';
import type { Ledger, SentEvent } from './ledger.ts';
import { between, type Random } from './random.ts';
import { type TrafficRequest, unreadableAddress } from './traffic.ts';

/** A provider's timeout for an answer. */
const patience = 10_000;
/** The first pause before a request is sent again. Each pause is twice as long as the one before, up to the longest. */
const firstPause = 250;
const longestPause = 3_000;
/** With so many requests waiting to be sent again, no new request is sent. */
const mostWaiting = 64;
/** The run ends after so long without an acknowledgement. */
const longestSilence = 180_000;

/** The figures of all requests and answers. */
export interface DeliveryFigures {
  /** The number of different requests. `sendings` counts every try. */
  requests: number;
  sendings: number;
  events: number;
  acknowledged: number;
  acknowledgedEvents: number;
  /** The number of refused forgeries. `forgeriesTaken` counts accepted ones. */
  refused: number;
  forgeriesTaken: number;
  /** The number of requests given up without an acknowledgement. */
  unacknowledged: number;
  /** The answers by status code or by kind of failure. */
  readonly answers: Map<string, number>;
  /** The times from request to answer, in milliseconds. */
  readonly latencies: number[];
  /** The sums of the counts in acknowledging answers. `wrongCounts` has their mistakes. */
  readonly counts: CountSums;
  readonly wrongCounts: string[];
  /** The number of unreadable events in all acknowledged requests, repeated ones included. */
  acknowledgedUnreadable: number;
  /** The acknowledged unreadable events, by the address in them. */
  readonly quarantined: Set<string>;
}

interface Delivery {
  readonly request: TrafficRequest;
  tries: number;
  dueAt: number;
  events: readonly SentEvent[];
}

/**
 * Sends requests as providers do, at most `inFlight` at a time. A request without the right answer is sent again after
 * growing pauses.
 */
export async function deliver(options: {
  /** Returns the URL of the running stack, which may change during the run. */
  readonly url: () => string;
  readonly keys: Readonly<Record<string, string>>;
  readonly requests: Iterator<TrafficRequest>;
  /** Takes further requests. Those that are left after the last of the others are never sent. */
  readonly besides: TrafficRequest[];
  readonly inFlight: number;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly figures: DeliveryFigures;
  /** Ends the sending. */
  readonly signal: AbortSignal;
}): Promise<void> {
  const { requests, ledger, random, figures, signal } = options;
  const wrongKeys = new Map<string, string>();
  const waiting: Delivery[] = [];
  let exhausted = false;
  let active = 0;
  let lastAcknowledged = Date.now();

  /** Returns the next due request, or null at the end. */
  async function next(): Promise<Delivery | null> {
    for (;;) {
      if (signal.aborted || Date.now() - lastAcknowledged > longestSilence) return null;
      const due = waiting.findIndex(({ dueAt }) => dueAt <= Date.now());
      if (due >= 0) return waiting.splice(due, 1)[0]!;
      const pressing = exhausted ? undefined : options.besides.shift();
      if (pressing !== undefined || (!exhausted && waiting.length < mostWaiting)) {
        const { value, done } = pressing === undefined ? requests.next() : { value: pressing, done: false as const };
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

  /** Signs the request now. A forgery is changed afterwards, or has another key if the proof does not cover the body. */
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

  /** @param counts the counts of an acknowledging answer */
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
      const repeatable = events.filter(({ emailId, element }) => {
        const { status } = ledger.email(emailId)!.events.get(element)!.event;
        return status === 'opened' || status === 'link_clicked';
      }).length;
      figures.wrongCounts.push(
        ...wrongCounts(counts, { events: request.events, distinct, unreadable, ofErased, repeatable }),
      );
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

/** Returns the counts of an answer, or null. */
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
