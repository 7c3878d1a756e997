/** The texts that people read, each with the code by which a UI can translate it, e.g. `status.invalid.meaning`. */

import { actionsForAccount, resolutionsForAccount } from './account-texts.ts';
import { type Status, type StatusFacts, statuses } from './catalogue.ts';
import { advisingCause, type Cause, type CauseFacts, causes } from './causes.ts';
import type { CaveatId } from './caveats.ts';

/** The members with their texts and codes. A code is null where its text is null. */
type Coded<Texts> = {
  readonly [Member in keyof Texts]: { readonly text: Texts[Member]; readonly code: Texts[Member] };
};

function coded<Texts extends object>(owner: string, texts: Texts): Coded<Texts> {
  const entries = Object.entries(texts).map(([member, text]) => {
    return [member, { text, code: text === null ? null : `${owner}.${member}` }];
  });
  return Object.fromEntries(entries);
}

/** The texts of coded members. */
export function textsOf<Texts>(members: Coded<Texts>): Texts {
  return parts(members, 'text');
}

/** The codes of coded members. */
export function codesOf<Texts>(members: Coded<Texts>): Texts {
  return parts(members, 'code');
}

function parts<Texts>(members: Coded<Texts>, part: 'text' | 'code'): Texts {
  const entries = Object.entries<{ readonly text: unknown; readonly code: unknown }>(members);
  return Object.fromEntries(entries.map(([member, held]) => [member, held[part]])) as Texts;
}

/** The texts of a status. */
export function statusTexts(id: Status) {
  const { label, meaning, resolution, sentAgain, doesNotProve }: StatusFacts = statuses[id];
  const resolutionForAccount = resolutionsForAccount[id] ?? resolution;
  return coded(`status.${id}`, { label, meaning, resolution, resolutionForAccount, sentAgain, doesNotProve });
}

/** The texts of a cause. */
export function causeTexts(id: Cause) {
  const { label, text, whatToDo }: CauseFacts = causes[id];
  return coded(`cause.${id}`, { label, text, whatToDo, whatToDoForAccount: actionsForAccount[id] ?? whatToDo });
}

type EmailTexts = Readonly<
  Record<
    'label' | 'meaning' | 'resolution' | 'whatToDo' | 'whatToDoForAccount' | 'sentAgain' | 'doesNotProve',
    string | null
  >
>;

const untold: Coded<EmailTexts> = coded('', {
  label: null,
  meaning: null,
  resolution: null,
  whatToDo: null,
  whatToDoForAccount: null,
  sentAgain: null,
  doesNotProve: null,
});

/** The texts of an email, all null without a status. The actions are the cause's, or else the status's. */
export function emailTexts(status: Status | null, cause?: Cause | null): Coded<EmailTexts> {
  if (status === null) return untold;
  const { resolutionForAccount, ...ofStatus } = statusTexts(status);
  const advising = advisingCause(status, cause);
  const { whatToDo, whatToDoForAccount } =
    advising === null
      ? { whatToDo: ofStatus.resolution, whatToDoForAccount: resolutionForAccount }
      : causeTexts(advising);
  return { ...ofStatus, whatToDo, whatToDoForAccount };
}

/** The code of a caveat's text. */
export function caveatCode<Id extends CaveatId>(id: Id) {
  return `caveat.${id}` as const;
}
