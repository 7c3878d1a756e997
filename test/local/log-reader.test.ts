import { appendFileSync, mkdtempSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogReader, type LogReader } from '../../infra/local/lambda/log-reader.ts';

let file: string;
let reader: LogReader;
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), 'mailtrail-test-')), 'ingest.log');
  writeFileSync(file, 'of an earlier run\n');
  reader = createLogReader(file);
});
afterEach(() => reader.close());

describe("the reader of a function's log", () => {
  it('gives the lines that were added since the last time', () => {
    expect(reader.read()).toEqual([]);
    appendFileSync(file, 'one\ntwo\n');
    expect(reader.read()).toEqual(['one', 'two']);
    expect(reader.read()).toEqual([]);
  });

  it('gives a line once it is whole, also where a character was cut in two', () => {
    const bytes = Buffer.from('é\n');
    appendFileSync(file, Buffer.concat([Buffer.from('one\n'), bytes.subarray(0, 1)]));
    expect(reader.read()).toEqual(['one']);
    appendFileSync(file, bytes.subarray(1));
    expect(reader.read()).toEqual(['é']);
  });

  it('reads on where somebody has emptied the file', () => {
    truncateSync(file, 0);
    appendFileSync(file, 'new\n');
    expect(reader.read()).toEqual(['new']);
  });

  it('gives more than 4 MB in several readings, and passes over a line that is longer', () => {
    const line = 'x'.repeat(1_000_000);
    appendFileSync(file, `${line}\n`.repeat(6));
    expect([reader.read().length, reader.read().length, reader.read().length]).toEqual([4, 2, 0]);
    appendFileSync(file, `${line.repeat(5)}\nlast\n`);
    const read = [...reader.read(), ...reader.read()];
    expect(read.at(-1)).toBe('last');
    expect(read.every(one => one.length <= 1_000_000 || one === 'last')).toBe(true);
  });
});
