import { setTimeout as delay } from 'node:timers/promises';
import { type AlertKind, merge, statuses } from '../../shared/status.ts';
import type { Ledger } from './ledger.ts';

/** What support should have been told, and was. An alert is one email and one kind. */
export interface AlertFigures {
  /** Alerts that must have been, whatever the order of arrival. */
  readonly due: number;
  /** Alerts that may have been besides: a status on the way to the last one. */
  readonly possible: number;
  readonly told: number;
  readonly missing: number;
  /** Nothing that was sent asks for them. */
  readonly invented: number;
  /** Alerts that were told more than once: a stack that is killed between telling and noting it tells again. */
  readonly duplicate: number;
}

/** Support is not told anything new for so long: it has been told all. */
const silence = 15_000;

/** Waits until support was told what it must be, and compares. */
export async function alertFigures(url: string, ledger: Ledger): Promise<AlertFigures> {
  const due = new Set<string>();
  const possible = new Set<string>();
  for (const { emailId, sent, acknowledged } of ledger.emails()) {
    const kind = kindOf(merge(acknowledged)?.status);
    if (kind !== null) due.add(alertKey(kind, emailId));
    for (const { status, evidence } of sent) {
      const kind = evidence === 'machine' ? null : kindOf(status);
      if (kind !== null) possible.add(alertKey(kind, emailId));
    }
  }
  let told = await toldAlerts(url);
  let lastNews = Date.now();
  while ([...due].some(alert => !told.has(alert)) && Date.now() - lastNews < silence) {
    await delay(500);
    const now = await toldAlerts(url);
    if (now.size > told.size) lastNews = Date.now();
    told = now;
  }
  return {
    due: due.size,
    possible: [...possible].filter(alert => !due.has(alert)).length,
    told: told.size,
    missing: [...due].filter(alert => !told.has(alert)).length,
    invented: [...told.keys()].filter(alert => !possible.has(alert)).length,
    duplicate: [...told.values()].filter(times => times > 1).length,
  };
}

/** How often support was told of each alert. */
async function toldAlerts(url: string): Promise<Map<string, number>> {
  const answer = await fetch(`${url}/_local/inbox`, { headers: { accept: 'application/json' } });
  const { messages } = (await answer.json()) as {
    messages: { data: { kind?: AlertKind; emails?: { emailId: string }[] } }[];
  };
  const told = new Map<string, number>();
  for (const { data } of messages) {
    for (const { emailId } of data.emails ?? []) {
      const key = alertKey(data.kind!, emailId);
      told.set(key, (told.get(key) ?? 0) + 1);
    }
  }
  return told;
}

function kindOf(status: keyof typeof statuses | null | undefined): AlertKind | null {
  return status ? statuses[status].alert : null;
}

function alertKey(kind: AlertKind, emailId: string): string {
  return `${kind} ${emailId}`;
}
