/** The outcome of one check of a running deployment. */
export interface Outcome {
  /** `not shown`: this deployment, or the options given, cannot show it. */
  readonly result: 'pass' | 'fail' | 'not shown';
  readonly says: string;
}

export const pass = (says: string): Outcome => ({ result: 'pass', says });
export const fail = (says: string): Outcome => ({ result: 'fail', says });
export const notShown = (says: string): Outcome => ({ result: 'not shown', says });
