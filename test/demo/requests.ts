import type { DemoEmail, DemoProvider, Step } from './lives.ts';
import { type Happening, pieces } from './pieces.ts';
import { shuffled } from './shuffled.ts';

/** One callback: whose webhook it goes to, and the exact body. */
export interface DemoRequest {
  readonly provider: DemoProvider;
  readonly body: Buffer;
  /** How many events it tells of. */
  readonly events: number;
}

const minute = 60_000;
/** Steps that only the sender knows of: no provider of the demo has a word for them. */
const bySender: readonly Step[] = ['enqueued', 'sent'];

/**
 * The callbacks that tell of the emails' lives as real providers do: out of order, some of them twice, SendGrid's in
 * batches. The same in every run.
 */
export function demoRequests(emails: readonly DemoEmail[]): DemoRequest[] {
  const told = emails.flatMap(email =>
    (['enqueued', ...email.life.steps] as const).flatMap((step, index) => {
      const happening: Happening = { email, step, at: email.startsAt + index * 7 * minute };
      const provider = bySender.includes(step) ? 'app' : email.provider;
      const piece = pieces[provider](happening);
      return piece === undefined ? [] : [{ provider, piece }];
    }),
  );
  const again = told.filter((_, index) => index % 6 === 0);
  const arrival = shuffled([...told, ...again]);
  const batched = arrival.filter(({ provider }) => provider === 'sendgrid').map(({ piece }) => piece);
  const single = arrival.filter(({ provider }) => provider !== 'sendgrid');
  return shuffled([
    ...chunks(batched, 8).map(batch => request('sendgrid', batch, batch.length)),
    ...single.map(({ provider, piece }) => request(provider, piece, 1)),
  ]);
}

function request(provider: DemoProvider, content: object, events: number): DemoRequest {
  // Mailgun signs inside the body: the signature is added when it is sent.
  return { provider, body: Buffer.from(JSON.stringify(content)), events };
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
