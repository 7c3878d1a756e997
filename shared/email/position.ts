/** The end of a page, in the order of its list. */
export interface Position {
  readonly at: number;
  /** The last email that was read; null: none of that time was. */
  readonly emailId: string | null;
}

/** An email's place in a list. */
export interface Key extends Position {
  readonly emailId: string;
}

/** The next keys of a list, newest first. `next` is where it continues, null at its end; `calls` is its cost. */
export interface Keys {
  readonly keys: readonly Key[];
  readonly next: Position | null;
  readonly calls: number;
}

/** Sorts by time, then id, so that no two emails are equal. */
export function newestFirst(one: Position, other: Position): number {
  if (one.at !== other.at) return other.at - one.at;
  return one.emailId === other.emailId ? 0 : (one.emailId ?? '') < (other.emailId ?? '') ? 1 : -1;
}
