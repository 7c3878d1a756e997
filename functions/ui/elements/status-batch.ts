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

/** So many different sign-ins are tried for one request. */
const maxSignIns = 5;

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
    if (isWithoutAccess(this.#fault)) this.#fault = null;
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
    this.#fault = null;
    await Promise.all((['references', 'emailIds'] as const).map(kind => this.#askKind(kind, [...questions])));
  }

  async #askKind(kind: StatusQuestion['kind'], questions: readonly StatusQuestion[]): Promise<void> {
    const byAsked = Map.groupBy(
      questions.filter(question => question.kind === kind),
      ({ asked }) => asked,
    );
    const asked = [...byAsked.keys()];
    const chunks = Array.from({ length: Math.ceil(asked.length / maxAsked) }, (_, index) =>
      asked.slice(index * maxAsked, (index + 1) * maxAsked),
    );
    await Promise.all(
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
        } catch (error) {
          const fault = faultOf(error);
          this.#fault = fault;
          tell(question => question.fail(fault));
        }
      }),
    );
  }

  /** Asks with the sign-in of one question. One that the host forgot, or whose token is refused, takes nothing from the others. */
  async #request(questions: readonly StatusQuestion[], body: object): Promise<readonly StatusResult[]> {
    const connections = new Map(questions.map(({ bearer, connection }) => [bearer, connection]));
    let refused: unknown = new RequestFailed('signed_out');
    for (const connection of [...connections.values()].slice(0, maxSignIns)) {
      try {
        const path = `/accounts/${encodeURIComponent(this.#account)}/emails/statuses`;
        return (await connection.request<{ readonly results: readonly StatusResult[] }>(path, { body })).body!.results;
      } catch (error) {
        refused = error;
        if (!isWithoutAccess(faultOf(error))) break;
      }
    }
    throw refused;
  }
}
