import { describe, expect, it } from 'vitest';
import { type AlertFilter, alertFilters, type TextRule } from '../../infra/alert-filters.ts';
import { type Status, statuses, statusIds } from '../../shared/status.ts';

interface StreamRecord {
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  /** undefined: there is no such image; null: an image without a status, of an email of which only notes are known. */
  readonly before?: Status | null;
  readonly after?: Status | null;
}

/** Lambda's filter syntax, as far as it is used. A rule other than `exists: false` wants the attribute to be there. */
function follows(rule: TextRule, value: string | null | undefined): boolean {
  return rule.some(alternative => {
    if (typeof alternative === 'string') return value === alternative;
    if ('exists' in alternative) return value === null || value === undefined;
    return typeof value === 'string' && !alternative['anything-but'].includes(value);
  });
}

function passes({ eventName, before, after }: StreamRecord, filter: AlertFilter): boolean {
  const { NewImage, OldImage } = filter.dynamodb;
  return (
    (filter.eventName as readonly string[]).includes(eventName) &&
    follows(NewImage.status.S, after) &&
    (OldImage === undefined || follows(OldImage.status.S, before))
  );
}

const invoked = (record: StreamRecord) => alertFilters.some(filter => passes(record, filter));
const alertOf = (status: Status | null) => (status === null ? null : statuses[status].alert);
const everyStatus = [null, ...statusIds];

describe('the alert function is invoked', () => {
  it('for a first status that support wants to hear of, and for no other', () => {
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

  it('once for a hard bounce that turns out to be an invalid address, and again when it is marked as spam', () => {
    expect(invoked({ eventName: 'MODIFY', before: 'sent', after: 'hard_bounced' })).toBe(true);
    expect(invoked({ eventName: 'MODIFY', before: 'hard_bounced', after: 'invalid' })).toBe(false);
    expect(invoked({ eventName: 'MODIFY', before: 'invalid', after: 'marked_spam' })).toBe(true);
  });

  it('never when an email expires or is erased', () => {
    for (const before of everyStatus) expect(invoked({ eventName: 'REMOVE', before })).toBe(false);
  });
});

it('the filters are within what Lambda allows', () => {
  expect(alertFilters.length).toBeLessThanOrEqual(5);
  for (const filter of alertFilters) expect(JSON.stringify(filter).length).toBeLessThan(4096);
});
