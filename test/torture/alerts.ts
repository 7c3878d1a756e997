import { setTimeout as delay } from 'node:timers/promises';
import type { Channel } from '../../shared/alerts/ledger.ts';
import { type AlertKind, statuses } from '../../shared/status/catalogue.ts';
import type { ObservedCall } from './fault-proxy.ts';
import { amountOf, type Ledger } from './ledger.ts';

/** Due alerts and sent alerts. An alert is one email and one kind, for people or for machines. */
export interface AlertFigures {
  /** Alerts that are due in any order of arrival. */
  readonly due: number;
  /** Other alerts that may have been sent, for an earlier status or for an erased email. */
  readonly possible: number;
  readonly told: number;
  readonly missing: number;
  /** Alerts that no sent event asks for. */
  readonly invented: number;
  /** Repeated alerts under one id, which a fault between publication and commit explains. */
  readonly toldAgain: number;
  /** The same by the fault that explains them. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Repeated alerts that no fault explains, or that came under another id. */
  readonly unexplained: readonly string[];
}

/** One message with an alert. */
export interface Telling {
  readonly messageId: string;
  readonly digestId: string;
  /** The time in epoch milliseconds. */
  readonly at: number;
}

/** The faults and kills of the functions that tell alerts, and the answers to their calls. Times are in epoch milliseconds. */
export interface AlertHistory {
  /** The times at which a process of these functions or the whole stack was killed. */
  readonly kills: readonly number[];
  /** The calls that published messages, by message id. Calls without an answer are absent. */
  readonly published: ReadonlyMap<string, Pick<ObservedCall, 'fault' | 'from' | 'heard'>>;
  /** The calls that committed a digest, by its id, in order, and whether the table applied them. */
  readonly commits: ReadonlyMap<
    string,
    readonly (Pick<ObservedCall, 'fault' | 'from' | 'to'> & { readonly applied: boolean })[]
  >;
}

/** A commit that is not made by then is not made at all: the digest function's whole time. */
const maxCommittingMs = 10_000;
/** After so long without a new alert, all alerts count as sent. */
const silence = 20_000;
/** The wait for repeated alerts after all due ones. */
const shortSilence = 6_000;

/** Collects the functions' calls from their proxies. */
export function watchAlerts(): { onCall(call: ObservedCall): void; readonly seen: Omit<AlertHistory, 'kills'> } {
  const published = new Map<string, Pick<ObservedCall, 'fault' | 'from' | 'heard'>>();
  const commits = new Map<string, (Pick<ObservedCall, 'fault' | 'from' | 'to'> & { applied: boolean })[]>();
  return {
    seen: { published, commits },
    onCall({ operation, body, fault, answer, heard, from, to }) {
      if (operation === 'Publish') {
        const messageId = /<MessageId>(.*?)<\/MessageId>/.exec(answer?.body.toString() ?? '')?.[1];
        if (messageId !== undefined) published.set(messageId, { fault, from, heard });
      }
      if (operation !== 'PutItem') return;
      const [, digestId] = /^told:\w+ (.+)$/.exec(JSON.parse(body.toString()).Item.guardKey.S) ?? [];
      if (digestId === undefined) return;
      const ofDigest = commits.get(digestId) ?? [];
      commits.set(digestId, ofDigest);
      ofDigest.push({ fault, from, to, applied: answer?.status === 200 });
    },
  };
}

/**
 * Returns the reason of a repeated alert, or null. A function publishes first and commits afterwards. So a death in
 * between repeats the message under its id, and so does a lost answer of the topic. Once the commit is in the table,
 * nothing explains a repeated alert. Nothing ever explains another id.
 */
export function whyAgain(before: Telling, again: Telling, history: AlertHistory): string | null {
  if (before.digestId === '' || before.digestId !== again.digestId) return null;
  const { kills, published, commits } = history;
  const first = published.get(before.messageId);
  const toldFrom = first?.from ?? before.at;
  const againFrom = published.get(again.messageId)?.from ?? again.at;
  const tries = commits.get(before.digestId) ?? [];
  if (tries.some(({ applied, to }) => applied && to < againFrom)) return null;
  if (first === undefined) return 'no answer to the first telling was seen';
  if (first.fault !== null) return `the first telling met: ${first.fault}`;
  if (!first.heard) return 'the function gave up waiting for the answer to the first telling';
  const until = Math.min(again.at, tries.at(-1)?.to ?? again.at, toldFrom + maxCommittingMs);
  if (kills.some(at => at >= toldFrom && at <= until)) return 'the function was killed in between';
  const failed = tries.find(({ fault, from }) => fault !== null && from >= toldFrom && from <= again.at);
  return failed === undefined ? null : `the commit met: ${failed.fault}`;
}

