/** A signal that aborts after so many milliseconds: `AbortSignal.timeout` outside of tests. */
export type AbortAfter = (milliseconds: number) => AbortSignal;

/**
 * Resolves or rejects with the promise, or rejects with the signal's reason if that aborts first. The promise itself
 * goes on.
 */
export async function abortable<Value>(signal: AbortSignal, promise: Promise<Value>): Promise<Value> {
  let abort: () => void = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
