/** The pages in `docs/providers`, made of each adapter's tables and guide, and of its fixtures. `npm run docs` writes them. */

import type { Guide, Provider } from '../../../shared/providers/provider.ts';
import { type ProviderName, providers } from '../../../shared/providers/registry.ts';
import { providerTitles } from '../../../shared/providers/titles.ts';
import { type Status, statuses, statusIds } from '../../../shared/status/catalogue.ts';
import { fixtureNames, parsedFixture } from '../../../test/fixtures/fixtures.ts';
import { countMeanings } from './count-meanings.ts';
import { tryIt } from './try-it.ts';

const pageFile = (name: string) => new URL(`../../../docs/providers/${name}.md`, import.meta.url);

const names = Object.keys(providers) as ProviderName[];

/** The guide of an adapter. */
export async function guideOf(name: ProviderName): Promise<Guide> {
  return (await import(`../../../shared/providers/${name}.ts`)).guide;
}

/** The statuses that a provider's events can become, in the order of an email's life. */
function reachable({ events }: Provider): readonly Status[] {
  const all = Object.values(events).flatMap(({ statuses }) => statuses);
  return statusIds.filter(status => all.includes(status));
}

const labels = (ids: readonly Status[]) => ids.map(id => statuses[id].label).join(', ');

function statusesInWords(ids: readonly Status[]): string {
  const missing = statusIds.filter(id => !ids.includes(id));
  if (missing.length === 0) return 'all eleven';
  return missing.length <= 4 ? `all but ${labels(missing)}` : labels(ids);
}

const cell = (text: string) => text.replaceAll('|', '\\|');
const row = (...cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;

/** A table of Markdown. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(...head), `|${'---|'.repeat(head.length)}`, ...rows.map(cells => row(...cells))].join('\n');
}

/** The statuses that an event can become, in words. */
function becomes({ statuses: ids }: Provider['events'][string]): string {
  if (ids.length === 0) return 'not about an email: counted, not kept';
  return ids.map(labelOf).join(', ');
}

const labelOf = (id: Status | null) => (id === null ? 'kept as a note' : statuses[id].label);

/** Examples of each event with several outcomes: its words in the fixtures, and its status. */
function decisions(name: ProviderName): string {
  const { events }: Provider = providers[name];
  const read = fixtureNames(name).flatMap(fixtureName => parsedFixture(name, fixtureName).events);
  const rows = Object.keys(events)
    .filter(event => events[event]!.statuses.length > 1)
    .flatMap(event =>
      read
        .filter(({ providerEvent, attribution }) => providerEvent === event && attribution === undefined)
        .map(({ reason, status }) => [
          `\`${event}\``,
          reason?.code === undefined ? '' : `\`${reason.code}\``,
          [reason?.enhancedCode, reason?.text].filter(part => part).join(': '),
          labelOf(status),
        ]),
    );
  if (rows.length === 0) return '';
  const distinct = [...new Map(rows.map(cells => [row(...cells), cells])).values()];
  return `
The tests prove these examples on exact bytes:

${table(['event', 'its label', 'code and words', 'becomes'], distinct)}
`;
}

/** The fate of calls until the secret is in force. */
const activation = {
  'sent again':
    'A secret is in force within five minutes. Until then calls are answered 401, an alarm tells, and the provider sends them again.',
  lost: '**Put the secret in first, where you know it, and wait five minutes.** Calls that are answered 401 are lost for good. An alarm tells.',
  'not documented':
    '**Put the secret in first and wait five minutes.** Whether calls that are answered 401 are sent again is not documented. An alarm tells.',
} as const satisfies Record<Guide['refusedCalls'], string>;

/** The subject of emails whose events do not bring it comes by registration. */
const subjectInWords = ({ subject, register }: Guide): string =>
  subject === 'always' || register === null ? subject : `${subject}; register the email to have it`;

function registration(name: ProviderName, title: string, { register }: Guide): string {
  if (register === null) return `${title} returns no message id when you send: its emails cannot be registered.`;
  if (name === 'app') return 'A registration is such an event.';
  return `Or [register the email](../api.md#register-an-email) with \`"provider": "${name}"\`, and with the message id of the table above.`;
}

const retryStatus = (provider: Provider) => provider.retryStatus ?? 429;

/** The page of a provider. */
async function providerPage(name: ProviderName): Promise<string> {
  const provider: Provider = providers[name];
  const guide = await guideOf(name);
  const { authentication, secret, events, batched } = provider;
  const title = providerTitles[name];
  const url = `https://YOUR-API/webhooks/${name}`;
  const facts = [
    ['webhook URL', `\`${url}\` (output \`WebhookUrl\` of the stack)`],
    ['proof of a request', authentication],
    ['secret', secret],
    ['place of the secret', `\`"${name}"\` in the [webhook secrets](../operating.md#webhook-secrets)`],
    [
      'the secret proves',
      'events of every account, or of the one that it is [bound](../operating.md#bound-secrets) to',
    ],
    ['events in one request', batched ? 'many' : 'one'],
    ['statuses', statusesInWords(reachable(provider))],
    ['reports the subject', subjectInWords(guide)],
    ['message id to register', guide.register ?? 'none'],
    ['answer if we cannot store the event', String(retryStatus(provider))],
  ];
  return `<!-- Written by \`npm run docs\` from shared/providers/${name}.ts: change it there. -->

# ${title}

${table(['', ''], facts)}

## Set it up

${guide.setUp.map((step, index) => `${index + 1}. ${step.replaceAll('{url}', url)}`).join('\n')}

${activation[guide.refusedCalls]}

## Try it here

Paste this into a shell in the project's folder while \`npm start\` runs. It sends a real event with the local secret:

\`\`\`sh
${tryIt(name)}
\`\`\`

The answer counts \`"recorded":1\`. Paste it again, and the answer counts \`"duplicate":1\`.

## Say whose email it is

${guide.attach}

${registration(name, title, guide)}

## Events and their statuses

${table(
  ['event', 'becomes', 'decided by'],
  Object.entries(events).map(([event, meaning]) => [`\`${event}\``, becomes(meaning), meaning.by ?? '']),
)}
${decisions(name)}
Any other event is quarantined, and an alarm tells.

