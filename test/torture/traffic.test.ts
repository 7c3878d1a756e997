import { describe, expect, it } from 'vitest';
import { emailIdOf } from '../../shared/email/event.ts';
import { statusIds } from '../../shared/status/catalogue.ts';
import { parsedBody } from '../fixtures/fixtures.ts';
import { type TrafficRequest, traffic, unreadableAddress } from './traffic.ts';

const endsBefore = Date.UTC(2026, 5, 1);
const requestsOf = (seed: number, events = 3_000) => [...traffic({ events, seed, endsBefore })];
const requests = requestsOf(7);
const ofOutcome = (outcome: TrafficRequest['outcome']) => requests.filter(request => request.outcome === outcome);
const eventsIn = ({ provider, body, type }: TrafficRequest) => parsedBody(provider, body, type, endsBefore);

describe('the traffic', () => {
  it('is the same for the same seed, and different for another seed', () => {
    expect(requestsOf(7)).toEqual(requests);
    expect(requestsOf(8)).not.toEqual(requests);
  });

  it('has the given number of readable events of several providers, all before its end', () => {
    const read = ofOutcome('recorded').map(request => ({ request, ...eventsIn(request) }));
    for (const { request, events, quarantined } of read) {
      expect([events.length, quarantined]).toEqual([request.events, []]);
    }
    const events = read.flatMap(({ events }) => events);
    expect(events.length).toBeGreaterThanOrEqual(3_000);
    expect(events.length).toBeLessThan(4_000);
    expect(Math.max(...events.map(({ occurredAt }) => occurredAt))).toBeLessThan(endsBefore);
    expect(events.filter(({ providerTime }) => providerTime !== undefined)).toEqual([]);
    expect(new Set(read.map(({ request }) => request.provider)).size).toBe(6);
  });

  it('leads the adapters to the events and facts in the table of fixtures', () => {
    for (const request of ofOutcome('recorded')) {
      expect(eventsIn(request).events).toMatchObject(request.expected);
      for (const [index, event] of eventsIn(request).events.entries()) {
        const { accountId, subject, reference } = request.expected[index]!;
        expect([event.accountId, event.subject, event.reference]).toEqual([accountId, subject, reference]);
      }
    }
  });

  it('has every status', () => {
    const told = new Set(ofOutcome('recorded').flatMap(({ expected }) => expected.map(({ status }) => status)));
    expect(told).toEqual(new Set([...statusIds, null]));
  });

  it('has emails that send others again, of the same and another account, and to the same and another recipient', () => {
    const expected = ofOutcome('recorded').flatMap(request => request.expected);
    const predecessors = new Map(expected.map(event => [emailIdOf(event), event]));
    const resends = expected.filter(({ providerEvent }) => providerEvent === 'app.resend');
    const pairs = resends.map(resend => [resend, predecessors.get(resend.relatedEmailId!)!] as const);
    for (const same of ['accountId', 'recipient'] as const) {
      expect(pairs.filter(([one, other]) => one[same] === other[same]).length, same).toBeGreaterThan(0);
      expect(pairs.filter(([one, other]) => one[same] !== other[same]).length, `not ${same}`).toBeGreaterThan(0);
    }
  });

  it('has batches of all sizes, and repeated requests', () => {
    const sizes = ofOutcome('recorded').map(({ events }) => events);
    expect(Math.min(...sizes)).toBe(1);
    expect(Math.max(...sizes)).toBeGreaterThan(50);
    expect(new Set(requests.map(({ body }) => String(body))).size).toBeLessThan(requests.length);
  });

  it('has forged requests about emails that no other request is about', () => {
    const idsOf = (of: readonly TrafficRequest[]) => of.flatMap(one => eventsIn(one).events.map(e => e.messageId));
    const genuine = new Set(idsOf(ofOutcome('recorded')));
    const forged = idsOf(ofOutcome('refused'));
    expect(forged.length).toBeGreaterThan(0);
    expect(forged.filter(id => genuine.has(id))).toEqual([]);
  });

  it('has unreadable events, each with its own address', () => {
    const unreadable = ofOutcome('quarantined');
    expect(unreadable.length).toBeGreaterThan(0);
    for (const request of unreadable) {
      expect(eventsIn(request)).toMatchObject({ events: [], quarantined: [{ reason: 'unknown_event' }] });
      expect(String(request.body)).toMatch(new RegExp(unreadableAddress.source));
    }
  });
});
