import { describe, expect, it } from 'vitest';
import { elasticemail } from '../../shared/providers/elasticemail.ts';
import { context, fixture, parsedBody, parsedFixture, requestOf } from '../fixtures/fixtures.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { ingestOf } from './ingest.ts';
import { itKeeps, itMaps } from './mapping.ts';

const read = (name: string) => parsedFixture('elasticemail', name);

describe("Elastic Email's events", () => {
  itMaps('elasticemail', { messageId: 'Xy7AbCdEf0000000000007', accountId: 'acme', reference: 'INV-7' }, [
    ['AbuseReport.form', 'marked_spam'],
    ['Clicked.form', 'link_clicked'],
    ['Error.AccountProblem.form', 'rejected'],
    ['Error.BlackListed.form', 'rejected'],
    ['Error.CodeError.form', 'rejected'],
    ['Error.ConnectionProblem.form', 'soft_bounced'],
    ['Error.ConnectionTerminated.form', 'soft_bounced'],
    ['Error.ContentFilter.form', 'rejected'],
    ['Error.DNSProblem.form', 'hard_bounced'],
    ['Error.GreyListed.form', 'soft_bounced'],
    ['Error.Ignore.form', 'rejected'],
    ['Error.ManualCancel.form', 'rejected'],
    ['Error.NoMailbox.form', 'invalid'],
    ['Error.NotDelivered.form', 'soft_bounced'],
    ['Error.SPFProblem.form', 'rejected'],
    ['Error.Spam.form', 'rejected'],
    ['Error.Throttled.form', 'soft_bounced'],
    ['Error.Timeout.form', 'soft_bounced'],
    ['Error.Unknown.form', 'soft_bounced'],
    ['Error.WhitelistingProblem.form', 'rejected'],
    ['Opened.form', 'opened'],
    ['Sent.after-midnight.form', 'sent'],
    ['Sent.as-get.query', 'sent'],
    ['Sent.form', 'sent'],
    ['Sent.postback-json.form', 'sent'],
    ['Unsubscribed.form', null],
  ]);

  itKeeps('elasticemail', [
    ['missing-fields.form', 'unexpected_shape'],
    ['missing-time.form', 'unreadable_time'],
    ['unknown-event.form', 'unknown_event'],
    ['unknown-event.new-category.form', 'unknown_event'],
    ['unknown-event.to-string.form', 'unknown_event'],
  ]);

  it('keep the category', () => {
    expect(read('Error.DNSProblem.form').events[0]?.reason).toEqual({ cause: 'unknown_domain', code: 'DNSProblem' });
  });

  it.each([
    ['Sent.form', noon],
    ['Sent.after-midnight.form', Date.UTC(2026, 0, 2, 0, 5, 9)],
  ])('in the fixture %s have a time in UTC, read out of an American date', (name, at) => {
    expect(read(name).events[0]?.occurredAt).toBe(at);
  });

  it('have the same meaning in a form and in the query of a GET', () => {
    expect(read('Sent.as-get.query')).toEqual(read('Sent.form'));
  });

  it('may also come in the query of a POST', () => {
    const url = `https://api.example.com/webhooks/elasticemail?${fixture('elasticemail', 'Sent.form')}&secret=x`;
    const read = elasticemail.parse(requestOf({ url, body: Buffer.alloc(0) }), context);
    expect(read.events).toMatchObject([{ status: 'sent', recipient: 'jane@example.com' }]);
  });

  it.each(['2/30/2026 12:00:00 PM', '25/12/2025 1:00:00 AM', '1/2/2026 13:00:00 AM', '1/2/2026 1:99:00 AM'])(
    'with the impossible date %s are quarantined',
    date => {
      const fields = new URLSearchParams({ status: 'Sent', to: 'jane@example.com', messageid: 'm', date });
      expect(parsedBody('elasticemail', Buffer.from(String(fields)), 'form').quarantined).toMatchObject([
        { reason: 'unreadable_time' },
      ]);
    },
  );

  it('with a repeated field are quarantined unchanged, from a form and from a query', () => {
    const body = Buffer.from('status=Sent&status=Error&to=jane%40example.com');
    for (const type of ['form', 'query'] as const) {
      expect(parsedBody('elasticemail', body, type).quarantined).toEqual([
        { reason: 'unexpected_shape', piece: body.toString() },
      ]);
    }
  });

  it('that are unreadable are quarantined without the secret of their URL', () => {
    const body = Buffer.from('status=Archived&to=jane%40example.com');
    const kept = JSON.stringify(parsedBody('elasticemail', body, 'query').quarantined);
    expect(kept).toContain('jane@example.com');
    expect(kept).not.toContain('secret');
  });
});

describe('Elastic Email', () => {
  const ingest = ingestOf({ record: () => Promise.reject(new Error('recorded')) }, async () => {});
  const url = 'https://api.example.com/webhooks/elasticemail';
  const get = (query: string) =>
    ingest('elasticemail', { method: 'GET', url: `${url}${query}`, headers: {}, body: Buffer.alloc(0) }, ['ours']);

  it('gets 200 for the GET without an event by which it tests a new webhook URL', async () => {
    for (const query of ['', '?secret=ours', '?secret=theirs']) {
      const { status, counts } = await get(query);
      expect([status, counts]).toEqual([200, {}]);
    }
  });

  it('must prove a GET that brings an event', async () => {
    expect((await get('?status=Sent&to=jane%40example.com')).status).toBe(401);
  });
});
