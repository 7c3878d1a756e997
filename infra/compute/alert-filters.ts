import { type AlertKind, type Status, statuses, statusIds } from '../../shared/status/catalogue.ts';

/**
 * A text attribute of an image: one of these values, none of these but some other, or absent. The rest of Lambda's
 * filter syntax is not needed.
 */
export type TextRule = readonly (
  | string
  | { readonly exists: false }
  | { readonly 'anything-but': readonly string[] }
)[];

/** Which records of the table's stream reach the alert function, in Lambda's filter syntax. */
export interface AlertFilter {
  readonly eventName: readonly ('INSERT' | 'MODIFY')[];
  readonly dynamodb: {
    readonly NewImage: { readonly status: { readonly S: TextRule } };
    readonly OldImage?: { readonly status: { readonly S: TextRule } };
  };
}

const statusesByKind = Map.groupBy(
  statusIds.filter(status => statuses[status].alert !== null),
  status => statuses[status].alert as AlertKind,
);
const alerting: readonly Status[] = [...statusesByKind.values()].flat();

/**
 * A record passes when, and only when, its change takes an email into an alerting kind: `hard_bounced` → `invalid` is
 * the same kind and support knows, `hard_bounced` → `marked_spam` is another. A record that passes more than one filter
 * is delivered once. At most five filters are allowed.
 */
export const alertFilters: readonly AlertFilter[] = [
  { eventName: ['INSERT'], dynamodb: { NewImage: { status: { S: alerting } } } },
  // An email of which only notes were known.
  {
    eventName: ['MODIFY'],
    dynamodb: { NewImage: { status: { S: alerting } }, OldImage: { status: { S: [{ exists: false }] } } },
  },
  ...[...statusesByKind.values()].map(
    (ofKind): AlertFilter => ({
      eventName: ['MODIFY'],
      dynamodb: {
        NewImage: { status: { S: ofKind } },
        OldImage: { status: { S: [{ 'anything-but': ofKind }] } },
      },
    }),
  ),
];
