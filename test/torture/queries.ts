import { setTimeout as delay } from 'node:timers/promises';
import type { Email, EmailRow } from '../../infra/tools/client/client.ts';
import { accounts } from '../../infra/tools/simulate/lives.ts';
import { type Attention, type Status, statuses } from '../../shared/status/catalogue.ts';
import { merge } from '../../shared/status/precedence.ts';
import { attentionIn } from './attention.ts';
import { amountOf, elementOf, isRepeat, type Ledger, mayBeResolved, namedIn, type SentEmail } from './ledger.ts';
import { type ListedEmail, type ListPage, wrongLists } from './lists.ts';
import { invitedBy, linkName } from './notes.ts';
import { oneOf, type Random } from './random.ts';
import type { ExpectedEvent } from './tellers.ts';

/** The pause between two queries, in milliseconds. */
const pause = 40;
const longestAnswer = 30_000;
/** The number of concurrent queries, which wait for answers most of the time. */
const atATime = 3;
/** The number of tries of a page before its list is given up. */
const triesOfPage = 8;
/** The greatest number of pages of a list. */
const mostPages = 40;
const largestPage = 100;

export interface Queries {
  /** The number of right answers. `honest` counts answers that admit a failure. */
  readonly right: number;
  readonly honest: number;
  /** The number of lists that were read to the end. */
  readonly lists: number;
  /** The number of lists that were compared with the table after the run. */
  readonly compared: number;
  readonly wrong: readonly string[];
  readonly answers: ReadonlyMap<string, number>;
  stop(): Promise<void>;
  /** Reads all lists of attention and status once nothing changes any more. They must equal these emails exactly. */
  compareLists(emails: readonly ListedEmail[]): Promise<void>;
}

/** A sent email at one moment. */
export interface Seen {
  readonly email: SentEmail;
  readonly erasure: SentEmail['erasure'];
  /** The events that are certainly in the table. */
  readonly recorded: readonly ExpectedEvent[];
}

/** Returns an email as of now. */
export function seen(email: SentEmail): Seen {
  const recorded = [...email.events.values()].filter(state => state.recorded).map(({ event }) => event);
  return { email, erasure: email.erasure, recorded };
}

/** The events of an email that were sent so far. */
function sentOf({ events }: SentEmail): ExpectedEvent[] {
  return [...events.values()].map(({ event }) => event);
}

/** Whether an answer must have the email, because the table has an event and nobody erases it. */
function mustBeThere({ email, recorded }: Seen): boolean {
  return recorded.length > 0 && email.erasure === 'none';
}

/** The attention of a row by that of its status in the catalogue. Only time tells whether a waiting email is late. */
const possibleAttention: Readonly<Record<Attention, readonly EmailRow['attention'][]>> = {
  no: [null],
  when_old: [null, 'late'],
  yes: ['act'],
};

/** Returns the mistakes in the row of an email, by the facts known before the question. */
export function wrongInRow(row: EmailRow, before: Seen): string[] {
  const { email, erasure, recorded } = before;
  const sent = sentOf(email);
  const wrong: string[] = [];
  const check = (isRight: boolean, what: string) => {
    if (!isRight) wrong.push(`${email.emailId}: ${what}`);
  };
  check(erasure !== 'done', 'it was erased');
  check(row.provider === sent[0]!.provider && row.recipient === sent[0]!.recipient, 'whose it is');
  for (const fact of ['accountId', 'subject', 'reference'] as const) {
    const must = namedIn(recorded, fact);
    const isRight = row[fact] === null ? must.size === 0 : namedIn(sent, fact).has(row[fact]);
    check(isRight || email.erasure !== 'none', `${fact} ${row[fact]}`);
  }
  // Every sent event is in the table, so that only one status is right.
  const isSettled = recorded.length === sent.length;
  if (isSettled && email.erasure === 'none') {
    const verdict = amountOf(sent);
    check(row.status === (verdict?.status ?? null), `the status ${row.status}, not ${verdict?.status}`);
  }
  if (row.status === null)
    check(row.label === null && row.statusAt === null && row.attention === null, 'words without a status');
  else {
    const at = Date.parse(row.statusAt ?? '');
    const told = sent.some(
      event => event.status === row.status && event.occurredAt === at && event.evidence !== 'machine',
    );
    check(told, `nobody told of ${row.status} at ${row.statusAt}`);
    check(row.label === statuses[row.status].label, `the label ${row.label}`);
    const kind = statuses[row.status].attention;
    const isRightKind = possibleAttention[kind].includes(row.attention);
    check(isRightKind || (row.attention === null && mayBeResolved(email)), `attention ${row.attention}`);
  }
  return wrong;
}

