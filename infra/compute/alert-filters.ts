import { type AlertKind, type Status, statuses, statusIds } from '../../shared/status/catalogue.ts';

/**
 * A rule on a text attribute of an image: one of these values, any other value, or absent. Lambda's filter syntax has
 * more rules, which are not needed.
 */
export type TextRule = readonly (
  | string
  | { readonly exists: false }
  | { readonly 'anything-but': readonly string[] }
)[];

/** A filter that selects records of the table's stream for the alert function, in Lambda's syntax. */
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
 * Exactly those records pass whose change takes an email into an alerting kind. `hard_bounced` → `invalid` stays in one
 * kind, of which support has its alert; `hard_bounced` → `marked_spam` enters another. A record that passes several
 * filters is delivered once. Lambda allows five filters.
 */
export const alertFilters: readonly AlertFilter[] = [
  { eventName: ['INSERT'], dynamodb: { NewImage: { status: { S: alerting } } } },
  // An email that had only notes.
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
