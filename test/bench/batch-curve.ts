import { cpuMs } from '../rigs/cpu-time.ts';
import { type Figure, measured } from './figures.ts';
import { startIngestOnStub } from './ingest-on-stub.ts';

/** Requests in a round, by the events of each: enough for a clock of milliseconds. */
const requestsInRound = { 1: 200, 10: 50, 100: 10, 1000: 2, 5000: 1 } as const;
const rounds = 5;
const warmUp = 2;

/** The CPU time of an event by the size of its batch. All events are first sightings. */
export async function batchCurve(): Promise<Figure[]> {
  const { requestOf, ingest, stop } = await startIngestOnStub();
  try {
    const sizes = Object.entries(requestsInRound).map(([size, requests]) => ({ size: Number(size), requests }));
    const cpu = new Map(sizes.map(({ size }) => [size, [] as number[]]));
    for (let round = 0; round < warmUp + rounds; round += 1) {
      for (const { size, requests } of sizes) {
        const sent = Array.from({ length: requests }, (_, index) => requestOf(size, `curve${round}-${index}`));
        const all = async () => {
          for (const request of sent) await ingest(request);
        };
        const micros = ((await cpuMs(all)) * 1_000) / (size * requests);
        if (round >= warmUp) cpu.get(size)?.push(micros);
      }
    }
    return [...cpu].map(([at, samples]) =>
      measured('ingest', samples, 'CPU µs an event', { point: { curve: 'batches', axis: 'events a request', at } }),
    );
  } finally {
    stop();
  }
}
