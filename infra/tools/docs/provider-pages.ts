/** The providers' pages and the README's table, written from what each adapter says of itself. `npm run docs` writes them. */

import { readFileSync } from 'node:fs';
import type { Guide, Provider } from '../../../shared/providers/provider.ts';
import { type ProviderName, providers } from '../../../shared/providers/registry.ts';
import { type Status, statuses, statusIds } from '../../../shared/status/catalogue.ts';
import { fixtureNames, parsedFixture } from '../../../test/fixtures/fixtures.ts';

const root = new URL('../../../', import.meta.url);
const readmeFile = new URL('README.md', root);
const pageFile = (name: string) => new URL(`docs/providers/${name}.md`, root);

const names = Object.keys(providers) as ProviderName[];

async function guideOf(name: ProviderName): Promise<Guide> {
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

/** What an event becomes, in words. */
function becomes({ statuses: ids }: Provider['events'][string]): string {
  if (ids.length === 0) return 'not about an email: counted, not kept';
  return ids.map(id => (id === null ? 'a note, no status' : statuses[id].label)).join(', ');
}

/** For each event that can become several things: what the test's exact bytes of it say, and what they become. */
function decisions(name: ProviderName): string {
  const { events }: Provider = providers[name];
  const read = fixtureNames(name).flatMap(fixtureName => parsedFixture(name, fixtureName).events);
  const rows = Object.keys(events)
    .filter(event => events[event]!.statuses.length > 1)
    .flatMap(event =>
      read
        .filter(({ providerEvent, attribution }) => providerEvent === event && attribution === undefined)
        .map(({ reason, status }) =>
          row(
            `\`${event}\``,
            reason?.code === undefined ? '' : `\`${reason.code}\``,
            [reason?.enhancedCode, reason?.text].filter(part => part).join(': '),
            status === null ? 'a note, no status' : statuses[status].label,
          ),
        ),
    );
  if (rows.length === 0) return '';
  return `
For example, as the tests prove on exact bytes:

| event | its label | code and words | becomes |
|---|---|---|---|
${[...new Set(rows)].join('\n')}
`;
}

/** What happens until the secret is in force. */
const activation = {
  'sent again':
    'A secret is in force within five minutes. Until then calls are answered 401 and an alarm tells; they are sent again.',
  lost: '**Put the secret in first, where it is known, and wait five minutes**: calls that are answered 401 are lost for good. An alarm tells.',
  'not documented':
    '**Put the secret in first and wait five minutes**: whether calls that are answered 401 are sent again is not documented. An alarm tells.',
} as const satisfies Record<Guide['refusedCalls'], string>;

function registration(name: ProviderName, title: string, { register }: Guide): string {
  if (register === null) return `${title} returns no id of a message when it is sent: its emails cannot be registered.`;
  return `Or register the email yourself, as the README shows: \`data.provider\` is \`"${name}"\`, and \`data.messageId\` is ${register}.`;
}

/** The page of a provider. */
async function providerPage(name: ProviderName): Promise<string> {
  const provider: Provider = providers[name];
  const guide = await guideOf(name);
  const { title, authentication, secret, events, batched } = provider;
  const url = `https://YOUR-API/webhooks/${name}`;
  return `<!-- Written by \`npm run docs\` from shared/providers/${name}.ts: change it there. -->

# ${title}

| | |
|---|---|
${row('webhook URL', `\`${url}\` (output \`WebhookUrl\` of the stack)`)}
${row('a request is proved genuine by', authentication)}
${row('the secret is', `${secret}; under \`"${name}"\` in the stack's webhook secrets, several while you rotate`)}
${row('it proves', 'events of every account, or, bound to an account (README), of that one alone')}
${row('events in one request', batched ? 'many' : 'one')}
${row('statuses', statusesInWords(reachable(provider)))}

## Set it up

${guide.setUp.map((step, index) => `${index + 1}. ${step.replaceAll('{url}', url)}`).join('\n')}

${activation[guide.refusedCalls]}

## Say whose email it is

${guide.attach}

${registration(name, title, guide)}

## What its events become

| event | becomes | decided by |
|---|---|---|
${Object.entries(events)
  .map(([event, meaning]) => row(`\`${event}\``, becomes(meaning), meaning.by ?? ''))
  .join('\n')}
${decisions(name)}
An event that is not in this table is kept in quarantine, and an alarm tells.

## Machines

${guide.machines === null ? 'Its events do not tell an open or click by a machine (mail privacy, scanner) from one by a person.' : `${guide.machines} Such an event stays in the timeline and changes no status.`}

## While something of ours is out of order

What cannot be recorded is put off by ourselves. Where not even that is possible, we answer ${provider.retryStatus ?? 429} with \`Retry-After\`. ${guide.retries}
${guide.notes.length === 0 ? '' : `\n## Good to know\n\n${guide.notes.map(note => `- ${note}`).join('\n')}\n`}`;
}

/** The README's table of providers. */
async function providersTable(): Promise<string> {
  const rows = await Promise.all(
    names.map(async name => {
      const provider: Provider = providers[name];
      const { machines } = await guideOf(name);
      return row(
        `[${provider.title}](docs/providers/${name}.md)`,
        `\`${name}\``,
        provider.authentication,
        statusesInWords(reachable(provider)),
        machines === null ? 'no' : 'yes',
        provider.batched ? 'yes' : 'no',
        String(provider.retryStatus ?? 429),
      );
    }),
  );
  const head = [
    'provider',
    'name',
    'verified by',
    'statuses reachable',
    'machine opens',
    'batched',
    'when nothing can be kept',
  ];
  return [row(...head), `|${'---|'.repeat(head.length)}`, ...rows].join('\n');
}

const begin = '<!-- providers: written by `npm run docs` -->';
const end = '<!-- end of providers -->';

/** The README with its table of providers brought up to date. */
async function readmeWithTable(readme: string): Promise<string> {
  const [before, rest = ''] = readme.split(begin);
  const after = rest.slice(rest.indexOf(end));
  return `${before}${begin}\n\n${await providersTable()}\n\n${after}`;
}

/** Every document by its file, as it should be. */
export async function documents(): Promise<readonly { readonly file: URL; readonly text: string }[]> {
  const pages = names.map(async name => ({ file: pageFile(name), text: await providerPage(name) }));
  const readme = readmeWithTable(readFileSync(readmeFile, 'utf8'));
  return [...(await Promise.all(pages)), { file: readmeFile, text: await readme }];
}
