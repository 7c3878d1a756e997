import { setTimeout as delay } from 'node:timers/promises';
import { type AlertKind, statuses } from '../../shared/status/catalogue.ts';
import type { ObservedCall } from './fault-proxy.ts';
import { amountOf, type Ledger } from './ledger.ts';

/** Alerts that support should have had, and those that it had. An alert is one email and one kind. */
export interface AlertFigures {
  /** Alerts that must have been, whatever the order of arrival. */
  readonly due: number;
  /** Alerts that may have been besides: a status on the way to the last one, or an email that was erased. */
  readonly possible: number;
  readonly told: number;
  readonly missing: number;
  /** Nothing that was sent asks for them. */
  readonly invented: number;
  /** Tellings beyond the first of an alert, each of which something that was done to the function explains. */
  readonly toldAgain: number;
  /** And such that nothing explains. */
  readonly unexplained: readonly string[];
}

/** One message to support that names an alert. */
export interface Telling {
  readonly messageId: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Faults and kills that the alert function met, and its answers. Times are epoch milliseconds. */
export interface AlertHistory {
  /** Kills of its process, or of the whole stack: from when on it may have been gone. */
  readonly kills: readonly number[];
  /** The end of the call by which a message was published, by the message's id; absent where no answer was seen. */
  readonly published: ReadonlyMap<string, Pick<ObservedCall, 'fault' | 'from' | 'heard'>>;
  /** The calls that marked an alert as told, by its key, in their order, and whether the table has the mark. */
  readonly marks: ReadonlyMap<
    string,
    readonly (Pick<ObservedCall, 'fault' | 'from' | 'to'> & { readonly applied: boolean })[]
  >;
}

/** Support is not told anything new for so long: it has been told all. */
const silence = 15_000;
/** Messages that still come after all that were due are told again. */
const shortSilence = 6_000;

/** Collects what the alert function does, as its proxies see it. */
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
 * Why support was told again; null where nothing explains it. The function tells first and marks afterwards, so that a
 * death in between tells twice by design, and so does an answer of the topic that it did not hear. Nothing else may: once the
 * mark is in the table, no second telling is excused by anything.
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

/** Waits until support was told what it must be, and compares. */
export async function alertFigures(url: string, ledger: Ledger, history: () => AlertHistory): Promise<AlertFigures> {
  const due = new Set<string>();
  const possible = new Set<string>();
  for (const { emailId, events, erasure } of ledger.emails()) {
    const states = [...events.values()];
    const kind = kindOf(amountOf(states.filter(({ acknowledged }) => acknowledged).map(({ event }) => event))?.status);
    // An email that is erased early enough alerts nobody.
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

/** When support was told of each alert, in order. */
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
