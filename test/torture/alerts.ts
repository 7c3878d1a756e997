import { setTimeout as delay } from 'node:timers/promises';
import { type AlertKind, statuses } from '../../shared/status/catalogue.ts';
import type { ObservedCall } from './fault-proxy.ts';
import { amountOf, type Ledger } from './ledger.ts';

/** Due alerts and sent alerts. An alert is one email and one kind. */
export interface AlertFigures {
  /** Alerts that are due in any order of arrival. */
  readonly due: number;
  /** Other alerts that may have been sent, for an earlier status or for an erased email. */
  readonly possible: number;
  readonly told: number;
  readonly missing: number;
  /** Alerts that no sent event asks for. */
  readonly invented: number;
  /** Repeated alerts that a fault of the function explains. */
  readonly toldAgain: number;
  /** Repeated alerts that no fault explains. */
  readonly unexplained: readonly string[];
}

/** One message to support with an alert. */
export interface Telling {
  readonly messageId: string;
  /** The time in epoch milliseconds. */
  readonly at: number;
}

/** The faults and kills of the alert function, and the answers to its calls. Times are in epoch milliseconds. */
export interface AlertHistory {
  /** The times at which its process or the whole stack was killed. */
  readonly kills: readonly number[];
  /** The calls that published messages, by message id. Calls without an answer are absent. */
  readonly published: ReadonlyMap<string, Pick<ObservedCall, 'fault' | 'from' | 'heard'>>;
  /** The calls that marked an alert as sent, by its key, in order, and whether the table applied them. */
  readonly marks: ReadonlyMap<
    string,
    readonly (Pick<ObservedCall, 'fault' | 'from' | 'to'> & { readonly applied: boolean })[]
  >;
}

/** After so long without a new alert, all alerts count as sent. */
const silence = 15_000;
/** The wait for repeated alerts after all due ones. */
const shortSilence = 6_000;

/** Collects the alert function's calls from its proxies. */
export function watchAlerts(): { onCall(call: ObservedCall): void; readonly seen: Omit<AlertHistory, 'kills'> } {
  const published = new Map<string, Pick<ObservedCall, 'fault' | 'from' | 'heard'>>();
  const marks = new Map<string, (Pick<ObservedCall, 'fault' | 'from' | 'to'> & { applied: boolean })[]>();
  return {
    seen: { published, marks },
    onCall({ operation, body, fault, answer, heard, from, to }) {
      if (operation === 'Publish') {
        const messageId = /<MessageId>(.*?)<\/MessageId>/.exec(answer?.body.toString() ?? '')?.[1];
        if (messageId !== undefined) published.set(messageId, { fault, from, heard });
      }
      if (operation !== 'UpdateItem') return;
      const { Key, ExpressionAttributeValues } = JSON.parse(body.toString());
      const key = alertKey(ExpressionAttributeValues[':kind'].SS[0], Key.emailId.S);
      const ofAlert = marks.get(key) ?? [];
      marks.set(key, ofAlert);
      ofAlert.push({ fault, from, to, applied: answer?.status === 200 });
    },
  };
}

/**
 * Returns the reason of a repeated alert, or null. The function sends an alert first and marks it afterwards. So a death
 * in between repeats the alert by design, and so does a lost answer of the topic. Once the mark is in the table, nothing
 * explains a repeated alert.
 */
export function whyAgain(key: string, before: Telling, again: Telling, history: AlertHistory): string | null {
  const { kills, published, marks } = history;
  const first = published.get(before.messageId);
  const toldFrom = first?.from ?? before.at;
  const againFrom = published.get(again.messageId)?.from ?? again.at;
  const tries = marks.get(key) ?? [];
  if (tries.some(({ applied, to }) => applied && to < againFrom)) return null;
  if (first === undefined) return 'no answer to the first telling was seen';
  if (first.fault !== null) return `the first telling met: ${first.fault}`;
  if (!first.heard) return 'the function gave up waiting for the answer to the first telling';
  if (kills.some(at => at >= toldFrom && at <= again.at)) return 'the function was killed in between';
  const failed = tries.find(({ fault, from }) => fault !== null && from >= toldFrom && from <= again.at);
  return failed === undefined ? null : `the mark met: ${failed.fault}`;
}

/** Waits for the due alerts, and compares. */
export async function alertFigures(url: string, ledger: Ledger, history: () => AlertHistory): Promise<AlertFigures> {
  const due = new Set<string>();
  const possible = new Set<string>();
  for (const { emailId, events, erasure } of ledger.emails()) {
    const states = [...events.values()];
    const kind = kindOf(amountOf(states.filter(({ acknowledged }) => acknowledged).map(({ event }) => event))?.status);
    // An email that was erased early enough needs no alert.
    if (kind !== null && erasure === 'none') due.add(alertKey(kind, emailId));
    for (const { event } of states) {
      const kind = event.evidence === 'machine' ? null : kindOf(event.status);
      if (kind !== null) possible.add(alertKey(kind, emailId));
    }
  }
  let told = await toldAlerts(url);
  let lastNews = Date.now();
  const waits = () => ([...due].some(alert => !told.has(alert)) ? silence : shortSilence);
  while (Date.now() - lastNews < waits()) {
    await delay(500);
    const now = await toldAlerts(url);
    if (tellings(now) > tellings(told)) lastNews = Date.now();
    told = now;
  }
  const { kills, published, marks } = history();
  const again = [...told].flatMap(([key, all]) =>
    all.slice(1).map((telling, index) => ({
      before: all[index]!,
      telling,
      key,
      why: whyAgain(key, all[index]!, telling, { kills, published, marks }),
    })),
  );
  return {
    due: due.size,
    possible: [...possible].filter(alert => !due.has(alert)).length,
    told: told.size,
    missing: [...due].filter(alert => !told.has(alert)).length,
    invented: [...told.keys()].filter(alert => !possible.has(alert)).length,
    toldAgain: again.filter(({ why }) => why !== null).length,
    unexplained: again
      .filter(({ why }) => why === null)
      .map(({ key, before, telling }) => described(key, before, telling, marks)),
  };
}

function described(key: string, before: Telling, again: Telling, marks: AlertHistory['marks']): string {
  const tries = (marks.get(key) ?? []).map(({ from, to, fault, applied }) => `${from} to ${to}: ${applied} ${fault}`);
  return `${key} told at ${before.at} and ${again.at}, marked ${tries.join(', ') || 'never'}`;
}

function tellings(told: ReadonlyMap<string, readonly Telling[]>): number {
  return [...told.values()].reduce((sum, all) => sum + all.length, 0);
}

/** The messages to support with each alert, in order. */
async function toldAlerts(url: string): Promise<Map<string, Telling[]>> {
  const answer = await fetch(`${url}/_local/inbox`, { headers: { accept: 'application/json' } });
  const { messages } = (await answer.json()) as {
    messages: {
      messageId: string;
      receivedAt: string;
      data: { kind?: AlertKind; emails?: { emailId: string }[] };
    }[];
  };
  const told = new Map<string, Telling[]>();
  for (const { messageId, receivedAt, data } of messages) {
    for (const { emailId } of data.emails ?? []) {
      const key = alertKey(data.kind!, emailId);
      const all = told.get(key) ?? [];
      told.set(key, all);
      all.push({ messageId, at: Date.parse(receivedAt) });
    }
  }
  return told;
}

function kindOf(status: keyof typeof statuses | null | undefined): AlertKind | null {
  return status ? statuses[status].alert : null;
}

export function alertKey(kind: AlertKind, emailId: string): string {
  return `${kind} ${emailId}`;
}
