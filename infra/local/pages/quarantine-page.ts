import type { Provider } from '../../../shared/providers/provider.ts';
import type { HttpAnswer } from '../api-gateway/http-payload.ts';
import { counted } from '../cli/counted.ts';
import { commandOn } from '../endpoints.ts';
import { inertReason, type ShownContent, shownLines } from '../quarantine/shown-content.ts';
import { html, htmlPage, jsonPage } from './html.ts';

/** Contents on the page. The command shows the others. */
const maxShown = 100;

/**
 * The contents of the quarantine, the newest first: reason, provider, arrival and redacted content.
 *
 * @param contents the oldest first
 */
export function quarantinePage(
  dataDir: string,
  contents: readonly ShownContent[],
  providers: Readonly<Record<string, Provider>>,
  accept = '',
): HttpAnswer {
  const shown = contents
    .toReversed()
    .slice(0, maxShown)
    .map(content => ({ reason: inertReason(content.reason), lines: shownLines(content, providers) }));
  if (accept.includes('application/json')) return jsonPage({ total: contents.length, contents: shown });
  const command = (text: string) => html`<code>${commandOn(dataDir, text)}</code>`;
  return htmlPage(
    'Quarantine: Mailtrail on this machine',
    html`<h1>Quarantine</h1>
<p class="soft"><a href="/_local">Mailtrail on this machine</a></p>
<p>Genuine pieces that could not be read or recorded, each with arrival, provider, reason and field at fault. Texts that may be personal are hidden.</p>
<p>${contents.length === 0 ? 'There is no message in quarantine.' : html`${counted(contents.length, 'message')}, the newest first. Feed them back once an adapter reads them: ${command('npm run replay -- --queue quarantine')}`}</p>
${shown.map(({ reason, lines }) => html`<h2>${reason}</h2>\n<pre tabindex="0">${lines.join('\n')}</pre>\n`)}
${contents.length > maxShown ? html`<p>${contents.length - maxShown} older ones are not shown: ${command('npm run replay -- --queue quarantine --dry-run --show')}</p>` : ''}`,
  );
}
