/**
 * What a mail server's final answer means, by its enhanced status code (RFC 3463, 5248, 7505 and the IANA registry) and
 * by the words that servers use. All providers share it: where a code and a provider's own label disagree, the code
 * decides, because the code is what the recipient's server said.
 */

import type { Status } from '../status.ts';

export interface SmtpReply {
  /** e.g. `5.1.1`. */
  readonly enhancedCode?: string | undefined;
  readonly text?: string | undefined;
}

/** The statuses in which a failed delivery can end. */
export type FailureStatus = Extract<Status, 'soft_bounced' | 'hard_bounced' | 'invalid' | 'rejected'>;

interface Rule {
  readonly status: FailureStatus;
  /** The enhanced codes that the rule is about; a rule without is about the text alone. */
  readonly codes?: RegExp;
  /** What the text must say as well. */
  readonly text?: RegExp;
  /** What the text must not say. */
  readonly unless?: RegExp;
}

const noMailHost =
  /\bnull[ -]?mx\b|no mx\b|does not accept (?:mail|e-?mail)|(?:host|domain)(?: or domain)?(?: name)? (?:was )?not found/i;
const unknownUser =
  /(?:user|recipient|mailbox|address|account|addressee)\b.{0,60}\b(?:unknown|not found|does ?n[o']t exist|doesnt exist|no longer exists|invalid)|(?:unknown|no such|invalid|non-?existent) (?:user|recipient|mailbox|address|account|person)|does not exist/i;
const refusedByPolicy = /block(?:ed|list)|blacklist|denylist|\bpolicy\b|\bspam\b|\bdmarc\b|\brelay(?:ing)?\b/i;
const spamContent = /\bspam\b|\bcontent\b|virus|unsolicited/i;
const noConnection = /time[d ]?[ -]?out|could not connect|connection (?:refused|reset|lost|closed|failed)|unreachable/i;

/** First match wins. */
const rules = [
  { status: 'hard_bounced', codes: /^5\.(?:1\.2|4\.4)$/ },
  // The registry calls 5.1.10 a null MX; large hosts use it for a mailbox that does not exist.
  { status: 'hard_bounced', codes: /^5\.1\.10$/, text: noMailHost },
  { status: 'invalid', codes: /^5\.1\.(?:1|6|10)$/ },
  { status: 'invalid', codes: /^5\.1\.0$/, text: unknownUser, unless: noMailHost },
  { status: 'hard_bounced', codes: /^5\.(?:2\.1|1\.\d+)$/ },
  { status: 'soft_bounced', codes: /^(?:5\.2\.2|5\.2\.3|5\.3\.4)$/ },
  { status: 'rejected', codes: /^[45]\.7\.\d+$/ },
  { status: 'soft_bounced', codes: /^4\.\d+\.\d+$/ },
  { status: 'rejected', codes: /^5\.6\.\d+$/, text: spamContent },
  { status: 'hard_bounced', codes: /^5\.\d+\.\d+$/ },
  { status: 'hard_bounced', text: noMailHost },
  { status: 'invalid', text: unknownUser },
  { status: 'rejected', text: refusedByPolicy },
  { status: 'soft_bounced', text: noConnection },
] as const satisfies readonly Rule[];

/** x.0.0 says no more than its class: the label, or the text, knows better. */
const undefinedCode = /^\d\.0\.0$/;

/** The status of a final failure by the server's reply; null where the reply does not tell. */
export function failureOf({ enhancedCode, text = '' }: SmtpReply): FailureStatus | null {
  const code = enhancedCode !== undefined && !undefinedCode.test(enhancedCode) ? enhancedCode : undefined;
  const match = rules.find(
    ({ codes, text: says, unless }: Rule) =>
      (codes === undefined ? code === undefined : code !== undefined && codes.test(code)) &&
      (says === undefined || says.test(text)) &&
      (unless === undefined || !unless.test(text)),
  );
  return match?.status ?? null;
}

/**
 * The status of a failure that the provider labels as well: an enhanced code decides, then the label, then the text.
 *
 * @param label what the provider's label alone would be; null where it says nothing
 */
export function labelledFailure<Label extends Status | null>(reply: SmtpReply, label: Label): FailureStatus | Label {
  const byReply = failureOf(reply);
  const coded = reply.enhancedCode !== undefined && !undefinedCode.test(reply.enhancedCode);
  return byReply !== null && (coded || label === null) ? byReply : label;
}

// Not a part of an IP address or a version: those have more or fewer numbers.
const enhancedCode = /(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d]|\.\d)/;

/** The first enhanced status code in a server's reply, e.g. `5.1.1` in `smtp;550 5.1.1 no such user`. */
export function enhancedCodeIn(text: string | null | undefined): string | undefined {
  return text ? enhancedCode.exec(text.slice(0, 2_000))?.[1] : undefined;
}
