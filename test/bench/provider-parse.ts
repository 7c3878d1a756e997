import { providers } from '../../shared/providers/registry.ts';
import { signingKeys } from '../signing.ts';
import { type Figure, figure, median } from './figures.ts';
import { sendgridBatch } from './sendgrid-batch.ts';

const rounds = 50;

/** Verifying and reading a 1,000-event batch, as a ratio to the bare JSON.parse of the same body. */
export function providerParse(): Figure[] {
  const keys = signingKeys('sendgrid');
  const now = Date.now();
  const { headers, body } = keys.sign(sendgridBatch(1_000, 'parse', now), now);
  const request = { method: 'POST', url: '', headers, body, receivedAt: now };
  const context = {
    metadata: { accountId: 'account_id', reference: 'reference' },
    messageIdOf: (_: string, messageId: string) => messageId,
  };
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const begun = performance.now();
    if (providers.sendgrid.verify(request, [keys.secret]) !== null) throw new Error('refused');
    const { events } = providers.sendgrid.parse(request, context);
    const parsed = performance.now();
    if (events.length !== 1_000) throw new Error('not all read');
    JSON.parse(body.toString());
    bare.push(performance.now() - parsed);
    ours.push(parsed - begun);
  }
  return [
    figure('SendGrid, verify and read a 1,000-event batch', median(ours), 'ms'),
    figure('SendGrid, verify and read / JSON.parse', median(ours) / median(bare), '×'),
  ];
}