## Machines

${guide.machines === null ? 'Its events do not tell an open or click by a machine (mail privacy, scanner) from one by a person.' : `${guide.machines} Such an event stays in the timeline and changes no status.`}

## If Mailtrail has an outage

Events wait in our retry queue. If that is down too, we answer ${retryStatus(provider)} with \`Retry-After\`, and the provider retries.

${guide.retries}
${guide.notes.length === 0 ? '' : `\n## Good to know\n\n${guide.notes.map(note => `- ${note}`).join('\n')}\n`}`;
}

/** The page for whoever chooses or connects a provider. */
async function overview(): Promise<string> {
  const all = await Promise.all(
    names.map(async name => ({ name, provider: providers[name] as Provider, guide: await guideOf(name) })),
  );
  const link = (name: ProviderName) => `[${providerTitles[name]}](${name}.md)`;
  const choice = all.map(({ name, provider, guide }) => [
    link(name),
    `\`${name}\``,
    provider.authentication,
    statusesInWords(reachable(provider)),
    guide.subject,
    guide.machines === null ? 'no' : 'yes',
    provider.batched ? 'yes' : 'no',
    String(retryStatus(provider)),
  ]);
  const ids = all.map(({ name, guide }) => [link(name), guide.register ?? 'none: its emails cannot be registered']);
  return `<!-- Written by \`npm run docs\` from shared/providers and infra/tools/docs: change it there. -->

# Providers

For whoever chooses or connects a provider. Each page says where to click, and has a call to try on your own machine.

${table(
  [
    'provider',
    'name',
    'verified by',
    'statuses reachable',
    'reports the subject',
    'tells machine opens',
    'batched',
    'answer if we cannot store the event',
  ],
  choice,
)}

- **Subject.** An email whose provider does not report the subject has none until you [register it](../api.md#register-an-email).
- **Machine opens.** A "no" means that an open by a mail proxy looks like one by a person.
- **Answer.** Mailtrail gives it only if neither table nor retry queue takes the event. The provider then retries: its page says how long.

## Message ids

A registration names the message by this value of the provider's send call:

${table(['provider', '`data.messageId`'], ids)}

## Counts in the answer

A callback that is answered 200 has these counts. Only \`quarantined\` needs a person.

${table(
  ['count', 'meaning'],
  Object.entries(countMeanings).map(([count, meaning]) => [`\`${count}\``, meaning]),
)}

An answer to a registration may also have \`didYouMean\`: the nearest names to a provider's name that is not known.
`;
}

/** Every page by its file, as it should be. */
export async function documents(): Promise<readonly { readonly file: URL; readonly text: string }[]> {
  const pages = names.map(async name => ({ file: pageFile(name), text: await providerPage(name) }));
  return Promise.all([...pages, overview().then(text => ({ file: pageFile('README'), text }))]);
}
