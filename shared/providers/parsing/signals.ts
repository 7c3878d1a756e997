/**
 * Signals of failure: codes and words of a mail server's reply, and a provider's own label, give the cause of a failure. All
 * providers share them, and no adapter reads a reply for itself.
 *
 * Providers put a generic "hard" or x.0.0 on full mailboxes, block lists and SPF failures, while the server wrote the
 * cause in words. So: a specific code, then words, then links, then the provider's precise label, then words and codes that
 * say little, and a generic label last. Words that servers are known to send under a wrong code beat it.
 */

import { ownValue } from '../../runtime/own-property.ts';
import { beginningOf } from '../../runtime/text.ts';
import { type Cause, causes, type Failure, type FailureStatus, failureBy, statedCause } from '../../status/causes.ts';
import { folded, phraseFinder, type Words, withoutAddresses, withoutLinks, wordsOf } from './phrases.ts';
import { enhancedCodesIn, maxReplyLength, replyCodeIn, type SmtpReply } from './smtp-reply.ts';
import { linkSignals, passing, type WordSignal, weakSignals, wordSignals } from './word-signals.ts';

/**
 * A provider's own label. It is a cause if the provider defines it precisely, and then counts as words do. It is a
 * status if it is generic ("hard", "permanent"), and then decides only if nothing else does.
 */
export type Label = Cause | FailureStatus;

/** Subject and detail of an enhanced status code, or a range of details: RFC 3463, 5248, 7372, 7505 and the IANA registry. */
type CodeRange = `${number}.${number}` | `${number}.${number}-${number}`;

/** Codes that say just what happened, whatever the class. */
const codeSignals = [
  ['1.1', 'unknown_user'],
  ['1.2', 'unknown_domain'],
  ['1.3', 'unknown_user'],
  ['1.4', 'unknown_user'],
  ['1.6', 'unknown_user'],
  ['1.7-8', 'sender_rejected'],
  // The registry says "null MX"; large hosts use it for a mailbox that does not exist, and words tell them apart.
  ['1.10', 'unknown_user'],
  // Exchange Online: https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online
  ['1.90', 'rate_limited'],
  ['1.350-351', 'unknown_user'],
  ['2.1', 'disabled_account'],
  ['2.2', 'mailbox_full'],
  ['2.3', 'too_large'],
  ['2.121-122', 'rate_limited'],
  ['3.1', 'system'],
  ['3.2', 'not_accepting'],
  ['3.4', 'too_large'],
  ['3.5', 'system'],
  ['4.1-2', 'network'],
  ['4.4', 'unknown_domain'],
  ['4.5', 'network'],
  ['4.6', 'loop'],
  ['4.7', 'expired'],
  ['4.14', 'loop'],
  ['4.300', 'expired'],
  ['4.310', 'unknown_domain'],
  ['4.312', 'network'],
  ['4.316-317', 'expired'],
  ['5.1', 'protocol'],
  ['7.13', 'disabled_account'],
  ['7.17', 'unknown_user'],
  ['7.20-24', 'authentication_failed'],
  ['7.25', 'reverse_dns'],
  ['7.26-27', 'authentication_failed'],
  ['7.28', 'rate_limited'],
  ['7.57', 'relay_denied'],
  ['7.64', 'relay_denied'],
  ['7.124', 'policy'],
  ['7.133-136', 'policy'],
  ['7.509', 'authentication_failed'],
  ['7.511', 'blocked'],
  ['7.515', 'authentication_failed'],
  ['7.606-649', 'blocked'],
  ['7.705', 'blocked'],
  ['7.708', 'blocked'],
] as const satisfies readonly (readonly [CodeRange, Cause])[];

/** The causes of permanent codes by their subject, if nothing says more. */
const subjectSignals: Readonly<Record<string, Cause>> = { 5: 'protocol', 6: 'protocol', 7: 'policy' };

/** Gateways write it in front of everything. */
const emptyDetail = '5.0';

/** Reply codes of the login to our own provider's server, whatever else they say. https://www.rfc-editor.org/rfc/rfc4954#section-6 */
const loginCodes: Readonly<Record<string, Cause>> = {
  530: 'relay_denied',
  534: 'relay_denied',
  535: 'relay_denied',
  538: 'relay_denied',
};

/**
 * The causes of reply codes, if nothing says more.
 * https://www.rfc-editor.org/rfc/rfc5321#section-4.2.3
 */
const replyCodeSignals: Readonly<Record<string, Cause>> = {
  421: 'system',
  451: 'system',
  452: 'system',
  503: 'protocol',
  521: 'not_accepting',
  522: 'mailbox_full',
  552: 'mailbox_full',
  556: 'unknown_domain',
};

export const allSignals: readonly WordSignal[] = [...wordSignals, ...weakSignals];

let finder: ReturnType<typeof phraseFinder> | undefined;

