/**
 * Rebuilds the status of every email from Mailtrail's events alone. They come at least once, in any order, and each has the
 * whole status: of an email's events the one with the greatest rank is the newest word. The map may as well be a table:
 *
 *   INSERT INTO statuses (email_id, status, since, rank) VALUES ($1, $2, $3, $4)
 *   ON CONFLICT (email_id) DO UPDATE SET status = $2, since = $3, rank = $4 WHERE statuses.rank < $4
 */

/** The part of an event of EventBridge that is read here. */
export interface StatusEvent {
  readonly 'detail-type': string;
  readonly detail: EmailStatus & { readonly schemaVersion: number };
}

export interface EmailStatus {
  readonly emailId: string;
  readonly to: string;
  readonly since: string;
  readonly rank: string;
}

export function createStatusConsumer() {
  const newest = new Map<string, EmailStatus>();
  return {
    take({ 'detail-type': type, detail }: StatusEvent): void {
      if (type !== 'Email Status Changed' || detail.schemaVersion !== 1) return;
      const known = newest.get(detail.emailId);
      // Ranks are texts of ASCII: the comparison needs no locale.
      if (known === undefined || known.rank < detail.rank) newest.set(detail.emailId, detail);
    },
    /** The newest status of each email, by its id. */
    statuses: newest as ReadonlyMap<string, EmailStatus>,
  };
}
