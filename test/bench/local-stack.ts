import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { settled } from '../../infra/tools/simulate/running-stack.ts';
import { forEachConcurrently } from '../../shared/runtime/concurrency.ts';
import { signedRequest } from '../fixtures/signing.ts';
import type { Signed } from '../fixtures/signing-scheme.ts';
import { startStack } from '../rigs/start-stack.ts';
import { startBareEngine } from './engine-ceiling.ts';
import { type Figure, figure, measured, median, quantile } from './figures.ts';
import { acknowledged, queuedIn } from './posted.ts';
import { type Part, type PartsCpu, partsCpu } from './process-cpu.ts';
import { sendgridBatch } from './sendgrid-batch.ts';

const batches = 10;
const batchSize = 1_000;
const singles = 2_000;
/** The first requests one by one, before V8 has optimised their way. */
const warmingSingles = 2_400;
const singlesInFlight = 8;

/**
 * Measures the local stack over HTTP, for batches and for single events: recorded events per second, waiting time, and CPU time
 * by part. Between two batches, a bare client writes as many emails into an engine of its own: that is the engine's ceiling.
 */
export async function localStack(): Promise<Figure[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mailtrail-bench-'));
  const stack = await startStack({ dataDir });
  const bareEngine = await startBareEngine();
  const agent = new Agent({ keepAlive: true });
  try {
    const { url, signingKeysFile, pid, outputs } = stack.endpoints;
    const { sendgrid } = JSON.parse(await readFile(signingKeysFile!, 'utf8')) as { sendgrid: string };
    const signed = (size: number, name: string) =>
      signedRequest('sendgrid', sendgrid, sendgridBatch(size, name, Date.now()), Date.now());
    const cpu = () => partsCpu(pid, String(outputs.IngestFunctionName));
    let again = 0;
    /** Returns the whole time, and the events that are not recorded yet. */
    const post = async (request: Signed) => {
      const answer = await acknowledged(agent, `${url}/webhooks/sendgrid`, request);
      again += answer.again;
      return { ms: answer.ms, queued: queuedIn(answer) };
    };
    await post(signed(10, 'warm'));
    await bareEngine.write(batchSize, 'warm');

    const batchTimes: number[] = [];
    const batchRates: number[] = [];
    let queued = 0;
    const bareRates: number[] = [];
    const batchCpu: PartsCpu[] = [];
    const bareCpu: number[] = [];
    for (let batch = 0; batch < batches; batch += 1) {
      const request = signed(batchSize, `batch${batch}`);
      const before = cpu();
      const sent = await post(request);
      queued += sent.queued;
      batchTimes.push(sent.ms);
      batchRates.push(rateOf(batchSize - sent.queued, sent.ms));
      // Otherwise queued events would be recorded during the next batch, and their CPU time would be missing here.
      await settled(dataDir);
      batchCpu.push(difference(cpu(), before));
      const bare = await bareEngine.write(batchSize, `batch${batch}`);
      bareRates.push(rateOf(batchSize, bare.seconds * 1_000));
      bareCpu.push(bare.engineCpuMs);
    }

    const requests = Array.from({ length: warmingSingles + singles }, (_, index) => signed(1, `single${index}`));
    await forEachConcurrently(requests.splice(0, warmingSingles), singlesInFlight, async one => void (await post(one)));
    const waits: number[] = [];
    let recordedSingles = 0;
    const before = cpu();
    const clientBefore = process.cpuUsage();
    const begun = performance.now();
    await forEachConcurrently(requests, singlesInFlight, async one => {
      const sent = await post(one);
      waits.push(sent.ms);
      recordedSingles += 1 - sent.queued;
    });
    const singleSeconds = (performance.now() - begun) / 1_000;
    const { user, system } = process.cpuUsage(clientBefore);
    const singleCpu = difference(cpu(), before);

    return [
      measured('batches of 1,000 events', batchRates, 'events/s', {
        floor: { what: 'the engine with a bare client', samples: bareRates },
        aim: '≥ 0.8',
      }),
      measured('a batch of 1,000 events', batchTimes, 'ms'),
      measured('the engine with a bare client', bareRates, 'updates/s'),
      measured('requests that took too long and were sent again', [again], '', { count: 'by chance' }),
      measured('events of batches that were queued', [queued / batches], 'of 1,000', { count: 'by chance' }),
      figure('engine with a bare client, CPU', median(bareCpu) / batchSize, 'ms an update'),
      ...partsIn(batchCpu).map(part =>
        figure(`batches, CPU of ${part}`, median(batchCpu.map(one => one[part] ?? 0)) / batchSize, 'ms an event'),
      ),
      figure('single-event requests, 8 in flight', recordedSingles / singleSeconds, 'events/s', '≥ 900'),
      figure('single-event requests, p50', quantile(waits, 0.5), 'ms'),
      figure('single-event requests, p99', quantile(waits, 0.99), 'ms', '< 50'),
      ...partsIn([singleCpu]).map(part =>
        figure(`single-event requests, CPU of ${part}`, (singleCpu[part] ?? 0) / singles, 'ms a request'),
      ),
      figure('single-event requests, CPU of client', (user + system) / 1_000 / singles, 'ms a request'),
    ];
  } finally {
    agent.destroy();
    await bareEngine.stop();
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Events a second. */
function rateOf(events: number, ms: number): number {
  return (events * 1_000) / ms;
}

function difference(after: PartsCpu, before: PartsCpu): PartsCpu {
  const parts = Object.entries(after) as [Part, number][];
  return Object.fromEntries(parts.map(([part, ms]) => [part, ms - (before[part] ?? 0)]));
}

function partsIn(all: readonly PartsCpu[]): readonly Part[] {
  return [...new Set(all.flatMap(one => Object.keys(one) as Part[]))];
}