/**
 * The sentences in which a text has each signal's phrases, then each signal's exceptions, in the same order. The first
 * bounce compiles the phrases, so that a cold start without one does not wait.
 */
function spokenOf(words: Words): ReturnType<ReturnType<typeof phraseFinder>> {
  finder ??= phraseFinder([
    ...allSignals.map(({ says }) => says),
    ...allSignals.map(({ unless = [] }) => unless),
    passing,
  ]);
  return finder(words);
}

/** The causes of single codes, and those of ranges. */
const causeByCode = new Map<string, Cause>(
  codeSignals.flatMap(([range, cause]) => {
    const [, subject, from, to] = /(\d)\.(\d+)(?:-(\d+))?/.exec(range)!;
    const details = Array.from({ length: Number(to ?? from) - Number(from) + 1 }, (_, index) => Number(from) + index);
    return details.map(detail => [`${subject}.${detail}`, cause] as const);
  }),
);

/** Causes whose words are unmistakable, and so is a label that says the same. */
const beatsEveryCode: ReadonlySet<Cause> = new Set(
  allSignals.filter(({ over }) => over === 'any').map(({ cause }) => cause),
);

/** Words by which a transcript names the answered command. They tell only whether it came before any recipient. */
const commands = [
  ['unknown address error', null],
  ['in reply to mail from command', 'sender'],
  ['after mail from:', 'sender'],
  ['did not like our mail from:', 'sender'],
  ['[mail_from]', 'sender'],
  ['in reply to rcpt to command', null],
  ['after rcpt to:', null],
  ['did not like our rcpt to:', null],
  ['[rcpt_to]', null],
  ['in reply to end of data command', null],
  ['in reply to data command', null],
  ['after end of data', null],
  ['after initial connection', 'sender'],
  ['in reply to ehlo command', 'sender'],
  ['in reply to helo command', 'sender'],
  ['refused to talk to me', 'sender'],
] as const satisfies readonly (readonly [string, 'sender' | null])[];

/** The index of the temporary words in the finder, behind the phrases and exceptions of all signals. */
const passingTopic = 2 * allSignals.length;

/** Most replies are no transcript. */
const isTranscript = new RegExp(commands.map(([words]) => words.replaceAll(/[[\]]/g, '\\$&')).join('|'));

/** The letters of each signal's `has`, as they stand in folded text. */
const lettersOf = allSignals.map(({ has = [] }) => has.map(folded));

/** The same of its `lacks`. */
const lackedOf = allSignals.map(({ lacks = [] }) => lacks.map(folded));

const someLetters = new RegExp(
  allSignals
    .flatMap(({ has = [] }) => has)
    .map(letters => folded(letters).replaceAll(/[^a-z0-9\u0080-\uffff]/g, '\\$&'))
    .join('|'),
);

/** Proofs that the sender did give name no failure. */
const passed = /\b(?:spf|dkim|dmarc|arc)=pass\b/g;

/** The words of a reply, and the signals that they speak of. */
interface Spoken {
  /** The text without addresses, and without links as well. */
  readonly anonymous: string;
  readonly text: string;
  /** Whether the letters of any signal stand in it. */
  readonly hasLetters: boolean;
  readonly isAscii: boolean;
  readonly ofSender: boolean;
  readonly sentences: ReadonlyMap<number, number[]>;
}

function spokenIn(reply: string): Spoken {
  let text = folded(reply).replaceAll(passed, ' ');
  let ofSender = false;
  if (isTranscript.test(text)) {
    for (const [words, whose] of commands) {
      if (!text.includes(words)) continue;
      ofSender ||= whose === 'sender';
      text = text.replaceAll(words, ' . ');
    }
  }
  const anonymous = withoutAddresses(text);
  const plain = withoutLinks(anonymous);
  return {
    anonymous,
    text: plain,
    hasLetters: someLetters.test(plain),
    isAscii: /^[ -~\s]*$/.test(plain),
    ofSender,
    sentences: spokenOf(wordsOf(text)),
  };
}

function holds(index: number, { text, hasLetters, isAscii, ofSender, sentences }: Spoken, ofClass: string): boolean {
  const signal = allSignals[index]!;
  if (signal.class !== undefined && signal.class !== ofClass) return false;
  if (signal.ofSender !== undefined && signal.ofSender !== ofSender) return false;
  if (ofClass === '4' && sentences.has(passingTopic) && isOfRecipient(signal.cause)) return false;
  const has = (letters: string) => text.includes(letters);
  if (!isAscii && lackedOf[index]!.some(has)) return false;
  if (hasLetters && lettersOf[index]!.some(has)) return true;
  const said = sentences.get(index);
  if (said === undefined) return false;
  const excepted = sentences.get(allSignals.length + index);
  return excepted === undefined || said.some(sentence => !excepted.includes(sentence));
}

