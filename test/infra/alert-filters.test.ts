import { describe, expect, it } from 'vitest';
import { matchesPattern } from '../../infra/local/event-sources/event-pattern.ts';
import { type Status, statuses, statusIds } from '../../shared/status/catalogue.ts';
import { resourcesOf, synthesize } from './synthesized.ts';

interface StreamRecord {
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  /** The status in the image. It is undefined for a missing image, and null for an email with notes alone. */
  readonly before?: Status | null;
  readonly after?: Status | null;
}

const mapping = resourcesOf(synthesize(), 'AWS::Lambda::EventSourceMapping').get('AlertStream');
const patterns: readonly string[] = mapping!.Properties.FilterCriteria.Filters.map(
  ({ Pattern }: { Pattern: string }) => Pattern,
);

const image = (status: Status | null | undefined) =>
  status === undefined ? undefined : { emailId: { S: 'x' }, ...(status !== null && { status: { S: status } }) };

/** Returns whether a record passes the filters of the deployed mapping. */
const invoked = ({ eventName, before, after }: StreamRecord) =>
  patterns.some(pattern =>
    matchesPattern(JSON.parse(pattern), { eventName, dynamodb: { OldImage: image(before), NewImage: image(after) } }),
  );
const alertOf = (status: Status | null) => (status === null ? null : statuses[status].alert);
const everyStatus = [null, ...statusIds];

describe('the alert function is invoked', () => {
  it('for a first status with an alert, and for no other first status', () => {
    for (const after of everyStatus) {
      expect(invoked({ eventName: 'INSERT', after }), String(after)).toBe(alertOf(after) !== null);
      expect(invoked({ eventName: 'MODIFY', before: null, after }), String(after)).toBe(alertOf(after) !== null);
    }
  });

  it('for each change into another kind of alert, and for no other change', () => {
    for (const before of statusIds) {
      for (const after of statusIds) {
        const expected = alertOf(after) !== null && alertOf(after) !== alertOf(before);
        expect(invoked({ eventName: 'MODIFY', before, after }), `${before} -> ${after}`).toBe(expected);
      }
    }
  });

  it('once for a hard bounce that becomes Invalid, and again when the email is marked as spam', () => {
    expect(invoked({ eventName: 'MODIFY', before: 'sent', after: 'hard_bounced' })).toBe(true);
    expect(invoked({ eventName: 'MODIFY', before: 'hard_bounced', after: 'invalid' })).toBe(false);
    expect(invoked({ eventName: 'MODIFY', before: 'invalid', after: 'marked_spam' })).toBe(true);
  });

  it('never when an email expires or is erased', () => {
    for (const before of everyStatus) expect(invoked({ eventName: 'REMOVE', before })).toBe(false);
  });
});

it("the alert function's stream filters keep Lambda's limits", () => {
  expect(patterns.length).toBeLessThanOrEqual(5);
  for (const pattern of patterns) expect(pattern.length).toBeLessThan(4096);
});
