import type { Status } from '../../shared/status/catalogue.ts';

/** The events of one email in their order, a minute apart. `machine` and `note` decide nothing. */
export interface History {
  readonly events: readonly (Status | `machine ${'opened' | 'link_clicked'}` | 'note')[];
  readonly ends: Status;
}

/** Twelve lives of an email; whatever the order of arrival, each must end the same. */
export const histories: readonly History[] = [
  { events: ['sent', 'delivered', 'opened'], ends: 'opened' },
  { events: ['sent', 'deferred', 'delivered'], ends: 'delivered' },
  { events: ['sent', 'soft_bounced', 'delivered'], ends: 'delivered' },
  { events: ['sent', 'delivered', 'hard_bounced'], ends: 'hard_bounced' },
  { events: ['sent', 'delivered', 'opened', 'marked_spam'], ends: 'marked_spam' },
  { events: ['sent', 'delivered', 'marked_spam', 'opened'], ends: 'marked_spam' },
  { events: ['sent', 'hard_bounced', 'machine opened'], ends: 'hard_bounced' },
  { events: ['sent', 'delivered', 'link_clicked'], ends: 'link_clicked' },
  { events: ['sent', 'delivered', 'note'], ends: 'delivered' },
  { events: ['sent', 'soft_bounced'], ends: 'soft_bounced' },
  { events: ['sent', 'deferred'], ends: 'deferred' },
  { events: ['sent', 'soft_bounced', 'soft_bounced', 'hard_bounced'], ends: 'hard_bounced' },
];