/** Whether a cause is permanent and concerns the recipient. */
function isOfRecipient(cause: Cause): boolean {
  return causes[cause].turn === 'recipient' && causes[cause].status !== 'soft_bounced';
}

/** Whether words of a signal are known to stand under a code that says something else. */
function isOver({ over }: WordSignal, detail: string): boolean {
  if (over === undefined || over === 'any') return over === 'any';
  return over.some(code => detail === code || detail.startsWith(`${code}.`));
}

/** The evidence in a reply; undefined where there is none. */
interface Evidence {
  /** The digit of the reply's class; empty where it has none. */
  readonly class: string;
  readonly ofWords: Cause | undefined;
  readonly ofCode: Cause | undefined;
  readonly weak: Cause | undefined;
  /** Whether code and words say little, but the same: then they say enough to doubt a label. */
  readonly weakAgree: boolean;
}

function evidenceIn(reply: SmtpReply): Evidence {
  const text = beginningOf(reply.text ?? '', maxReplyLength);
  const codes = [...(reply.enhancedCode ? [reply.enhancedCode] : []), ...enhancedCodesIn(text)];
  // A gateway that passes another server's reply on puts its own code in front.
  const specific = codes.findLast(code => causeByCode.has(code.slice(2)));
  const code = specific ?? codes[0] ?? '';
  const replyCode = reply.code ?? replyCodeIn(text) ?? '';
  const ofClass = code[0] ?? replyCode[0] ?? '';
  const detail = code.slice(2);
  const spoken = spokenIn(text);

  const login = ownValue(loginCodes, replyCode);
  const byCode = login ?? causeByCode.get(detail);
  // A temporary code is none of a permanent cause.
  const isOfClass = byCode !== undefined && (ofClass !== '4' || causes[byCode].status === 'soft_bounced');
  // Before a recipient is named, none can be refused.
  const ofCode = isOfClass && !(spoken.ofSender && causes[byCode].turn === 'recipient') ? byCode : undefined;
  const said = wordSignals.find(
    (signal, index) =>
      holds(index, spoken, ofClass || '5') &&
      // Words may say the same as a specific code, or be known to stand beside it when it is wrong.
      (ofCode === undefined || signal.cause === ofCode || isOver(signal, detail)),
  );
  const found = { class: ofClass, ofWords: said?.cause, ofCode };
  if ((said?.cause ?? ofCode) !== undefined) return { ...found, weak: undefined, weakAgree: false };
  const linked = linkSignals.find(([, letters]) => letters.some(part => spoken.anonymous.includes(part)))?.[0];
  if (linked !== undefined) return { ...found, ofWords: linked, weak: undefined, weakAgree: false };
  const hinted = weakSignals.find((_, index) => holds(wordSignals.length + index, spoken, ofClass || '5'))?.cause;
  const ofSubject =
    ofClass === '5' && detail !== emptyDetail ? ownValue(subjectSignals, detail.split('.', 1)[0]!) : undefined;
  const ofStage = spoken.ofSender && ofClass !== '4' ? 'sender_rejected' : undefined;
  const weakAgree =
    hinted !== undefined && ofSubject !== undefined && causes[hinted].status === causes[ofSubject].status;
  return { ...found, weak: hinted ?? ofSubject ?? ownValue(replyCodeSignals, replyCode) ?? ofStage, weakAgree };
}

/**
 * The failure that a reply and a label describe.
 *
 * @param label of the provider; a generic one decides if nothing else does
 */
export function failureOf(reply: SmtpReply, label: Label): Failure {
  const { class: ofClass, ofWords, ofCode, weak, weakAgree } = evidenceIn(reply);
  const [ofLabel, generic] = isPrecise(label)
    ? ([label, 'soft_bounced'] as const)
    : ([undefined, label === 'unspecified' ? 'soft_bounced' : label] as const);
  const labelOverCode = ofLabel !== undefined && beatsEveryCode.has(ofLabel);
  const doubted = weakAgree && ofLabel !== undefined && causes[ofLabel].status !== causes[weak!].status;
  const cause = ofWords ?? (labelOverCode ? ofLabel : ofCode) ?? (doubted ? weak : ofLabel) ?? weak ?? 'unspecified';
  // A temporary code is reported as final once the tries are used up.
  return failureBy(cause, ofClass === '4' ? 'soft_bounced' : generic);
}

/**
 * The cause that a reply and a label name, also if the email is only deferred; null if they name none.
 *
 * @param label of the provider, if it has a precise one
 */
export function causeIn(reply: SmtpReply, label?: Label | null): Cause | null {
  const stated = label ?? 'unspecified';
  const isEmpty = !reply.text && !reply.enhancedCode && !reply.code;
  return isEmpty && !isPrecise(stated) ? null : statedCause(failureOf(reply, stated));
}

function isPrecise(label: Label): label is Exclude<Cause, 'unspecified'> {
  return label !== 'unspecified' && Object.hasOwn(causes, label);
}
