import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { noBrowser, picturesDirectory } from '../rigs/browser.ts';
import { emailWith } from '../rigs/ui-emails.ts';
import { listOf, rowsOf, uiVisits } from './visits.ts';

const shown = 'docs/pictures/email-history.png';

/** Emails of a billing department: when each was sent, in minutes before now, and in its life. */
const emails = [
  ['enqueued', 4, 5, 'maya.lindqvist@nordlicht.example', 'Invoice 2026-1193'],
  ['sent', 9, 8, 'accounts@harbour-books.example', 'Invoice 2026-1192'],
  ['invalid', 52, 4_500, 'jane.doe@example.com', 'Invoice 2026-1191'],
  ['delivered', 75, 62, 'office@bluefin-studio.example', 'Receipt for invoice 2026-1174'],
  ['opened', 160, 7_500, 'h.sato@kawa-print.example', 'Invoice 2026-1190'],
  ['soft_bounced', 420, 400, 'tom.okafor@riverside.example', 'Payment reminder 2026-1102'],
  ['link_clicked', 600, 9_000, 'finance@greenline.example', 'Invoice 2026-1189'],
  ['hard_bounced', 1_500, 3_000, 'billing@old-mill-bakery.example', 'Invoice 2026-1188'],
  ['deferred', 1_700, 190, 'ap@mercado-verde.example', 'Invoice 2026-1187'],
  ['rejected', 2_900, 6_000, 'invoices@lakeview-dental.example', 'Invoice 2026-1186'],
] as const;

/** Width and height of a PNG (https://www.w3.org/TR/png-3/#11IHDR). */
const sizeOf = (png: Buffer) => [png.readUInt32BE(16), png.readUInt32BE(20)];

describe.skipIf(noBrowser)('the picture in the README', () => {
  const ui = uiVisits(async stack => {
    for (const [status, minutesAgo, inItsLife, recipient, subject] of emails) {
      const reference = `INV-${/\d{4}$/.exec(subject)![0]}`;
      const facts = { accountId: 'billing', recipient, subject, reference };
      await stack.record(emailWith(status, facts, Date.now() + (inItsLife - minutesAgo) * 60_000));
    }
  });

  it('shows the list and an email that did not arrive, as they are today', async () => {
    const head =
      '<style>body { margin: 24px; font-family: system-ui } h1 { margin: 0 0 16px; font-size: 26px }</style>';
    const page = await ui.show(listOf('billing'), {
      head,
      viewport: { width: 1240, height: 800 },
      deviceScaleFactor: 1.5,
    });
    await page.getByText('Needs action (4)').waitFor();
    await rowsOf(page).filter({ hasText: 'jane.doe' }).locator('.open').click();
    await page.locator('mailtrail-email').getByText('Unknown address').first().waitFor();
    await page.mouse.move(0, 0);
    const png = await page.screenshot({ animations: 'disabled', caret: 'hide' });
    mkdirSync(picturesDirectory, { recursive: true });
    writeFileSync(join(picturesDirectory, 'readme.png'), png);
    if (process.env.PICTURE) writeFileSync(shown, png);
    expect(readFileSync('README.md', 'utf8')).toContain(`](${shown})`);
    expect(sizeOf(readFileSync(shown))).toEqual(sizeOf(png));
  });
});