/** Returns the mistakes in a whole email. */
export function wrongInEmail(answer: Email, before: Seen): string[] {
  const { email, recorded } = before;
  const wrong = wrongInRow(answer, before);
  const check = (isRight: boolean, what: string) => {
    if (!isRight) wrong.push(`${email.emailId}: ${what}`);
  };
  const timeline = answer.timeline.map(event => ({
    eventId: event.eventId,
    element: elementOf({ ...event, occurredAt: Date.parse(event.at) }),
    occurredAt: Date.parse(event.at),
    status: event.status as Status | null,
    evidence: event.evidence,
    providerEvent: event.providerEvent,
    reason: event.reason,
    relatedEmailId: event.relatedEmailId,
  }));
  const elements = new Set(timeline.map(({ element }) => element));
  check(elements.size === timeline.length, 'an event twice');
  check(
    timeline.every(event => email.events.has(event.element) || invitedBy(email, event)),
    'an event that nobody sent',
  );
  const counted = answer.repeats.map(({ lastAt, ...repeated }) => ({ ...repeated, occurredAt: Date.parse(lastAt) }));
  // An application's reports of an open by a person and by a machine, in one second, have one id: they are shown once.
  const isShownAsOne = (event: ExpectedEvent) =>
    timeline.some(
      shown => shown.eventId === `${event.providerEvent}@${event.occurredAt}` && shown.occurredAt === event.occurredAt,
    );
  // Another account, or any while the email has none, may have named it in a registration. It must not see that.
  const isOfAnother = ({ providerEvent, accountId }: ExpectedEvent) =>
    providerEvent === linkName.resent && accountId !== undefined && accountId !== answer.accountId;
  const isKnown = (event: ExpectedEvent) =>
    elements.has(elementOf(event)) || isShownAsOne(event) || isRepeat(event, [...timeline, ...counted]);
  // The one that is shown of both may be counted by now.
  const isOneWithKnown = ({ providerEvent, occurredAt }: ExpectedEvent) =>
    providerEvent.startsWith('app.') &&
    sentOf(email).some(
      other => other.providerEvent === providerEvent && other.occurredAt === occurredAt && isKnown(other),
    );
  const lost = recorded.filter(event => !isKnown(event) && !isOneWithKnown(event) && !isOfAnother(event));
  const intruded = sentOf(email).filter(event => isOfAnother(event) && elements.has(elementOf(event)));
  check(intruded.length === 0, `a note of another account: ${intruded.map(elementOf).join()}`);
  check(lost.length === 0 || email.erasure !== 'none', `without ${lost.map(elementOf).join()}`);
  const verdict = merge(timeline);
  check((verdict?.status ?? null) === answer.status, `the status ${answer.status} of a timeline of ${verdict?.status}`);
  const { because } = answer;
  check((because === null) === (answer.status === null), 'why it has its status');
  if (because !== null) {
    const deciding = timeline.find(({ eventId, status }) => eventId === because.eventId && status === answer.status);
    check(deciding !== undefined && because.at === answer.statusAt, `because of ${because.eventId}`);
    check(causeOf(answer) === causeOf(because), `the cause ${causeOf(answer)} because of ${causeOf(because)}`);
  }
  const { asks } = attentionIn(verdict?.status ?? null, timeline);
  check((answer.attention === 'act') === asks, `attention ${answer.attention}, although it asks: ${asks}`);
  const handled = asks ? undefined : timeline.findLast(({ providerEvent }) => providerEvent === linkName.handled);
  check((answer.handled?.note ?? undefined) === handled?.reason?.text, `handled by ${answer.handled?.note}`);
  for (const [shown, name] of [
    [answer.resendOf, linkName.resend],
    [answer.resentAs, linkName.resent],
  ] as const) {
    const joined = timeline.filter(event => event.providerEvent === name).map(event => event.relatedEmailId!);
    check(shown.join() === [...new Set(joined)].join(), `${name} ${shown.join()}`);
  }
  return wrong;
}

/** The name of the shown cause, with or without its texts. */
function causeOf(shown: object): string | null {
  const { cause } = shown as { cause?: string | { readonly id: string } | null };
  return typeof cause === 'object' ? (cause?.id ?? null) : (cause ?? null);
}

/**
 * Asks for emails all the time, as support and as the accounts: for one, for many, and for lists page by page. Each
 * answer must be right, or admit a failure.
 */
