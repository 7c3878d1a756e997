/** Requests of the elements to the API, with the token of the host page. */

/** Why a request failed, as far as a person can do something about it. */
export type Fault =
  | 'signed_out'
  | 'forbidden'
  | 'not_found'
  | 'no_account'
  | 'offline'
  | 'busy'
  | 'invalid'
  | 'invalid_filter'
  | 'broken';

/** Whether the API is asked no more until there is another token, and nothing that it told before is shown. */
export function isWithoutAccess(fault: Fault | null): boolean {
  return fault === 'signed_out' || fault === 'forbidden';
}

export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';
  readonly fault: Fault;
  /** The parameter that the API refused. */
  readonly field: string | null;
  /** Whether the host failed to give a token, so that the API was not asked. */
  readonly isOfHost: boolean;

  constructor(fault: Fault, field: string | null = null, isOfHost = false) {
    super(fault);
    this.fault = fault;
    this.field = field;
    this.isOfHost = isOfHost;
  }
}

/** The fault of any error: one that no request raised is ours. */
export function faultOf(error: unknown): Fault {
  return error instanceof RequestFailed ? error.fault : 'broken';
}

/** The host's ways to give a token: the callback goes before the fixed token. */
export interface TokenSource {
  readonly token: string | null;
  readonly getToken: (() => Promise<string | null>) | null;
}

/** An answer of the API. */
export interface Answer<Body> {
  /** undefined if the body is the one of the given ETag. */
  readonly body: Body | undefined;
  readonly etag: string | null;
  readonly headers: Headers;
}

export interface RequestOptions {
  /** The ETag of the answer that the caller has. */
  readonly etag?: string | null | undefined;
  /** Sent as JSON by POST. */
  readonly body?: unknown;
  /** The answer is text, not JSON. */
  readonly isText?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** One API, and one bearer. */
export interface Connection {
  /**
   * @param path begins with `/`
   * @throws RequestFailed, or the reason of the signal
   */
  request<Body>(path: string, options?: RequestOptions): Promise<Answer<Body>>;
}

const faults: Readonly<Record<number, Fault>> = {
  400: 'invalid',
  401: 'signed_out',
  403: 'forbidden',
  404: 'not_found',
  429: 'busy',
  503: 'busy',
};

/** An id of dots. A browser takes such a segment for a step in the path, and would ask for something else. */
const dotSegment = /^[^?]*\/\.{1,2}(?:[/?]|$)/;

/** A host that is silent for so long gives no token, as far as one request is concerned. */
const tokenMs = 20_000;

/** A host that is silent for so long has forgotten the question, and is asked anew. */
const forgottenMs = 5 * 60_000;

/** The API answers within 30 s. */
const answerMs = 35_000;

/** A token is replaced so many seconds before it ends. */
const leadSeconds = 20;

/**
 * Runs a request, and gives it up after 35 s or with another signal.
 *
 * @throws RequestFailed `offline` if nothing has answered by then, or the reason of the other signal
 */
export async function answered<Result>(
  run: (signal: AbortSignal) => Promise<Result>,
  outer?: AbortSignal,
): Promise<Result> {
  const own = new AbortController();
  const abort = () => own.abort();
  const timer = setTimeout(abort, answerMs);
  outer?.addEventListener('abort', abort, { signal: own.signal });
  try {
    outer?.throwIfAborted();
    return await run(own.signal);
  } catch (error) {
    outer?.throwIfAborted();
    // Fetch throws a TypeError where nothing answers.
    throw own.signal.aborted || error instanceof TypeError ? new RequestFailed('offline') : error;
  } finally {
    clearTimeout(timer);
    // It removes the listener, too.
    abort();
  }
}

/** @param api the base address of the API, without a slash at its end */
export function createConnection(api: string, source: TokenSource): Connection {
  let bearer: string | null = null;
  let asking: Promise<string | null> | null = null;
  let askedAt = 0;

  /** @param refused the token that the API has refused */
  async function tokenInUse(refused: string | null): Promise<string> {
    if (bearer === null || bearer === refused || endsSoon(bearer)) {
      bearer = source.getToken ? await tokenOfHost(ask(source.getToken)) : source.token;
    }
    if (!bearer || bearer === refused) throw new RequestFailed('signed_out');
    return bearer;
  }

  /** Asks the host once at a time, because it may ask a person. A token that comes late serves the next request. */
  function ask(getToken: () => Promise<string | null>): Promise<string | null> {
    if (asking === null || Date.now() - askedAt > forgottenMs) {
      askedAt = Date.now();
      asking = (async () => {
        bearer = await getToken();
        return bearer;
      })().finally(() => {
        asking = null;
      });
    }
    return asking;
  }

  async function exchange<Body>(path: string, token: string, options: RequestOptions): Promise<Answer<Body>> {
    const { etag, body, isText, signal } = options;
    const response = await fetch(`${api}${path}`, {
      // The answer is kept here with its ETag, so that the browser's own cache would hold it twice.
      cache: 'no-store',
      credentials: 'omit',
      headers: {
        authorization: `Bearer ${token}`,
        ...(etag && { 'if-none-match': etag }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
    const { status, headers } = response;
    const answer = { etag: headers.get('etag'), headers };
    if (status === 304) return { ...answer, body: undefined };
    // A later attempt asks the host for a token, which may have gained the scope.
    if (status === 403) bearer = null;
    if (!response.ok) {
      const { field = null } = (await response.json().catch(() => ({}))) as { field?: string };
      throw new RequestFailed(faults[status] ?? 'broken', field);
    }
    return { ...answer, body: (await (isText ? response.text() : response.json())) as Body };
  }

  return {
    async request<Body>(path: string, options: RequestOptions = {}) {
      if (dotSegment.test(path)) throw new RequestFailed('not_found');
      const send = (token: string) =>
        answered(signal => exchange<Body>(path, token, { ...options, signal }), options.signal);
      const token = await tokenInUse(null);
      return await send(token).catch(async error => {
        if (faultOf(error) !== 'signed_out') throw error;
        // The token has ended, or its issuer changed its keys: the host is asked for another one, once.
        return await send(await tokenInUse(token));
      });
    },
  };
}

/** A host that cannot say who is signed in has not signed anybody out: the request is tried again later. */
async function tokenOfHost(asking: Promise<string | null>): Promise<string | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, tokenMs);
  });
  try {
    return await Promise.race([asking, silent]);
  } catch (error) {
    // Fetch throws a TypeError where nothing answers.
    throw new RequestFailed(error instanceof TypeError ? 'offline' : 'broken', null, true);
  } finally {
    clearTimeout(timer);
  }
}

function endsSoon(token: string): boolean {
  try {
    const { exp } = JSON.parse(atob(token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/')));
    return typeof exp === 'number' && exp - leadSeconds < Date.now() / 1000;
  } catch {
    // A token of a form unknown here: the API decides.
    return false;
  }
}
