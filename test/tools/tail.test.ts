/** `npm run tail` on a running stack, with signed callbacks. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningStack, runningStack } from '../../infra/tools/simulate/running-stack.ts';
import { linesOf, textOf } from '../../infra/tools/tail/lines.ts';
import type { Email } from '../../shared/email/item.ts';
import { eventually } from '../rigs/eventually.ts';
import { runScript, startScript } from '../rigs/script.ts';
import { type StartedStack, startStack } from '../rigs/start-stack.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'mailtrail-tail-'));
let stack: StartedStack;
let sender: RunningStack;

/** The application's own event of one email. */
const send = (type: string, data: Readonly<Record<string, string>>) =>
  sender.send({
    provider: 'app',
    type: 'json',
    body: Buffer.from(
      JSON.stringify({ type, timestamp: new Date().toISOString(), data: { accountId: 'acme', ...data } }),
    ),
    events: 1,
  });

beforeAll(async () => {
  stack = await startStack({ dataDir });
  sender = runningStack(dataDir);
  const bounced = { messageId: 'm1', recipient: 'ann@example.com', reference: 'invoice-1', subject: 'Do not show' };
  await send('email.sent', bounced);
  await send('email.hard_bounced', bounced);
  await send('email.delivered', { messageId: 'm2', recipient: 'bob@example.com', accountId: 'hooli' });
  await sender.settled();
});
afterAll(async () => {
  await stack?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const file = 'infra/tools/tail/tail.ts';
const environment = { DATA_DIR: dataDir };
const run = (...args: readonly string[]) => runScript(file, args, environment);

describe('npm run tail', () => {
  it('prints the events of an account with each change of status, and the alert', async () => {
    const { code, stdout, stderr } = await run('--once', '--account', 'acme');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^[\d-]+ [\d:]+ UTC {2}app {2}ann@example\.com {2}acme {2}- -> sent {2}invoice-1$/);
    expect(lines[1]).toMatch(/ {2}sent -> hard_bounced .*invoice-1$/);
    expect(lines[2]).toMatch(/ UTC {2}ALERT hard_bounce {2}ann@example\.com {2}acme {2}\w+$/);
    expect(stdout).not.toContain('Do not show');
  });

  it('prints JSON, and takes a recipient, a status and a provider', async () => {
    const args = ['--once', '--json', '--since', '2h'];
    const lines = async (...filters: readonly string[]) =>
      (await run(...args, ...filters)).stdout
        .trim()
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line));
    expect(await lines('--recipient', 'Bob@Example.com')).toMatchObject([
      { kind: 'event', provider: 'app', recipient: 'bob@example.com', accountId: 'hooli', from: null, to: 'delivered' },
    ]);
    expect(await lines('--account', 'acme', '--status', 'sent')).toMatchObject([{ kind: 'event', to: 'sent' }]);
    expect(await lines('--recipient', 'bob@example.com', '--provider', 'sendgrid')).toEqual([]);
  });

  it('prints the failures of all accounts where it is given none', async () => {
    const { stdout } = await run('--once');
    expect(stdout).toMatch(/app {2}ann@example\.com {2}acme {2}sent -> hard_bounced/);
    expect(stdout).not.toContain('bob@example.com');
  });

  it('follows an event that comes later, and ends with Ctrl-C', async () => {
    const { child, said, closed } = startScript(file, ['--account', 'hooli', '--since', '1h'], environment);
    await eventually(() => expect(said.stdout).toMatch(/- -> delivered/));
    await send('email.opened', { messageId: 'm2', recipient: 'bob@example.com', accountId: 'hooli' });
    await eventually(() => expect(said.stdout).toMatch(/delivered -> opened/));
    expect(said.stdout.trim().split('\n')).toHaveLength(2);
    child.kill('SIGINT');
    expect(await closed).toBe(0);
    expect(said.stderr).toBe('');
  });

  it('refuses a time that it cannot read', async () => {
    const { code, stderr } = await run('--since', 'yesterday');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: --since must be a time such as 90s, 30m, 1h or 2d, not "yesterday"\./);
  });
});

describe('a line', () => {
  const email = {
    emailId: 'e1',
    provider: 'app',
    recipient: 'eve@example.com',
    accountId: 'acme',
    reference: 'see https://evil.example',
    events: [
      { occurredAt: Date.UTC(2026, 0, 2, 12), status: null, eventId: '1', providerEvent: 'note', evidence: 'unknown' },
    ],
  } as unknown as Email;

  it('shows a note without a status, and nothing that can be clicked', () => {
    const [line] = linesOf(email, () => true);
    expect(textOf(line!)).toBe(
      '2026-01-02 12:00:00 UTC  app  eve@example.com  acme  - (note)  see https[:]//evil[.]example',
    );
  });

  it('shows the counts of a provider within a minute', () => {
    const counts = { Delivered: 3, Refused: 1 };
    expect(textOf({ kind: 'counts', at: '2026-01-02T12:00:00.000Z', provider: 'ses', counts })).toBe(
      '2026-01-02 12:00:00 UTC  ses  within a minute: 3 Delivered, 1 Refused',
    );
  });
});
