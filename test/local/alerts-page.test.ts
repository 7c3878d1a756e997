import { describe, expect, it } from 'vitest';
import { alertsPage } from '../../infra/local/pages/alerts-page.ts';
import type { EmailSubscription } from '../../infra/local/services/email-subscriptions.ts';
import type { InboxMessage } from '../../infra/local/services/support-inbox.ts';

const emails = 'http://127.0.0.1:3000/ui';
const file = '/data/support-inbox.jsonl';

const alert = (number: number, changes: Partial<InboxMessage> = {}): InboxMessage => ({
  messageId: `m${number}`,
  topicArn: 'arn:aws:sns:us-east-1:000000000000:Alerts',
  receivedAt: '2026-01-02T12:00:00.500Z',
  subject: `Hard bounce: alert ${number}`,
  attributes: {},
  text: `Text ${number}\n`,
  data: { number },
  letters: [{ to: 'support@example.com', unsubscribeUrl: 'http://127.0.0.1:4000/unsubscribe.html?SubscriptionArn=a' }],
  missedBy: [],
  ...changes,
});
const subscription = (changes: Partial<EmailSubscription> = {}): EmailSubscription => ({
  arn: 'a',
  topicArn: 'arn:aws:sns:us-east-1:000000000000:Alerts',
  email: 'support@example.com',
  state: 'Confirmed',
  cause: null,
  endedAt: null,
  authenticatesUnsubscribe: false,
  ...changes,
});
const suspended = subscription({
  state: 'PendingConfirmation',
  cause: 'too many messages within a second',
  endedAt: Date.UTC(2026, 0, 2, 12),
});
const answer = (
  messages: readonly InboxMessage[],
  accept?: string,
  page: string | null = emails,
  subscriptions: readonly EmailSubscription[] = [],
) => {
  const { headers, body } = alertsPage({ messages, file, subscriptions }, page, accept);
  return { type: headers['content-type'], text: String(body) };
};
const html = (messages: readonly InboxMessage[], page: string | null = emails, ...more: EmailSubscription[]) =>
  answer(messages, 'text/html,application/xhtml+xml,*/*;q=0.8', page, more).text;

describe('the page of the alerts', () => {
  it('shows the newest first, each with its subject and time', () => {
    const page = html([alert(1), alert(2)]);
    expect(page).toContain('<h1>Alerts</h1>');
    expect([...page.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, subject]) => subject)).toEqual([
      'Hard bounce: alert 2',
      'Hard bounce: alert 1',
    ]);
    expect(page).toContain('<time datetime="2026-01-02T12:00:00.500Z">2026-01-02 12:00:00 UTC</time>');
  });

  it('escapes all that strangers wrote', () => {
    const page = html([alert(1, { subject: '<img src=x>', text: '<script>alert(1)</script>' })]);
    expect(page).toContain('<h2>&lt;img src=x&gt;</h2>');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;</pre>');
  });

  it('links to the page of this stack alone', () => {
    const own = `${emails}?email=abc-_1`;
    const foreign = [
      'https://evil.example/?email=1',
      'http://127.0.0.1:30000/ui?email=1',
      'http://127x0.0.1:3000/ui?email=1',
      'javascript:alert(1)',
      `${emails}.evil.example/?email=1`,
    ];
    const page = html([alert(1, { text: [`Look: ${own}"><b>`, ...foreign].join('\n') })]);
    expect([...page.matchAll(/href="([^"]+)"/g)].map(([, link]) => link)).toEqual(['/_local', own]);
    expect(page).toContain(`<a href="${own}">${own}</a>&quot;&gt;&lt;b&gt;`);
    expect(html([alert(1, { text: own })], null)).not.toContain(`href="${emails}`);
  });

  it('says where the others are, if there are many', () => {
    const page = html(Array.from({ length: 103 }, (_, index) => alert(index)));
    expect(page.match(/<h2>/g)).toHaveLength(100);
    expect(page).toContain(`3 older ones are not shown: <code>${file}</code>`);
  });

  it('says to which topic and to whom each one went', () => {
    const missed = alert(2, { letters: [], missedBy: ['boss@example.com'] });
    const page = html([alert(1), missed]);
    expect(page).toContain('to alerts (support@example.com)');
    expect(page).toContain('to alerts, not delivered to boss@example.com');
  });

  it('shows no message that was for machines alone', () => {
    expect(html([alert(1, { letters: [] })])).toContain('No alert was sent yet.');
  });

  it('says whether the subscriptions are alive, and confirms them anew', () => {
    const alive = html([], emails, subscription());
    expect(alive).toContain('support@example.com is subscribed to alerts.');
    expect(alive).not.toContain('<form');
    const page = html([], emails, suspended);
    expect(page).toContain('The subscription of support@example.com to alerts is suspended');
    expect(page).toContain('<form method="post"><button>Confirm the subscriptions anew</button></form>');
    expect(html([])).toContain('Nobody is subscribed by email.');
  });

  it('says that there is none', () => {
    expect(html([])).toContain('No alert was sent yet.');
  });
});

describe('the alerts for programs', () => {
  it('are JSON, the oldest first, and hold the messages to machines', () => {
    const messages = [alert(1), alert(2, { letters: [] })];
    const { type, text } = answer(messages, 'application/json', emails, [suspended]);
    expect([type, JSON.parse(text)]).toEqual(['application/json', { messages, subscriptions: [suspended] }]);
  });

  it.each([undefined, '*/*', 'text/plain'])('are text for a client that accepts %s, such as curl', accept => {
    const { type, text } = answer([alert(1)], accept);
    expect(type).toBe('text/plain; charset=utf-8');
    expect(text).toBe(
      '── 2026-01-02 12:00:00 UTC, to alerts (support@example.com)\nSubject: Hard bounce: alert 1\n\nText 1\n\n-- To get no more of these messages, open http://127.0.0.1:4000/unsubscribe.html?SubscriptionArn=a\n',
    );
    expect(answer([], accept).text).toBe('No message to support yet.\n');
  });
});
