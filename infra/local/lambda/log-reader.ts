import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Reads a function's log while it is written. */
export interface LogReader {
  /** The whole lines that were added since the last time. A line without its end stays for the next time. */
  read(): readonly string[];
  close(): void;
}

/** Read at a time; the rest stays for the next time. */
const maxReadBytes = 4 * 1024 * 1024;

/** Reads a log from its present end on. */
export function createLogReader(file: string): LogReader {
  const descriptor = openSync(file, 'r');
  let position = fstatSync(descriptor).size;
  return {
    read() {
      const { size } = fstatSync(descriptor);
      // Somebody has emptied the file.
      if (size < position) position = 0;
      if (size === position) return [];
      const chunk = Buffer.alloc(Math.min(size - position, maxReadBytes));
      const added = chunk.subarray(0, readSync(descriptor, chunk, 0, chunk.length, position));
      const end = added.lastIndexOf('\n');
      // A line longer than all that is read at a time is none of ours: it is passed over.
      if (end < 0) position += added.length === maxReadBytes ? maxReadBytes : 0;
      else position += end + 1;
      return end < 0 ? [] : added.toString('utf8', 0, end).split('\n');
    },
    close: () => closeSync(descriptor),
  };
}
