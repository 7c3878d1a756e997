import { defangText, headerText } from '../../shared/alerts/defang.ts';
import { listCommand, listPageOf } from '../../shared/alerts/links.ts';
import type { TopicMessage } from '../../shared/alerts/publish.ts';
import { day as dayMs, dayOf, timeInWords } from '../../shared/runtime/time.ts';
import { statuses } from '../../shared/status/catalogue.ts';
import { causes, whatToDoAbout } from '../../shared/status/causes.ts';
import { type DailyDigest, digestIdOf, type ListLinks, namedAccounts } from './digest.ts';
import type { CountedWork, Counts, Group } from './work.ts';

/** SNS takes a subject of fewer than 100 printable ASCII characters. */
const maxTitleLength = 99;

/** The letter to support: the sums, then causes with their advice, then accounts, and where to look. */
export function letterOf(digest: DailyDigest, links: ListLinks): TopicMessage {
  const { next, work } = digest;
  const { all } = work;
  const digestId = digestIdOf(digest);
  const body = [
    ...(all.emails === 0
      ? ['No email needs action: there is nothing to do.']
      : [sums(digest), ...sections(work, links)]),
    '',
    `The next digest comes at ${timeInWords(next)}, also where there is nothing to do.`,
    '',
    'Sent by Mailtrail, which watches the delivery of the emails that you send.',
    `Digest id ${digestId}: a second letter with this id repeats this one.`,
  ];
  return { subject: titleOf(digest), body: body.join('\n'), attributes: { digestId } };
}

/** E.g. `12 emails need action, 3 new since yesterday (4 accounts)`. */
function titleOf(digest: DailyDigest): string {
  const { all } = digest.work;
  if (all.emails === 0) return 'No email needs action';
  const { count, named, unowned } = namedAccounts(digest.work);
  const isOfOne = count === 1 && unowned === null;
  const accounts = isOfOne
    ? ` (account ${defangText(named[0]!.accountId)})`
    : ` (${count} ${count === 1 ? 'account' : 'accounts'})`;
  const title = `${needing(digest.work)}, ${newOnes(digest.work)} ${sinceWhen(digest)}${count === 0 ? '' : accounts}`;
  return headerText(title, maxTitleLength);
}

function needing({ all: { emails }, atLeast }: CountedWork): string {
  return `${atLeast ? 'At least ' : ''}${emails} ${emails === 1 ? 'email needs' : 'emails need'} action`;
}

function newOnes({ all: { newEmails }, newAtLeast }: CountedWork): string {
  return `${newAtLeast ? 'at least ' : ''}${newEmails === 0 ? 'none' : newEmails} new`;
}

function sinceWhen({ asOf, since, isSincePrevious }: DailyDigest): string {
  if (!isSincePrevious) return 'in the last 24 hours';
  const isYesterday = dayOf(since) === dayOf(asOf - dayMs);
  return `since ${isYesterday ? 'yesterday' : dayOf(since)}`;
}

function sums(digest: DailyDigest): string {
  const { work, since, isSincePrevious } = digest;
  const when = isSincePrevious ? `since the digest of ${timeInWords(since)}` : 'in the last 24 hours';
  const bound = work.atLeast ? '\nThere are more than one digest counts: each number below is the least.' : '';
  return `${needing(work)}, ${newOnes(work)} ${when}.${bound}`;
}

function sections(work: CountedWork, links: ListLinks): readonly string[] {
  const { named, others, unowned } = namedAccounts(work);
  const page = listPageOf({}, links.uiUrl);
  return [
    '',
    'By cause:',
    ...work.all.groups.flatMap(group => causeLines(group, links)),
    '',
    'By account:',
    ...named.map(account => accountLine(`Account ${defangText(account.accountId)}`, account, links, account.accountId)),
    ...(others.accounts === 0
      ? []
      : [
          accountLine(
            others.accounts === 1 ? '1 further account' : `${others.accounts} further accounts`,
            others,
            links,
          ),
        ]),
    ...(unowned === null ? [] : [accountLine('Without an account', unowned, links)]),
    '',
    ...(page === null
      ? ['To list them, with a token of the API in TOKEN:', listCommand({}, links.apiUrl)]
      : [`All of them: ${page}`]),
  ];
}

function causeLines(group: Group, { uiUrl }: ListLinks): readonly string[] {
  const { status, cause } = group;
  const page = cause === null ? null : listPageOf({ cause }, uiUrl);
  return [
    `- ${nameOf(group)}: ${numbers(group)}`,
    `  ${whatToDoAbout(status, cause)}`,
    ...(page === null ? [] : [`  ${page}`]),
  ];
}

function nameOf({ status, cause }: Group): string {
  if (cause !== null) return causes[cause].label;
  return status === 'marked_spam' ? statuses[status].label : `${statuses[status].label}, no cause stated`;
}

function accountLine(name: string, counts: Counts, { uiUrl }: ListLinks, accountId?: string): string {
  const page = accountId === undefined ? null : listPageOf({ accountId }, uiUrl);
  return `- ${name}: ${numbers(counts)}${page === null ? '' : ` | ${page}`}`;
}

function numbers({ emails, newEmails }: Counts): string {
  return newEmails === 0 ? String(emails) : `${emails}, ${newEmails} new`;
}
