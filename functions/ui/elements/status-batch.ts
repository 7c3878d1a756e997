/** The questions of all status elements of a page, asked together. */

import type { EmailRow } from '../../../shared/http/response-schemas.ts';
import { catalogueOf, type Words } from './catalogue.ts';
import { type Connection, type Fault, faultOf, isWithoutAccess, RequestFailed } from './connection.ts';
import { Live } from './live.ts';

/** An answer of `POST …/statuses` for one reference or id. */
export interface StatusResult {
  readonly emails: readonly EmailRow[];
  readonly more: boolean;
}

interface StatusAnswer {
  readonly results: readonly StatusResult[];
}

/** An element that asks for the status of a reference or of an email. */
export interface StatusQuestion {
  readonly kind: 'references' | 'emailIds';
  readonly asked: string;
  readonly connection: Connection;
  /** The token or callback of the connection: the same for elements that the host signed in together. */
  readonly bearer: unknown;
  readonly answer: (result: StatusResult, words: Words) => void;
  readonly fail: (fault: Fault) => void;
}

/** The API takes so many references or ids in one request. */
const maxAsked = 100;

/** So many different tokens are tried for one request. */
const maxSignIns = 10;

/** Elements that a page adds within this time are asked for together. */
const collectMs = 20;

const batches = new Map<string, StatusBatch>();

/**
 * The batch of an account, for all elements of the page.
 *
 * @param api the base address of the API
 */
export function batchOf(api: string, account: string): StatusBatch {
  const key = `${api} ${account}`;
  const batch = batches.get(key) ?? new StatusBatch(api, account);
  batches.set(key, batch);
  return batch;
}

export class StatusBatch {
  readonly #api: string;
  readonly #account: string;
  readonly #questions = new Set<StatusQuestion>();
  readonly #new = new Set<StatusQuestion>();
  readonly #live = new Live(
    { addController() {} },
    async () => {
      if (!isWithoutAccess(this.#fault)) await this.#ask(this.#questions);
    },
    () => ({ fault: this.#fault, isSoon: false }),
  );
  #fault: Fault | null = null;
  /** The question whose token served last. */
  #served: StatusQuestion | null = null;
  #collecting: ReturnType<typeof setTimeout> | undefined;

  constructor(api: string, account: string) {
    this.#api = api;
    this.#account = account;
  }

  /** Asks now, and again while the page is visible, until the question leaves. */
  join(question: StatusQuestion): void {
    if (this.#questions.size === 0) this.#live.hostConnected();
    this.#questions.add(question);
    this.#new.add(question);
    this.#collecting ??= setTimeout(() => {
      this.#collecting = undefined;
      const questions = new Set(this.#new);
      this.#new.clear();
      // All are asked for once the page is visible.
      if (document.visibilityState !== 'hidden') void this.#ask(questions);
    }, collectMs);
  }

  leave(question: StatusQuestion): void {
    this.#questions.delete(question);
    this.#new.delete(question);
    if (this.#questions.size === 0) this.#live.hostDisconnected();
  }

  async #ask(questions: ReadonlySet<StatusQuestion>): Promise<void> {
    const kinds = ['references', 'emailIds'] as const;
    const faults = (await Promise.all(kinds.map(kind => this.#askKind(kind, [...questions])))).flat();
    const isServed = faults.includes(null);
    const worst = faults.find(fault => fault !== null && !isWithoutAccess(fault));
    this.#fault = worst ?? (isServed ? null : (faults[0] ?? null));
    this.#live.schedule();
  }

  /** @returns the fault of each of its requests */
  async #askKind(kind: StatusQuestion['kind'], questions: readonly StatusQuestion[]): Promise<(Fault | null)[]> {
    const byAsked = Map.groupBy(
      questions.filter(question => question.kind === kind),
      ({ asked }) => asked,
    );
    const asked = [...byAsked.keys()];
    const chunks = Array.from({ length: Math.ceil(asked.length / maxAsked) }, (_, index) =>
      asked.slice(index * maxAsked, (index + 1) * maxAsked),
    );
    return Promise.all(
      chunks.map(async chunk => {
        const tell = (say: (question: StatusQuestion, index: number) => void) => {
          for (const [index, one] of chunk.entries()) {
            for (const question of byAsked.get(one)!) if (this.#questions.has(question)) say(question, index);
          }
        };
        try {
          const [words, results] = await Promise.all([
            catalogueOf(this.#api),
            this.#request(
              chunk.flatMap(one => byAsked.get(one)!),
              { [kind]: chunk },
            ),
          ]);
          tell((question, index) => question.answer(results[index]!, words));
          return null;
        } catch (error) {
          const fault = faultOf(error);
          tell(question => question.fail(fault));
          return fault;
        }
      }),
    );
  }

  /** Asks with the token of one question. Those that the host forgot, or whose token does not serve, have the answer too. */
  async #request(asked: readonly StatusQuestion[], body: object): Promise<readonly StatusResult[]> {
    const path = `/accounts/${encodeURIComponent(this.#account)}/emails/statuses`;
    const served = this.#served !== null && this.#questions.has(this.#served) ? [this.#served] : [];
    const byBearer = Map.groupBy([...served, ...asked, ...this.#questions], ({ bearer }) => bearer);
    byBearer.delete(null);
    let first: unknown = null;
    for (const [question] of [...byBearer.values()].slice(0, maxSignIns)) {
      try {
        const { body: answer } = await question!.connection.request<StatusAnswer>(path, { body });
        this.#served = question!;
        return answer!.results;
      } catch (error) {
        first ??= error;
        if (!isOfToken(error)) break;
      }
    }
    throw first ?? new RequestFailed('signed_out');
  }
}

/** Whether another token may serve: the host gave none, or it may not see the account. */
function isOfToken(error: unknown): boolean {
  const fault = faultOf(error);
  return isWithoutAccess(fault) || fault === 'not_found' || (error instanceof RequestFailed && error.isOfHost);
}
