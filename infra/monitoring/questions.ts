/** The questions of an operator, in the order of the dashboard and of docs/on-call.md. */

interface Answered {
  readonly title: string;
  /** The next look, where a graph shows something. */
  readonly lookNext: string;
  readonly command: string;
  /** The lines of the logs that tell more. */
  readonly logLines: string;
}

export const questions = {
  arriving: {
    title: 'Is mail news arriving?',
    lookNext: 'A silent or refused provider: `npm run doctor` names it. `npm run tail` shows events as they come.',
    command: '`npm run tail`',
    logLines: '`webhook.answered`, `webhook.refused` (ingest), `canary.failed` (watch)',
  },
  recorded: {
    title: 'Is it recorded?',
    lookNext: 'The log of the ingest function says why not. What is not recorded at once waits in the retry queue.',
    command: '`npm run doctor`',
    logLines: '`webhook.answered` with its counts, `webhook.unavailable`, `webhook.quarantined` (ingest)',
  },
  late: {
    title: 'How late is it?',
    lookNext: 'From the event to its record, then in queues and streams. If one provider is late, see its status page.',
    command: '`npm run tail`',
    logLines: '`queue.drained` (ingest), `alert.sent` (alert)',
  },
  failed: {
    title: 'What failed?',
    lookNext: 'The access log has the route of each error. The log of its function has the line `fault`.',
    command: '`npm run doctor`',
    logLines: '`fault` (any), `queue.message-failed` (ingest), `status` of the access log',
  },
  waiting: {
    title: 'What waits?',
    lookNext:
      'Quarantine and dead letters wait for a person, for 14 days. `npm run replay` lists them and feeds them back.',
    command: '`npm run replay -- --queue quarantine --dry-run --show`',
    logLines: '`webhook.quarantined`, `queue.message-failed` (ingest)',
  },
  told: {
    title: 'What was support told?',
    lookNext: '`npm run tail` shows alerts too. `npm run doctor` checks who is subscribed.',
    command: '`npm run tail`',
    logLines: '`digest.sent` (digest), `alert.sent` (alert), `daily.told` (daily)',
  },
  cost: {
    title: 'What does it cost, and how near are its limits?',
    lookNext: '`npm run cost` computes a month, and docs/cost.md explains each part.',
    command: '`npm run cost -- --emails 1e6`',
    logLines: 'none; the bill has it',
  },
} as const satisfies Record<string, Answered>;

export type Question = keyof typeof questions;
