import { execFile } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readResults } from '../bench/results.ts';
import { runScript } from '../rigs/script.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'mailtrail-bench-test-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const bench = (...args: readonly string[]) =>
  runScript('test/bench/bench.ts', ['--results', join(directory, 'results.json'), ...args]);

describe('npm run bench', () => {
  it('runs one benchmark, prints its figures with their aims, and keeps them', async () => {
    const { code, stdout } = await bench('--only', 'answer-time');
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/answer while .* ms +aim < 2500 ✓/) });
    const { machine, figures } = readResults(join(directory, 'results.json'));
    expect(machine.node).toBe(process.version);
    expect(figures.map(({ benchmark, unit, aim }) => ({ benchmark, unit, aim }))).toContainEqual({
      benchmark: 'answer-time',
      unit: 'ms',
      aim: '< 2500',
    });
  });

  it('names a regression since an earlier run, and ends with 1', async () => {
    const earlier = join(directory, 'earlier.json');
    await bench('--only', 'answer-time');
    const now = readResults(join(directory, 'results.json'));
    const faster = now.figures.map(one => ({ ...one, median: one.median / 2, low: one.low / 2, high: one.high / 2 }));
    writeFileSync(earlier, JSON.stringify({ ...now, figures: faster }));
    const { code, stdout } = await bench('--only', 'answer-time', '--compare', earlier);
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: expect.stringMatching(/REGRESSION +answer-time: answer while/),
    });
  });

  it('keeps the file of the last whole run where only a part is measured', async () => {
    const whole = join(directory, 'bench-results.json');
    const kept = JSON.stringify({
      date: '2026-01-02',
      machine: { node: 'v24.0.0', cpus: 2, model: 'one' },
      figures: [],
    });
    writeFileSync(whole, kept);
    const script = fileURLToPath(new URL('../bench/bench.ts', import.meta.url));
    await promisify(execFile)(process.execPath, [script, '--only', 'answer-time', '--compare', whole], {
      cwd: directory,
    });
    expect(readFileSync(whole, 'utf8')).toBe(kept);
  });

  it('refuses a file without results', async () => {
    const other = join(directory, 'other.json');
    writeFileSync(other, '{}');
    const { code, stderr } = await bench('--only', 'answer-time', '--compare', other);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('holds no results') });
  });

  it('refuses an address that is none before it starts anything', async () => {
    const { code, stderr } = await bench('--against', '127.0.0.1:8000/webhook');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('takes the URL of a receiver') });
    expect(stderr).not.toContain('against ...');
  });

  it('sends the same signed requests to a receiver, and prints its figures beside ours', async () => {
    const keyFile = join(directory, 'signing-key.pem');
    const requests: { readonly events: number; readonly isGenuine: boolean }[] = [];
    const ids: string[] = [];
    const server = createServer(async (request, response) => {
      const body = await buffer(request);
      const { 'x-twilio-email-event-webhook-signature': signature, 'x-twilio-email-event-webhook-timestamp': time } =
        request.headers;
      const signed = Buffer.concat([Buffer.from(String(time)), body]);
      const key = createPublicKey(readFileSync(keyFile));
      const events = JSON.parse(body.toString()) as { readonly sg_message_id: string }[];
      ids.push(...events.map(({ sg_message_id }) => sg_message_id));
      requests.push({
        events: events.length,
        isGenuine: verify('sha256', signed, key, Buffer.from(String(signature), 'base64')),
      });
      response.end();
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`;
      const sizes = ['--batches', '2', '--singles', '16'];
      const { code, stdout, stderr } = await bench('--against', url, '--signing-key', keyFile, ...sizes);
      expect({ code, stdout, stderr }).toEqual({
        code: 0,
        stdout: expect.stringMatching(/1,000 events a request: your receiver +.* events\/s(?:.|\n)*p99/),
        stderr: expect.stringContaining('public key of the requests'),
      });
    } finally {
      server.close();
    }
    expect(existsSync(keyFile)).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
    // All ids of a run begin with its own tag.
    expect(new Set(ids.map(id => /^[0-9a-f]{12}-/.exec(id)?.[0])).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f]{12}-/);
    expect(requests.filter(({ isGenuine }) => !isGenuine)).toEqual([]);
    expect(requests.filter(({ events }) => events === 1_000)).toHaveLength(2);
    expect(requests.filter(({ events }) => events === 1).length).toBeGreaterThanOrEqual(16);
  });
});
