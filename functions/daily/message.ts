/** The digest for machines: JSON for the topic of alert events and for the bus. docs/operating.md documents its members. */

import { headerText } from '../../shared/alerts/defang.ts';
import { listPageOf } from '../../shared/alerts/links.ts';
import type { TopicMessage } from '../../shared/alerts/publish.ts';
import { asciiJson } from '../../shared/runtime/text.ts';
import { isoText } from '../../shared/runtime/time.ts';
import { statuses } from '../../shared/status/catalogue.ts';
import { causes } from '../../shared/status/causes.ts';
import { emailTexts } from '../../shared/status/coded-texts.ts';
import { type DailyDigest, digestIdOf, type ListLinks, namedAccounts } from './digest.ts';
import type { Counts } from './work.ts';

/** The value of the attribute `kind`, by which subscriptions filter. */
const digestKind = 'daily_digest';

/** The detail-type of the event on the bus. */
export const digestType = 'Mailtrail Daily Digest';

/** SNS takes a subject of fewer than 100 printable ASCII characters. */
const maxSubjectLength = 99;

/** The digest's content. Every member is always present; a digest of one account names no other. */
export function contentOf(digest: DailyDigest, { uiUrl }: ListLinks) {
  const { day, accountId, asOf, since, next, work } = digest;
  const { all, atLeast } = work;
  const { named, others, unowned } = namedAccounts(work);
  const owner = accountId === null ? {} : { accountId };
  return {
    schemaVersion: 1,
    id: digestIdOf(digest),
    kind: digestKind,
    day,
    accountId,
    asOf: isoText(asOf),
    since: isoText(since),
    next: isoText(next),
    ...countsOf(all),
    atLeast,
    url: listPageOf(owner, uiUrl),
    causes: all.groups.map(group => {
      const { status, cause } = group;
      const { whatToDo, whatToDoForAccount } = emailTexts(status, cause);
      return {
        cause,
        status: cause === null ? status : null,
        label: cause === null ? statuses[status].label : causes[cause].label,
        ...countsOf(group),
        whatToDo: whatToDo.text,
        whatToDoForAccount: whatToDoForAccount.text,
        url: cause === null ? null : listPageOf({ ...owner, cause }, uiUrl),
      };
    }),
    ...(accountId === null
      ? {
          accounts: named.map(account => ({
            accountId: account.accountId,
            ...countsOf(account),
            url: listPageOf({ accountId: account.accountId }, uiUrl),
          })),
          furtherAccounts: others,
          withoutAccount: countsOf(unowned ?? { emails: 0, newEmails: 0 }),
        }
      : { newestEmailIds: all.newest }),
  };
}

function countsOf({ emails, newEmails }: Counts): Counts {
  return { emails, newEmails };
}

/** The message for the topic: the content as JSON in ASCII. */
export function messageOf(digest: DailyDigest, links: ListLinks): TopicMessage {
  return {
    subject: headerText(`${digestKind}: ${digest.work.all.emails}`, maxSubjectLength),
    body: asciiJson(contentOf(digest, links)),
    attributes: { kind: digestKind, accountId: digest.accountId ?? undefined, digestId: digestIdOf(digest) },
  };
}
