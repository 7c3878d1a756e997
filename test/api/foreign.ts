/** Asks for another account's emails. The answers must be the same as those about unknown emails. */

import type { RouteKey } from '../../shared/http/routes.ts';
import { type Call, type CallAnswer, tokenOf } from '../rigs/query-function.ts';
import { between, oneOf, type Random, seededRandom } from '../torture/random.ts';
import type { Known, KnownPage } from './accounts.ts';
import { type AccountId, markOf } from './accounts.ts';

/** A call about another account's emails. */
interface Question {
  readonly routeKey: RouteKey;
  readonly call: Call;
  /** The same call about unknown emails. Its answer must be the same, byte for byte. */
  readonly like: Call;
  /** The number of foreign ids or references in the call, if more than one. */
  readonly names?: number;
}

export interface Foreign {
  /** The number of foreign things asked for, by kind of question and status of the answer. */
  readonly asked: Readonly<Record<string, Readonly<Record<number, number>>>>;
  /** Questions whose answers differ from those about unknown emails, or have a foreign email. */
  readonly told: readonly { readonly kind: string; readonly call: Call; readonly answer: string }[];
}

export interface ForeignOptions {
  /** The least number of foreign things to ask for. */
  readonly things: number;
  readonly seed: number;
  /** Calls the query function. */
  readonly call: (routeKey: RouteKey, call: Call) => Promise<CallAnswer>;
  readonly own: AccountId;
  readonly other: AccountId;
  readonly known: Readonly<Record<AccountId, Known>>;
  readonly pages: readonly KnownPage[];
}

const list = 'GET /accounts/{accountId}/emails';
const file = 'GET /accounts/{accountId}/attention-list';
const one = 'GET /accounts/{accountId}/emails/{emailId}';
const statuses = 'POST /accounts/{accountId}/emails/statuses';
const check = 'POST /accounts/{accountId}/recipients/check';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function anId(random: Random): string {
  return Array.from({ length: 22 }, () => oneOf([...alphabet], random)).join('');
}

/** Asks for the foreign things in rounds of one question of each kind. */
export async function askForForeign(options: ForeignOptions): Promise<Foreign> {
  const { things, seed, call, own, other, known, pages } = options;
  const random = seededRandom(seed);
  const token = tokenOf(own);
  const unknownId = 'A'.repeat(22);
  const notFound: Call = { path: { accountId: own, emailId: unknownId }, token };
  const limit = () => `limit=${Math.ceil(between(0, 100, random))}`;
  const others = (what: keyof Known) => known[other][what].filter(value => !known[own][what].includes(value));
  const foreign = { emailIds: others('emailIds'), recipients: others('recipients'), references: others('references') };
  const ofOther = (what: keyof Known) => oneOf(foreign[what], random);

  /** The question with another account's value, and the same question with an unknown value. */
  const filtered = (name: 'recipient' | 'reference', value: string, none: string): Question => {
    const rest = oneOf(
      ['', '&attention=act', '&attention=late', '&status=delivered,invalid', '&cause=expired'],
      random,
    );
    const page = limit();
    const asking = (text: string): Call => ({
      path: { accountId: own },
      token,
      query: `${name}=${encodeURIComponent(text)}&${page}${rest}`,
    });
    return { routeKey: list, call: asking(value), like: asking(none) };
  };
  const bulk = (routeKey: RouteKey, member: keyof Known, count: number, none: string): Question => {
    const values = Array.from({ length: count }, () => ofOther(member));
    const asking = (texts: readonly string[]): Call => ({
      path: { accountId: own },
      token,
      body: JSON.stringify({ [member]: texts }),
    });
    const like = asking(values.map(() => none));
    return { routeKey, call: asking(values), like, names: values.length };
  };

  const kinds: Readonly<Record<string, () => Question>> = {
    "another's id under the own account": () => ({
      routeKey: one,
      call: { path: { accountId: own, emailId: ofOther('emailIds') }, token },
      like: notFound,
    }),
    "another's id under its account": () => ({
      routeKey: one,
      call: { path: { accountId: other, emailId: ofOther('emailIds') }, token },
      like: notFound,
    }),
    'an id that nobody has': () => ({
      routeKey: one,
      call: { path: { accountId: oneOf([own, other], random), emailId: anId(random) }, token },
      like: notFound,
    }),
    "another's lists": () => ({
      routeKey: oneOf([list, file], random),
      call: {
        path: { accountId: other },
        token,
        query: oneOf([limit(), 'format=csv', `recipient=${encodeURIComponent(ofOther('recipients'))}`], random),
      },
      like: { path: { accountId: anId(random) }, token },
    }),
    "another's recipient": () => filtered('recipient', ofOther('recipients'), 'no-one@example.org'),
    "another's reference": () => filtered('reference', ofOther('references'), 'nothing'),
    "another's cursor": () => {
      const { routeKey, query } = oneOf(
        pages.filter(({ accountId }) => accountId === other || accountId === null),
        random,
      );
      const asking = (cursor: string): Call => {
        const changed = new URLSearchParams(query);
        changed.set('cursor', cursor);
        return { path: { accountId: own }, token, query: changed.toString() };
      };
      return {
        routeKey: routeKey === file ? file : list,
        call: asking(new URLSearchParams(query).get('cursor')!),
        like: asking('broken'),
      };
    },
    "another's ids at once": () => bulk(statuses, 'emailIds', 10, unknownId),
    "another's references at once": () => bulk(statuses, 'references', 3, 'nothing'),
    "another's recipients at once": () => bulk(check, 'recipients', 5, 'no-one@example.org'),
  };

  const asked: Record<string, Record<number, number>> = {};
  let total = 0;
  const told: { kind: string; call: Call; answer: string }[] = [];
  /** The answers about unknown emails, which do not change from round to round. */
  const nothings = new Map<string, Promise<CallAnswer>>();
  const nothing = (routeKey: RouteKey, like: Call) => {
    const key = JSON.stringify([routeKey, like]);
    const answer = nothings.get(key) ?? call(routeKey, like);
    nothings.set(key, answer);
    return answer;
  };
  const ask = async (kind: string, { routeKey, call: asking, like, names = 1 }: Question) => {
    const answer = await call(routeKey, asking);
    const text = toldIn(answer);
    const { statusCode } = answer;
    asked[kind] = { ...asked[kind], [statusCode]: (asked[kind]?.[statusCode] ?? 0) + names };
    total += names;
    if (text !== toldIn(await nothing(routeKey, like)) || text.includes(markOf(other))) {
      told.push({ kind, call: asking, answer: text });
    }
  };
  while (total < things) {
    await Promise.all(Object.entries(kinds).map(([kind, question]) => ask(kind, question())));
  }
  return { asked, told };
}

/** An answer as text, without its request id and without the values of the question that it repeats. */
function toldIn({ statusCode, headers, text, json }: CallAnswer): string {
  const { 'x-request-id': _, ...rest } = headers;
  const shown =
    json?.results === undefined
      ? text
      : JSON.stringify(json, (member, value) => (member === 'asked' ? undefined : value));
  return JSON.stringify([statusCode, rest, shown]);
}
