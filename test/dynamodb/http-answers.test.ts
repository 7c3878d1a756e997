import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAnswerParser, UnreadableAnswer } from '../../shared/dynamodb/http-answers.ts';

interface Sample {
  readonly status: number;
  readonly body: string;
  readonly chunked: boolean;
  readonly isLast: boolean;
}

const sample: fc.Arbitrary<Sample> = fc.record({
  status: fc.constantFrom(200, 400, 500, 503),
  body: fc.oneof(fc.json(), fc.string({ unit: 'binary' })),
  chunked: fc.boolean(),
  isLast: fc.boolean(),
});

function bytesOf({ status, body, chunked, isLast }: Sample): Buffer {
  const bytes = Buffer.from(body);
  const half = Math.floor(bytes.length / 2);
  const pieces = [bytes.subarray(0, half), bytes.subarray(half)].filter(piece => piece.length > 0);
  const head = [
    `HTTP/1.1 ${status} Reason`,
    'x-amzn-RequestId: ID',
    ...(isLast ? ['Connection: close'] : []),
    chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes.length}`,
  ];
  const inChunks = [
    ...pieces.flatMap(piece => [Buffer.from(`${piece.length.toString(16)};x=y\r\n`), piece, Buffer.from('\r\n')]),
    Buffer.from('0\r\n\r\n'),
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), ...(chunked ? inChunks : [bytes])]);
}

/** Cuts bytes at these positions. */
function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map(cut => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

describe('answers on a connection', () => {
  it('are read whole and in order, wherever the network cuts them', () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 12 }), (answers, cuts) => {
        const parse = createAnswerParser();
        const read = pieces(Buffer.concat(answers.map(bytesOf)), cuts).flatMap(piece => parse(piece));
        expect(read).toEqual(
          answers.map(({ status, body, isLast }) => ({
            status,
            body: Buffer.from(body).toString(),
            isLast,
            requestId: 'ID',
          })),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('may be announced by 100 Continue, or have no body', () => {
    const parse = createAnswerParser();
    const bytes =
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 None\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}';
    expect(parse(Buffer.from(bytes))).toMatchObject([
      { status: 204, body: '' },
      { status: 200, body: '{}' },
    ]);
  });

  it.each([
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n'],
    ['no length', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['a length that is no number', 'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n'],
    ['a length beyond every answer', 'HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n'],
    ['an unknown transfer coding', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n'],
    ['a chunk without a size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n'],
    ['a chunk beyond every answer', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffff\r\n'],
    ['an endless head', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(4_000)}`],
  ])('end the connection with an error if they have %s', (_, bytes) => {
    expect(() => createAnswerParser()(Buffer.from(bytes))).toThrow(UnreadableAnswer);
  });
});
