import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { demoEmails, demoRequests } from '../../infra/tools/demo/requests.ts';
import { runningStack } from '../../infra/tools/simulate/running-stack.ts';
import { statusIds } from '../../shared/status/catalogue.ts';
import { merge } from '../../shared/status/precedence.ts';
import { parsedBody } from '../fixtures/fixtures.ts';
import { type StartedStack, startStack } from '../rigs/start-stack.ts';

const demo = fileURLToPath(new URL('../../infra/tools/demo/demo.ts', import.meta.url));
/** Any whole minute. */
const aDay = Date.UTC(2026, 10, 2, 9);
const simulator = fileURLToPath(new URL('../../infra/tools/simulate/simulate.ts', import.meta.url));

describe('the demo', () => {
  it('tells of lives that end in each of the eleven statuses, as the merge of their events says', () => {
    const emails = demoEmails(aDay);
    expect(emails).toHaveLength(60);
    expect(new Set(emails.map(({ recipient }) => recipient)).size).toBe(60);
    expect(new Set(emails.map(({ life }) => life.ends))).toEqual(new Set(statusIds));
    const events = demoRequests(emails).flatMap(({ provider, body, type }) => {
      const read = parsedBody(provider, body, type);
      expect(read.quarantined).toEqual([]);
      return read.events;
    });
    const byEmail = Map.groupBy(events, ({ recipient }) => recipient);
    for (const { recipient, life } of emails) {
      expect(merge(byEmail.get(recipient) ?? [])?.status, recipient).toBe(life.ends);
    }
  });

  describe('against the running stack', () => {
    let dataDir: string;
    let stack: StartedStack;
    const start = (port = 0) => startStack({ dataDir, port, secondsBetweenDigests: 1, maxVisibilityTimeoutSeconds: 3 });
    const run = async (script = demo, ...args: readonly string[]) => {
      const env = { ...process.env, DATA_DIR: dataDir };
      return (await promisify(execFile)(process.execPath, [script, ...args], { env })).stdout;
    };

    beforeAll(async () => {
      dataDir = await mkdtemp(join(tmpdir(), 'mailtrail-demo-'));
      stack = await start();
    });
    afterAll(async () => {
      await stack?.stop();
      await rm(dataDir, { recursive: true, force: true });
    });

    it('comes through a kill -9 in the middle with every status right, and support told of each email once', async () => {
      const log = Object.values(stack.endpoints.functions).find(({ environment }) => 'RETRY_QUEUE_URL' in environment)!;
      const answered = () => readFileSync(log.logFile, 'utf8').split('"webhook.answered"').length - 1;
      const running = run();
      running.catch(() => {});
      await vi.waitUntil(() => answered() >= 40, { timeout: 30_000, interval: 2 });
      await stack.kill();
      expect(answered()).toBeLessThan(demoRequests(demoEmails(aDay)).length);
      stack = await start(Number(new URL(stack.url).port));
      const printed = await running;
      expect(printed).toContain('60 of 60 emails have the status that their events amount to.');
      expect(printed).toContain('They name 10 of the 10 emails that bounced or were marked as spam, ');
    });

    it('waits for queued events also while the stack starts again, with its queues at another port', async () => {
      const { url, endpoints } = stack;
      await stack.kill();
      const settled = runningStack(dataDir).settled();
      settled.catch(() => {});
      stack = await start(Number(new URL(url).port));
      expect(stack.endpoints.sqs).not.toBe(endpoints.sqs);
      await settled;
    });

    it('changes nothing when it is run again, and alerts nobody again', async () => {
      const printed = await run();
      const sent = demoRequests(demoEmails(aDay)).reduce((sum, { events }) => sum + events, 0);
      const counts = /^0 events recorded, (\d+) duplicates recognised(?:, (\d+) queued)?\.$/m.exec(printed);
      const [, duplicates, queued = 0] = counts ?? [];
      expect(Number(duplicates) + Number(queued), printed).toBe(sent);
      expect(printed).toContain('60 of 60 emails have the status that their events amount to.');
      expect(printed).toContain('0 new messages in this run.');
    });

    it('shares the stack with the simulator, which skips lives that a provider has no event for', async () => {
      const printed = await run(simulator, '--provider', 'postmark', '--emails', '60', '--rate', '1000');
      expect(printed).toMatch(/^\d+ events of 55 emails in \d+ callbacks and [\d.]+ s: \d+ recorded, \d+ duplicate, /m);
      expect(printed).toContain('(5 more skipped: Postmark has no event for what they went through)');
      expect(printed).toContain('55 of 55 emails have the status that their events amount to.');
    });
  });
});
