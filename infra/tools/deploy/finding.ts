/** The outcome of a check, for a person who is about to deploy. */
export interface Finding {
  /** `problem`: the deployment would fail, or serve nobody. `warning`: it would work, with the stated drawback. */
  readonly result: 'ok' | 'warning' | 'problem';
  readonly says: string;
  /** The way to put a warning or a problem right. */
  readonly remedy?: string;
}

export const ok = (says: string): Finding => ({ result: 'ok', says });
export const warning = (says: string, remedy: string): Finding => ({ result: 'warning', says, remedy });
export const problem = (says: string, remedy: string): Finding => ({ result: 'problem', says, remedy });