/** Waits for the due alerts, and compares. */
export async function alertFigures(url: string, ledger: Ledger, history: () => AlertHistory): Promise<AlertFigures> {
  const due = new Set<string>();
  const possible = new Set<string>();
  const channels = ['people', 'machines'] as const satisfies Channel[];
  for (const { emailId, events, erasure } of ledger.emails()) {
    const states = [...events.values()];
    const kind = kindOf(amountOf(states.filter(({ acknowledged }) => acknowledged).map(({ event }) => event))?.status);
    const kinds = states.map(({ event }) => (event.evidence === 'machine' ? null : kindOf(event.status)));
    for (const channel of channels) {
      // An email that was erased early enough needs no alert.
      if (kind !== null && erasure === 'none') due.add(alertKey(channel, kind, emailId));
      for (const one of kinds) if (one !== null) possible.add(alertKey(channel, one, emailId));
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
  const seen = history();
  const again = [...told].flatMap(([key, all]) =>
    all.slice(1).map((telling, index) => ({
      before: all[index]!,
      telling,
      key,
      why: whyAgain(all[index]!, telling, seen),
    })),
  );
  return {
    due: due.size,
    possible: [...possible].filter(alert => !due.has(alert)).length,
    told: told.size,
    missing: [...due].filter(alert => !told.has(alert)).length,
    invented: [...told.keys()].filter(alert => !possible.has(alert)).length,
    toldAgain: again.filter(({ why }) => why !== null).length,
    reasons: Object.fromEntries(
      [...Map.groupBy(again, ({ why }) => why ?? '')].flatMap(([why, all]) => (why === '' ? [] : [[why, all.length]])),
    ),
    unexplained: again
      .filter(({ why }) => why === null)
      .map(({ key, before, telling }) => described(key, before, telling, seen.commits)),
  };
}

function described(key: string, before: Telling, again: Telling, commits: AlertHistory['commits']): string {
  const tries = (commits.get(before.digestId) ?? []).map(
    ({ from, to, fault, applied }) => `${from} to ${to}: ${applied} ${fault}`,
  );
  const ids = `under ${before.digestId} and ${again.digestId}`;
  return `${key} told at ${before.at} and ${again.at} ${ids}, committed ${tries.join(', ') || 'never'}`;
}

function tellings(told: ReadonlyMap<string, readonly Telling[]>): number {
  return [...told.values()].reduce((sum, all) => sum + all.length, 0);
}

interface Published {
  readonly messageId: string;
  readonly topicArn: string;
  readonly receivedAt: string;
  readonly text: string;
  readonly attributes: { readonly digestId?: string };
  readonly data: { readonly kind?: AlertKind; readonly emails?: readonly { readonly emailId: string }[] };
}

/** The messages with each alert, in order. */
async function toldAlerts(url: string): Promise<Map<string, Telling[]>> {
  const answer = await fetch(`${url}/_local/inbox`, { headers: { accept: 'application/json' } });
  const { messages } = (await answer.json()) as { messages: Published[] };
  const told = new Map<string, Telling[]>();
  for (const { messageId, topicArn, receivedAt, attributes, data, text } of messages) {
    const forMachines = (data.emails ?? []).map(({ emailId }) => alertKey('machines', data.kind!, emailId));
    for (const key of /AlertEvents/.test(topicArn) ? forMachines : alertsIn(text)) {
      const all = told.get(key) ?? [];
      told.set(key, all);
      all.push({ messageId, digestId: attributes.digestId ?? '', at: Date.parse(receivedAt) });
    }
  }
  return told;
}

const headings = {
  'Could not be delivered': 'hard_bounce',
  'Marked as spam': 'spam',
} as const satisfies Record<string, AlertKind>;

/** The alerts in a letter: the ids at the ends of its lines, each under the heading of its kind. */
export function alertsIn(text: string): readonly string[] {
  let kind: AlertKind = 'hard_bounce';
  return text.split('\n').flatMap(line => {
    const heading = Object.keys(headings).find(words => line.startsWith(`${words}: `)) as keyof typeof headings;
    if (heading !== undefined) kind = headings[heading];
    const [, emailId] = /email[= ]([\w-]{22})$/.exec(line) ?? [];
    return emailId === undefined ? [] : [alertKey('people', kind, emailId)];
  });
}

function kindOf(status: keyof typeof statuses | null | undefined): AlertKind | null {
  return status ? statuses[status].alert : null;
}

export function alertKey(channel: Channel, kind: AlertKind, emailId: string): string {
  return `${channel} ${kind} ${emailId}`;
}
