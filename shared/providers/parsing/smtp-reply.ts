/** The codes in a mail server's reply. `signals.ts` reads the cause of a failure in it. */

import { beginningOf } from '../../runtime/text.ts';

/** The part of a reply that is read, in characters. */
export const maxReplyLength = 2_000;

export interface SmtpReply {
  /** RFC 3463 enhanced status code, e.g. `5.1.1`. */
  readonly enhancedCode?: string | null | undefined;
  /** e.g. `550`, where the provider gives it apart from the text. */
  readonly code?: string | null | undefined;
  readonly text?: string | null | undefined;
}

/** A server's reply that comes as one text. */
export function replyIn(text: string | null | undefined): Pick<SmtpReply, 'enhancedCode' | 'text'> {
  return { enhancedCode: enhancedCodeIn(text), text };
}

// The registry's subjects are 0 to 7; nothing that goes on before or after, as IP addresses and most versions do.
const enhancedCode = /(?<![\d.])[45]\.[0-7]\.\d{1,3}(?![\d]|\.\d)/;
const enhancedCodes = new RegExp(enhancedCode, 'g');

/** x.0.0 says only its class. */
const classOnly = /^[45]\.0\.0$/;

/** The enhanced status code of a failure in the first text whose code says more than its class, else in the first that has one. */
export function enhancedCodeAmong(...texts: readonly (string | null | undefined)[]): string | undefined {
  const codes = texts.map(enhancedCodeIn).filter(code => code !== undefined);
  return codes.find(code => !classOnly.test(code)) ?? codes[0];
}

/** All enhanced status codes of failures in a server's reply, in their order. */
export function enhancedCodesIn(text: string): string[] {
  return text.match(enhancedCodes) ?? [];
}

/** The first enhanced status code of a failure in a server's reply, e.g. `5.1.1` in `smtp;550 5.1.1 no such user`. */
export function enhancedCodeIn(text: string | null | undefined): string | undefined {
  return text ? enhancedCode.exec(beginningOf(text, maxReplyLength))?.[0] : undefined;
}

/** A reply code beside the text, as text; undefined if there was none, for which some providers send 0. */
export function replyCodeOf(code: string | number | null | undefined): string | undefined {
  return Number(code) > 0 ? String(code) : undefined;
}

/** The first SMTP reply code of a failure in a server's reply, e.g. `550`. */
export function replyCodeIn(text: string): string | undefined {
  return /(?:^|[\s;:])([45][0-7]\d)(?=[\s-])/.exec(text)?.[1];
}
