import { describe, expect, it } from 'vitest';
import { alertsPage } from '../../infra/local/pages/alerts-page.ts';
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
  ...changes,
});
const answer = (messages: readonly InboxMessage[], accept?: string, page: string | null = emails) => {
  const { headers, body } = alertsPage(messages, file, page, accept);
  return { type: headers['content-type'], text: String(body) };
};
const html = (messages: readonly InboxMessage[], page: string | null = emails) =>
  answer(messages, 'text/html,application/xhtml+xml,*/*;q=0.8', page).text;

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

  it('says that there is none', () => {
    expect(html([])).toContain('No alert was sent yet.');
  });
});

describe('the alerts for programs', () => {
  it('are JSON, the oldest first', () => {
    const { type, text } = answer([alert(1), alert(2)], 'application/json');
    expect([type, JSON.parse(text)]).toEqual(['application/json', { messages: [alert(1), alert(2)] }]);
  });

  it.each([undefined, '*/*', 'text/plain'])('are text for a client that accepts %s, such as curl', accept => {
    const { type, text } = answer([alert(1)], accept);
    expect(type).toBe('text/plain; charset=utf-8');
    expect(text).toBe('── 2026-01-02 12:00:00 UTC, to alerts\nSubject: Hard bounce: alert 1\n\nText 1\n');
    expect(answer([], accept).text).toBe('No message to support yet.\n');
  });
});
