/**
 * What a mail server's final answer means, by its enhanced status code (RFC 3463, 5248, 7505 and the IANA registry) and
 * by the words that servers use. All providers share it: where a code and a provider's own label disagree, the code
 * decides, because the code is what the recipient's server said.
 */

import type { FailureStatus } from '../causes.ts';
import { lookUp } from '../look-up.ts';

/** More of a reply than this is not looked at. */
const longestReply = 2_000;

export interface SmtpReply {
  /** e.g. `5.1.1`. */
  readonly enhancedCode?: string | undefined;
  /** e.g. `550`, where the provider gives it apart from the text. */
  readonly code?: string | undefined;
  readonly text?: string | undefined;
}

/** A server's reply that comes as one text. */
export function replyIn(text: string | null | undefined): Pick<SmtpReply, 'enhancedCode' | 'text'> {
  return { enhancedCode: enhancedCodeIn(text), text: text || undefined };
}

/** Everything that is stated must hold. */
interface Rule {
  readonly status: FailureStatus;
  /** What the enhanced code must be. */
  readonly enhanced?: RegExp;
  /** There is no enhanced code that says more than its class. */
  readonly bare?: true;
  /** What the reply code must be; `''` where there is none. */
  readonly code?: RegExp;
  /** What the text must say as well. */
  readonly text?: RegExp;
  /** What the text must not say. */
  readonly unless?: RegExp;
}

const noSuchDomain = /\bnull[ -]?mx\b|\bno mx\b|\b(?:host|domain)(?: or domain)?(?: name)? (?:was )?not found/i;
/** The same of a domain that is named; of somebody in it, it says that nobody is there. */
const domainDoesNotExist =
  /\b(?:host|domain)(?: name)?(?: \S{1,255})? does ?(?:not|n't) exist|\bnxdomain\b|\bdomain lookup failed/i;
const aboutSomebody = /\b(?:user|mailbox|account|addressee|sender|helo|ehlo|spf|mail from|return-?path)\b/i;
const takesNoMail = /does not accept (?:any )?e?-?mail/i;
const unknownUser =
  /(?:user|recipient|mailbox|address|account|addressee)\b[^.;]{0,40}\b(?:unknown|not found|does ?n[o']t exist|doesnt exist|no longer exists|invalid)|(?:unknown|no such|invalid|non-?existent) (?:user|recipient|mailbox|address|account|person)|does not exist/i;
/** The sender's domain can be the one that is not found... */
const aboutSender = /\b(?:sender|helo|ehlo|spf|mail from|return-?path)\b/i;
/** ...and the sending side has addresses and accounts too, which can be unknown or invalid. */
const aboutSendingSide =
  /\b(?:sender|helo|ehlo|spf|mail from|return-?path|dkim|dmarc|header|signature|client|ip|ptr|dns)\b/i;
const refusedByPolicy = /block(?:ed|list)|blacklist|denylist|\bpolicy\b|\bspam\b|\bdmarc\b|\brelay(?:ing)?\b/i;
const spamContent = /\bspam\b|\bcontent\b|virus|unsolicited/i;
const timedOut = /\btime[d ]?[ -]?out\b/i;
const noConnection = /could not connect|connection (?:refused|reset|lost|closed|failed)|unreachable/i;
const permanentOrNone = /^(?:5\d\d)?$/;

/** First match wins. */
const rules = [
  // A policy stays one whatever it is about: a domain on a list, a lookup of SPF that timed out.
  { status: 'rejected', enhanced: /^[45]\.7\.\d+$/ },
  { status: 'hard_bounced', enhanced: /^5\.(?:1\.2|4\.4)$/ },
  { status: 'hard_bounced', text: noSuchDomain, unless: aboutSender },
  { status: 'hard_bounced', bare: true, text: domainDoesNotExist, unless: aboutSomebody },
  // The registry calls 5.1.10 a null MX; large hosts use it for a mailbox that does not exist.
  { status: 'hard_bounced', enhanced: /^5\.1\.10$/, text: takesNoMail },
  { status: 'invalid', enhanced: /^5\.1\.(?:1|6|10)$/ },
  { status: 'invalid', enhanced: /^5\.1\.0$/, text: unknownUser, unless: aboutSendingSide },
  { status: 'invalid', bare: true, code: permanentOrNone, text: unknownUser, unless: aboutSendingSide },
  { status: 'hard_bounced', enhanced: /^5\.(?:2\.1|1\.\d+)$/ },
  { status: 'soft_bounced', enhanced: /^5\.(?:2\.2|2\.3|3\.4)$/ },
  { status: 'soft_bounced', text: timedOut },
  { status: 'soft_bounced', bare: true, text: noConnection },
  { status: 'soft_bounced', enhanced: /^4\./ },
  { status: 'rejected', enhanced: /^5\.6\.\d+$/, text: spamContent },
  { status: 'rejected', code: /^554$/, text: refusedByPolicy },
  { status: 'rejected', bare: true, code: permanentOrNone, text: refusedByPolicy },
  { status: 'hard_bounced', enhanced: /^5\./ },
] as const satisfies readonly Rule[];

/** x.0.0 says no more than its class: a label, or the text, knows better. */
const classOnly = /^(?:[45]\.0\.0)?$/;
const byClass: Readonly<Record<string, FailureStatus>> = { '5.0.0': 'hard_bounced', '4.0.0': 'soft_bounced' };

function tellsMore(enhancedCode = ''): boolean {
  return !classOnly.test(enhancedCode);
}

/** The status of a final failure by the server's reply; null where the reply does not tell. */
export function failureOf({ enhancedCode = '', code, text: reply = '' }: SmtpReply): FailureStatus | null {
  const text = reply.slice(0, longestReply);
  const bare = !tellsMore(enhancedCode);
  const replyCode = code ?? replyCodeIn(text) ?? '';
  const match = rules.find(
    (rule: Rule) =>
      (rule.enhanced === undefined || (!bare && rule.enhanced.test(enhancedCode))) &&
      (rule.bare === undefined || bare) &&
      (rule.code === undefined || rule.code.test(replyCode)) &&
      (rule.text === undefined || rule.text.test(text)) &&
      (rule.unless === undefined || !rule.unless.test(text)),
  );
  return match?.status ?? lookUp(byClass, enhancedCode) ?? null;
}

// The registry's subjects are 0 to 7; nothing that goes on before or after, as IP addresses and most versions do.
const enhancedCode = /(?<![\d.])([45]\.[0-7]\.\d{1,3})(?![\d]|\.\d)/;

/** The enhanced status code of a failure in the first text whose code says more than its class, else in the first that has one. */
export function enhancedCodeAmong(...texts: readonly (string | null | undefined)[]): string | undefined {
  const codes = texts.map(enhancedCodeIn);
  return codes.find(tellsMore) ?? codes.find(code => code !== undefined);
}

const enhancedCodes = new RegExp(enhancedCode, 'g');

/** All enhanced status codes of failures in a server's reply, in their order. */
export function enhancedCodesIn(text: string): string[] {
  return text.match(enhancedCodes) ?? [];
}

/** The first enhanced status code of a failure in a server's reply, e.g. `5.1.1` in `smtp;550 5.1.1 no such user`. */
export function enhancedCodeIn(text: string | null | undefined): string | undefined {
  return text ? enhancedCode.exec(text.slice(0, longestReply))?.[1] : undefined;
}

/** The first SMTP reply code of a failure in a server's reply, e.g. `550`. */
export function replyCodeIn(text: string): string | undefined {
  return /(?:^|[\s;:])([45][0-7]\d)(?=[\s-])/.exec(text)?.[1];
}
