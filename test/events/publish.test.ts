import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPutEvents } from '../../shared/aws/eventbridge-calls.ts';
import { bytesOfEntry, createPublishEvents, maxCallBytes, maxConcurrentCalls } from '../../shared/events/publish.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { type PutEventsServer, startPutEventsServer } from './put-events-server.ts';

describe('the publisher of events', () => {
  let bus: PutEventsServer;
  let errors: string[];
  beforeAll(async () => {
    bus = await startPutEventsServer();
  });
  afterAll(() => bus?.stop());
  beforeEach(() => {
    bus.plan({});
    errors = [];
  });

  const publish = (details: readonly object[]) =>
    createPublishEvents(createPutEvents(bus.environment), 'Mailtrail-events')(
      details.map(detail => ({ detailType: 'Email Status Changed', detail, time: noon })),
      error => errors.push(error),
    );
  const numbered = (count: number) => Array.from({ length: count }, (_, number) => ({ number }));
  const numberOf = ({ Detail }: { readonly Detail: string }): number => JSON.parse(Detail).number;

  it('signs the call of PutEvents, and names bus, source, type and time', async () => {
    expect(await publish([{ status: 'é' }])).toEqual([true]);
    expect(bus.calls[0]!.headers).toMatchObject({
      'x-amz-target': 'AWSEvents.PutEvents',
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-security-token': 'token',
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=key\/\d{8}\/eu-central-1\/events\/aws4_request/,
      ),
    });
    expect(bus.calls[0]!.entries).toEqual([
      {
        EventBusName: 'Mailtrail-events',
        Source: 'mailtrail',
        DetailType: 'Email Status Changed',
        Detail: '{"status":"é"}',
        Time: noon / 1000,
      },
    ]);
  });

  it('makes no call for no event, and calls of ten entries for many', async () => {
    expect(await publish([])).toEqual([]);
    expect(bus.calls).toEqual([]);
    expect(await publish(numbered(101))).toEqual(Array(101).fill(true));
    expect(bus.calls.map(({ entries }) => entries.length).toSorted()).toEqual([1, ...Array(10).fill(10)]);
    expect(bus.taken.map(numberOf).toSorted((a, b) => a - b)).toEqual(numbered(101).map(({ number }) => number));
  });

  it('stays within the bytes of a call, whatever the events hold', async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 90_000 }), { maxLength: 15 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.constantFrom('x', 'é', '"', '😀'), async (lengths, letter) => {
        bus.plan({});
        const details = lengths.map((length, number) => ({ number, text: letter.repeat(length / 2) }));
        expect(await publish(details)).toEqual(lengths.map(() => true));
        for (const { entries } of bus.calls) {
          expect(entries.length).toBeLessThanOrEqual(10);
          expect(entries.map(bytesOfEntry).reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(maxCallBytes);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('says of each event whether it was taken, and makes no further call after a failure', async () => {
    bus.plan({ refuses: entry => (numberOf(entry) === 13 ? 'InternalFailure' : null) });
    const count = 10 * maxConcurrentCalls;
    const taken = await publish(numbered(count + 20));
    expect(taken).toEqual(numbered(count + 20).map(({ number }) => number !== 13 && number < count));
    expect(bus.calls).toHaveLength(maxConcurrentCalls);
    expect(errors).toEqual(['InternalFailure']);
  });

  it('keeps an event that is too large apart from the others', async () => {
    const taken = await publish([{ number: 0 }, { text: 'x'.repeat(maxCallBytes) }, { number: 2 }]);
    expect(taken).toEqual([true, false, true]);
    expect(errors).toEqual(['ValidationException']);
  });

  it.each([
    [
      'a refusal',
      { status: 400, body: '{"__type":"com.amazonaws.events#ThrottlingException"}' },
      'ThrottlingException',
    ],
    ['an answer that is no JSON', { status: 503, body: '<html>' }, 'Error'],
    ['an answer without entries', { status: 200, body: '{}' }, 'Error'],
  ])('takes no event for taken after %s', async (_, answer, error) => {
    bus.plan({ answer });
    expect(await publish(numbered(2))).toEqual([false, false]);
    expect(errors).toEqual([error]);
  });

  it('takes an event without an outcome for one that was not taken', async () => {
    bus.plan({ answer: { status: 200, body: '{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}' } });
    expect(await publish(numbered(2))).toEqual([true, false]);
  });

  it('calls the endpoint for all services, if there is no other', async () => {
    const { AWS_ENDPOINT_URL_EVENTBRIDGE: AWS_ENDPOINT_URL, ...environment } = bus.environment;
    const put = createPutEvents({ ...environment, AWS_ENDPOINT_URL });
    expect(await put([{ EventBusName: 'b', Source: 's', DetailType: 'd', Detail: '{}', Time: 1 }])).toHaveLength(1);
  });
});
