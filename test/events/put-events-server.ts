import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PutEventsEntry } from '../../shared/aws/eventbridge-calls.ts';
import { bytesOfEntry } from '../../shared/events/publish.ts';

/** An answer in place of the regular one; or the error code of an entry. */
export interface PutEventsFaults {
  readonly answer?: { readonly status: number; readonly body: string };
  /** Called for each entry, in order. */
  readonly refuses?: (entry: PutEventsEntry) => string | null;
}

/**
 * Answers PutEvents as its reference documents it, limits included. Entries that it took are kept.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
 */
export async function startPutEventsServer() {
  const calls: { readonly headers: IncomingHttpHeaders; readonly entries: readonly PutEventsEntry[] }[] = [];
  const taken: PutEventsEntry[] = [];
  let faults: PutEventsFaults = {};
  const server = createServer(async (request, response) => {
    const { Entries } = JSON.parse((await request.toArray()).join('')) as { Entries: readonly PutEventsEntry[] };
    calls.push({ headers: request.headers, entries: Entries });
    const say = (status: number, body: string) =>
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(body);
    if (faults.answer !== undefined) return say(faults.answer.status, faults.answer.body);
    const bytes = Entries.reduce((sum, entry) => sum + bytesOfEntry(entry), 0);
    if (Entries.length < 1 || Entries.length > 10 || bytes > 256 * 1024)
      return say(400, JSON.stringify({ __type: 'ValidationException', message: 'too much' }));
    const results = Entries.map(entry => {
      const ErrorCode = faults.refuses?.(entry) ?? null;
      if (ErrorCode !== null) return { ErrorCode, ErrorMessage: 'refused' };
      taken.push(entry);
      return { EventId: String(taken.length) };
    });
    const FailedEntryCount = results.filter(result => 'ErrorCode' in result).length;
    say(200, JSON.stringify({ FailedEntryCount, Entries: results }));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    endpoint,
    /** The environment of a function that publishes here. */
    environment: {
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'token',
      AWS_ENDPOINT_URL_EVENTBRIDGE: endpoint,
    },
    calls,
    taken,
    plan(planned: PutEventsFaults): void {
      faults = planned;
      calls.length = 0;
      taken.length = 0;
    },
    async stop(): Promise<void> {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

export type PutEventsServer = Awaited<ReturnType<typeof startPutEventsServer>>;
