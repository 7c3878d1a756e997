import { cpuMs } from '../rigs/cpu-time.ts';
import { type Figure, figure, measured, median } from './figures.ts';
import { startIngestOnStub } from './ingest-on-stub.ts';

/** Requests in a round, by the events of each: enough for a clock of milliseconds. */
const requestsInRound = { 1: 200, 100: 10, 1000: 2 } as const;
const rounds = 9;
const warmUp = 3;

const memorySizes = [512, 768, 1024, 1769];
/** Lambda gives a whole vCPU at this size. More helps no single thread. */
const wholeCpuMegabytes = 1769;
/** us-east-1, arm64. */
const dollarsPerGigabyteSecond = 0.0000133334;
/** Assumed for a call of DynamoDB, of which the recorder has so many in flight. */
const waitMs = 5;
const concurrentWrites = 32;

/**
 * The duration of a call: its CPU time on a part of a vCPU, or the waits for the table where these are longer. One more
 * wait at the end runs beside no work.
 */
function durationMs(cpu: number, writes: number, megabytes: number): number {
  const share = Math.min(1, megabytes / wholeCpuMegabytes);
  return Math.max(cpu / share, (writes / concurrentWrites) * waitMs) + waitMs;
}

/** The CPU time of the ingest function by the size of a request, and on paper its duration and cost by memory. */
export async function ingestMemory(): Promise<Figure[]> {
  const { requestOf, ingest, stop } = await startIngestOnStub();
  try {
    const figures: Figure[] = [];
    for (const [events, requests] of Object.entries(requestsInRound)) {
      const cpu: number[] = [];
      for (let round = 0; round < warmUp + rounds; round += 1) {
        const sent = Array.from({ length: requests }, (_, index) =>
          requestOf(Number(events), `memory${round}-${index}`),
        );
        const all = async () => {
          for (const request of sent) await ingest(request);
        };
        cpu.push((await cpuMs(all)) / requests);
      }
      const each = median(cpu.slice(warmUp));
      figures.push(measured(`ingest, ${events} events a request`, cpu.slice(warmUp), 'CPU ms'));
      for (const megabytes of memorySizes) {
        const duration = durationMs(each, Number(events), megabytes);
        const cost = (duration / 1_000) * (megabytes / 1_024) * dollarsPerGigabyteSecond * 1_000_000;
        figures.push(
          figure(`ingest, ${events} events, ${megabytes} MB: duration on paper`, duration, 'ms'),
          figure(`ingest, ${events} events, ${megabytes} MB: a million requests`, cost, 'US dollars'),
        );
      }
    }
    return figures;
  } finally {
    stop();
  }
}
