/** Larger than any certificate and any answer of SNS. */
const maxBytes = 64 * 1024;

/** Answers that mean that the file does not exist; every other failure may pass. */
const nothingThere: readonly number[] = [403, 404, 410];

const sns = /^https:\/\/sns\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?\//;

/**
 * A GET of evidence that an adapter needs to prove a request genuine: text of at most 64 KB, no redirects.
 *
 * @param snsEndpoint a stand-in for Amazon SNS on a machine without it
 */
export function createGet(snsEndpoint?: string): (url: string, signal: AbortSignal) => Promise<string | null> {
  return async (url, signal) => {
    const target = snsEndpoint === undefined ? url : url.replace(sns, `${snsEndpoint}/`);
    const answer = await fetch(target, { signal, redirect: 'error' });
    if (nothingThere.includes(answer.status)) return null;
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
    const text = await answer.text();
    if (text.length > maxBytes) throw new Error('too large an answer');
    return text;
  };
}
