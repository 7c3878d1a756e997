/** Parses the answers on one HTTP/1.1 connection, of which the next may begin before the previous is read. */

export interface HttpAnswer {
  readonly status: number;
  /** The value of `x-amzn-requestid`, if there is one. */
  readonly requestId: string | undefined;
  readonly body: string;
  /** The server closes the connection after this answer. */
  readonly isLast: boolean;
}

/** The bytes on a connection are no HTTP/1.1 answer, or one that is too long. Nothing after them can be trusted. */
export class UnreadableAnswer extends Error {
  override readonly name = 'UnreadableAnswer';
}

/** An answer of DynamoDB has at most 16 MB of items, which JSON makes longer. */
const maxBodyBytes = 64 * 1024 * 1024;
const maxHeadBytes = 16 * 1024;

const endOfHead = Buffer.from('\r\n\r\n');
const endOfLine = Buffer.from('\r\n');

/** The head of an answer: its body has so many bytes, or comes in chunks. */
interface Head extends Pick<HttpAnswer, 'status' | 'requestId' | 'isLast'> {
  readonly bodyBytes: number | 'chunked';
  readonly bodyFrom: number;
}

/** A body in chunks and the position after it; null while bytes are missing. */
type Chunked = { readonly body: string; readonly end: number } | null;

/** Returns a function that takes the bytes as they arrive, and returns the answers that they complete. */
export function createAnswerParser(): (bytes: Buffer) => readonly HttpAnswer[] {
  let parts: Buffer[] = [];
  let length = 0;
  let head: Head | null = null;
  return bytes => {
    parts.push(bytes);
    length += bytes.length;
    // Joined only once, since a page of items comes in many pieces.
    if (head !== null && head.bodyBytes !== 'chunked' && length < head.bodyFrom + head.bodyBytes) return [];
    const buffer = parts.length === 1 ? bytes : Buffer.concat(parts);
    const answers: HttpAnswer[] = [];
    let from = 0;
    for (;;) {
      head ??= headFrom(buffer, from);
      if (head === null) break;
      const { status, requestId, isLast, bodyBytes, bodyFrom } = head;
      const whole = bodyBytes === 'chunked' ? chunkedFrom(buffer, bodyFrom) : wholeFrom(buffer, bodyFrom, bodyBytes);
      if (whole === null) break;
      // An answer with 1xx only announces the one that follows.
      if (status >= 200) answers.push({ status, requestId, isLast, body: whole.body });
      from = whole.end;
      head = null;
    }
    length = buffer.length - from;
    parts = length === 0 ? [] : [buffer.subarray(from)];
    if (head !== null) head = { ...head, bodyFrom: head.bodyFrom - from };
    return answers;
  };
}

function headFrom(buffer: Buffer, from: number): Head | null {
  const end = buffer.indexOf(endOfHead, from);
  if (end === -1) {
    if (buffer.length - from > maxHeadBytes) throw new UnreadableAnswer('the head is too long');
    return null;
  }
  const head = buffer.toString('latin1', from, end + 2);
  const status = /^HTTP\/1\.1 ([1-5]\d\d)[ \r]/.exec(head)?.[1];
  if (status === undefined) throw new UnreadableAnswer('the status line is unknown');
  return {
    status: Number(status),
    requestId: /\r\nx-amzn-requestid: *([^\r]*)/i.exec(head)?.[1],
    isLast: /\r\nconnection: *close\r/i.test(head),
    bodyBytes: bodyBytesOf(Number(status), head),
    bodyFrom: end + endOfHead.length,
  };
}

function bodyBytesOf(status: number, head: string): number | 'chunked' {
  if (status < 200 || status === 204 || status === 304) return 0;
  const coding = /\r\ntransfer-encoding: *([^\r]*?) *\r/i.exec(head)?.[1];
  if (coding !== undefined) {
    if (coding.toLowerCase() !== 'chunked') throw new UnreadableAnswer('the transfer coding is unknown');
    return 'chunked';
  }
  const length = /\r\ncontent-length: *(\d+) *\r/i.exec(head)?.[1];
  if (length === undefined) throw new UnreadableAnswer('the length of the body is unknown');
  if (Number(length) > maxBodyBytes) throw new UnreadableAnswer('the body is too long');
  return Number(length);
}

function wholeFrom(buffer: Buffer, from: number, bytes: number): Chunked {
  const end = from + bytes;
  return end > buffer.length ? null : { body: buffer.toString('utf8', from, end), end };
}

function chunkedFrom(buffer: Buffer, from: number): Chunked {
  const parts: Buffer[] = [];
  for (let at = from; ; ) {
    const lineEnd = buffer.indexOf(endOfLine, at);
    if (lineEnd === -1) return null;
    const size = /^([\da-f]{1,8})(?:[ \t]*;.*)?$/i.exec(buffer.toString('latin1', at, lineEnd))?.[1];
    if (size === undefined) throw new UnreadableAnswer('the size of a chunk is unknown');
    const start = lineEnd + endOfLine.length;
    const bytes = Number.parseInt(size, 16);
    if (start - from + bytes > maxBodyBytes) throw new UnreadableAnswer('the body is too long');
    if (bytes === 0) {
      // Without trailers, the empty line follows at once.
      const end = buffer.indexOf(endOfHead, lineEnd);
      return end === -1 ? null : { body: Buffer.concat(parts).toString(), end: end + endOfHead.length };
    }
    if (start + bytes + endOfLine.length > buffer.length) return null;
    parts.push(buffer.subarray(start, start + bytes));
    at = start + bytes + endOfLine.length;
  }
}