export function startQueries(options: {
  readonly url: () => string;
  readonly tokens: { readonly support: string; readonly of: (accountId: string) => string };
  readonly ledger: Ledger;
  readonly random: Random;
}): Queries {
  const { url, tokens, ledger, random } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const answers = new Map<string, number>();
  const wrong: string[] = [];
  let right = 0;
  let honest = 0;
  let lists = 0;
  let compared = 0;
  const ids: string[] = [];
  let known = 0;

  /** Returns a random email, preferably a young one, or undefined while there is none. */
  function anyEmail(): SentEmail | undefined {
    if (known !== ledger.size) {
      ids.splice(0, ids.length, ...[...ledger.emails()].map(({ emailId }) => emailId));
      known = ledger.size;
    }
    return ids.length === 0 ? undefined : ledger.email(ids[Math.floor(Math.sqrt(random()) * ids.length)]!);
  }

  /** Returns the answer's JSON, or null for an admitted failure or a missing answer. */
  async function ask(token: string, path: string, body?: object): Promise<{ status: number; data: unknown } | null> {
    let answer: string;
    try {
      const response = await fetch(url() + path, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(longestAnswer),
      });
      const data = await response.json();
      answer = String(response.status);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
      if (response.status !== 429 && response.status < 500) return { status: response.status, data };
      honest += 1;
    } catch (error) {
      answer = (error as Error).name === 'TimeoutError' ? 'no answer' : 'connection error';
      if (error instanceof SyntaxError) wrong.push(`${path}: an answer that is no JSON`);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
    return null;
  }
  const judge = (path: string, found: readonly string[]) => {
    if (found.length === 0) right += 1;
    wrong.push(...found.map(what => `${path}: ${what}`));
  };

  async function askForOne(email: SentEmail): Promise<void> {
    const before = seen(email);
    const path = `/emails/${email.emailId}`;
    const answer = await ask(tokens.support, path);
    if (answer === null) return;
    if (answer.status === 200) return judge(path, wrongInEmail(answer.data as Email, before));
    judge(path, answer.status === 404 && !mustBeThere(before) ? [] : [`${answer.status}`]);
  }

  /** Asks for an email as another account, which must get nothing. */
  async function askForAnothers(email: SentEmail): Promise<void> {
    const own = namedIn(sentOf(email), 'accountId');
    const other = accounts.find(accountId => !own.has(accountId))!;
    const path = `/accounts/${other}/emails/${email.emailId}`;
    const answer = await ask(tokens.of(other), path);
    if (answer !== null) judge(path, answer.status === 404 ? [] : [`${answer.status}`]);
  }

  async function askForMany(): Promise<void> {
    const accountId = oneOf(accounts, random);
    const asked = Array.from({ length: 40 }, anyEmail).flatMap(email => (email === undefined ? [] : [seen(email)]));
    const distinct = [...new Map(asked.map(before => [before.email.emailId, before])).values()];
    const path = `/accounts/${accountId}/emails/statuses`;
    const emailIds = distinct.map(({ email }) => email.emailId);
    const answer = await ask(tokens.of(accountId), path, { emailIds });
    if (answer === null) return;
    if (answer.status !== 200) return judge(path, [`${answer.status}`]);
    const { results } = answer.data as { results: { asked: string; emails: EmailRow[] }[] };
    const found = results.map(result => result.asked).join() === emailIds.join() ? [] : ['other emails than asked for'];
    for (const [index, before] of distinct.entries())
      found.push(...wrongInResult(results[index]?.emails ?? [], before, accountId));
    judge(path, found);
  }

  function wrongInResult(rows: readonly EmailRow[], before: Seen, accountId: string): string[] {
    const { emailId } = before.email;
    const isOwn = isOf(before, accountId);
    if (rows.length === 0) return isOwn && mustBeThere(before) ? [`${emailId} is left out`] : [];
    return rows.flatMap(row => [
      ...(row.emailId === emailId && row.accountId === accountId && rows.length === 1 ? [] : [`${emailId}: another's`]),
      ...wrongInRow(row, before),
    ]);
  }

  /** Reads a list page by page. It must have all of its emails once, and no other. */
  async function readList(
    token: string,
    path: string,
    belongs: (before: Seen) => boolean,
    accepts: (row: EmailRow) => boolean,
  ) {
    const before = new Map([...ledger.emails()].map(email => [email.emailId, seen(email)]));
    const rows = new Map<string, EmailRow>();
    const found: string[] = [];
    let cursor = '';
    for (let pages = 0; pages < mostPages; pages += 1) {
      const query = `limit=${largestPage}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
      let answer: Awaited<ReturnType<typeof ask>> = null;
      for (let tries = 0; answer === null && tries < triesOfPage && !signal.aborted; tries += 1) {
        if (tries > 0) await delay(500);
        answer = await ask(token, `${path}${path.includes('?') ? '&' : '?'}${query}`);
      }
      if (answer === null) return;
      if (answer.status !== 200) return judge(path, [`${answer.status}`]);
      const { emails, cursor: next } = answer.data as { emails: EmailRow[]; cursor?: string };
      for (const row of emails) {
        const email = ledger.email(row.emailId);
        // An email that fails again after a resolution moves to another place.
        const mayMove = path.includes('attention=act') && email !== undefined && mayBeResolved(email);
        if (rows.has(row.emailId) && !mayMove) found.push(`${row.emailId} is in it twice`);
        rows.set(row.emailId, row);
        if (email === undefined) found.push(`${row.emailId} was never sent`);
        else found.push(...wrongInRow(row, before.get(row.emailId) ?? { email, erasure: 'none', recorded: [] }));
        if (!accepts(row)) found.push(`${row.emailId} is none of it`);
      }
      if (next === undefined) {
        for (const [emailId, known] of before) {
          if (!rows.has(emailId) && mustBeThere(known) && belongs(known)) found.push(`${emailId} is left out`);
        }
        lists += 1;
        return judge(path, found);
      }
      cursor = next;
    }
  }

  /** The status of an email, if it is certain. */
  const certainStatus = ({ email, recorded }: Seen) =>
    recorded.length === email.events.size ? (amountOf(recorded)?.status ?? null) : null;

  /** Whether an email certainly asks for attention, and has done so all the time. */
  const asks = (before: Seen) => {
    const status = certainStatus(before);
    return status !== null && statuses[status].attention === 'yes' && !mayBeResolved(before.email);
  };

  async function askForList(): Promise<void> {
    const accountId = oneOf(accounts, random);
    const own = (before: Seen) => isOf(before, accountId);
    const path = `/accounts/${accountId}/emails`;
    const way = random();
    if (way < 0.1) return readList(tokens.of(accountId), path, own, row => row.accountId === accountId);
    if (way < 0.2) {
      // A handled email keeps its status, and its place in the list of that status.
      const belongs = (before: Seen) => own(before) && certainStatus(before) === 'hard_bounced';
      const accepts = (row: EmailRow) => row.accountId === accountId && row.status === 'hard_bounced';
      return readList(tokens.of(accountId), `${path}?status=hard_bounced`, belongs, accepts);
    }
    if (way < 0.4) {
      const accepts = (row: EmailRow) => row.accountId === accountId && row.attention === 'act';
      return readList(tokens.of(accountId), `${path}?attention=act`, before => own(before) && asks(before), accepts);
    }
    if (way < 0.5) return readList(tokens.support, '/emails?attention=act', asks, row => row.attention === 'act');
    const email = anyEmail();
    if (email === undefined) return;
    const { recipient } = sentOf(email)[0]!;
    const named = [...namedIn(sentOf(email), 'reference')];
    if (way < 0.75 || named.length === 0) {
      const belongs = (before: Seen) => before.recorded[0]?.recipient === recipient;
      return readList(
        tokens.support,
        `/emails?recipient=${encodeURIComponent(recipient)}`,
        belongs,
        row => row.recipient === recipient,
      );
    }
    const [reference] = named as [string];
    const belongs = (before: Seen) => own(before) && namedIn(before.recorded, 'reference').has(reference);
    const accepts = (row: EmailRow) => row.accountId === accountId && row.reference === reference;
    return readList(tokens.of(accountId), `${path}?reference=${reference}`, belongs, accepts);
  }

  const run = async () => {
    while (!signal.aborted) {
      await delay(pause);
      const email = anyEmail();
      if (email === undefined) continue;
      const way = random();
      if (way < 0.5) await askForOne(email);
      else if (way < 0.65) await askForAnothers(email);
      else if (way < 0.85) await askForMany();
      else await askForList();
    }
  };
  const finished = Promise.all(Array.from({ length: atATime }, run));
  return {
    get right() {
      return right;
    },
    get honest() {
      return honest;
    },
    get lists() {
      return lists;
    },
    get compared() {
      return compared;
    },
    wrong,
    answers,
    async stop() {
      stopping.abort();
      await finished;
    },
    async compareLists(emails) {
      const read = async (token: string, path: string): Promise<ListPage | null> => {
        const answer = await ask(token, path);
        if (answer !== null && answer.status !== 200) wrong.push(`${path}: ${answer.status}`);
        return answer?.status === 200 ? (answer.data as ListPage) : null;
      };
      const found = await wrongLists(emails, accounts, tokens, read);
      compared = found.compared;
      wrong.push(...found.wrong);
    },
  };
}

/** Whether an email is certainly one of an account: all of its events that name an account name this one. */
function isOf({ email, recorded }: Seen, accountId: string): boolean {
  return namedIn(recorded, 'accountId').has(accountId) && namedIn(sentOf(email), 'accountId').size === 1;
}
