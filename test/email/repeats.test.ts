import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeHistory, type HistoryEvent, inTime } from '../../shared/email/history.ts';
import {
  decodeRepeats,
  encodeRepeats,
  keptOfKind,
  knownOfKinds,
  placeRepeats,
  type Repeats,
  repeatKindOf,
  repeatKinds,
  timedOf,
} from '../../shared/email/repeats.ts';
import { merge } from '../../shared/status/precedence.ts';
import { arbitraryEvent, noon } from '../rigs/arbitrary-events.ts';
import { runs } from '../rigs/runs.ts';

const open = (seconds: number, changes: Partial<HistoryEvent> = {}): HistoryEvent => ({
  eventId: `o${seconds}`,
  status: 'opened',
  occurredAt: noon + seconds * 1000,
  evidence: 'human',
  providerEvent: 'open',
  ...changes,
});
const opens = (count: number) => Array.from({ length: count }, (_, index) => open(index));
const none = { known: new Map(), repeats: new Map() };
const own = () => true;

describe('repeated opens and clicks', () => {
  it.each<[string | null, Partial<HistoryEvent>]>([
    ['Oh', {}],
    ['Ou', { evidence: 'unknown' }],
    ['Lm', { status: 'link_clicked', evidence: 'machine' }],
    ['Ohn', { attribution: 'not_addressed' }],
    [null, { status: null, attribution: 'ambiguous' }],
    [null, { status: 'opened', attribution: 'ambiguous' }],
    [null, { status: 'delivered' }],
  ])('have the kind %s for %j', (kind, changes) => {
    expect(repeatKindOf(open(0, changes))).toBe(kind);
  });

  it('have twelve kinds', () => {
    expect([...repeatKinds.keys()].sort()).toEqual(
      ['Oh', 'Om', 'Ou', 'Lh', 'Lm', 'Lu'].flatMap(kind => [kind, `${kind}n`]).sort(),
    );
  });

  it('are counted beyond the first three of a kind', () => {
    const [first, second, third] = opens(5);
    const click = open(1, { status: 'link_clicked' });
    expect(placeRepeats([...opens(5), click].sort(inTime), none, own)).toMatchObject({
      kept: [first, second, click, third].sort((a, b) => inTime(a!, b!)),
      counted: opens(5).slice(3),
      dropped: [],
      repeats: new Map([['Oh', { count: 2, last: noon + 4000 }]]),
    });
  });

  describe('of an email with a count', () => {
    const before = {
      known: knownOfKinds([open(10), open(11), open(12)]),
      repeats: new Map([['Oh', { count: 4, last: noon + 20_000 }]]),
    };
    it.each([
      ['earlier than all', open(9), { kept: [open(9)], counted: [], dropped: [] }],
      ['as early as the first, with a smaller id', open(10, { eventId: 'a' }), { kept: [{ eventId: 'a' }] }],
      [
        'as early as the first, with a greater id',
        open(10, { eventId: 'z' }),
        { kept: [], counted: [], dropped: [{}] },
      ],
      ['between the known ones', open(15), { kept: [], counted: [], dropped: [{}] }],
      ['as new as the last', open(20), { kept: [], counted: [], dropped: [{}] }],
      [
        'newer than the last',
        open(21),
        { kept: [], counted: [open(21)], repeats: new Map([['Oh', { count: 5, last: noon + 21_000 }]]) },
      ],
      [
        'of another kind',
        open(15, { evidence: 'machine' }),
        { kept: [{ evidence: 'machine' }], counted: [], dropped: [] },
      ],
      ['future-dated', open(15, { providerTime: noon + 86_400_000 }), { kept: [{ providerTime: noon + 86_400_000 }] }],
      [
        'future-dated, and counted at its time perhaps',
        open(15, { providerTime: noon + 20_000 }),
        { kept: [], dropped: [{}] },
      ],
    ])('have their place if they are %s', (_, event, place) => {
      expect(placeRepeats([event], before, own)).toMatchObject(place);
    });

    it('are kept if another account reports them', () => {
      expect(placeRepeats([open(21)], before, () => false)).toMatchObject({ kept: [open(21)], counted: [] });
    });

    it('show the newest counted one and the first after a failure to caveats', () => {
      const repeats: Repeats = new Map([['Oh', { count: 5, last: noon + 2, afterFailure: noon + 1 }]]);
      expect(timedOf(repeats).map(({ occurredAt }) => occurredAt)).toEqual([noon + 1, noon + 2]);
    });

    it.each([
      ['it is the first counted one', noon + 20_500, noon + 21_000],
      ['the last counted one is', noon + 15_000, noon + 20_000],
      ['there was no failure', undefined, undefined],
    ])('keep the time of the earliest known one after a failure: %s', (_, failedAt, afterFailure) => {
      const { repeats } = placeRepeats([open(21), open(22)], { ...before, failedAt }, own);
      expect(repeats.get('Oh')?.afterFailure).toBe(afterFailure);
      expect(placeRepeats([open(30)], { known: before.known, repeats, failedAt }, own).repeats.get('Oh')).toEqual(
        JSON.parse(JSON.stringify({ count: 7, last: noon + 30_000, afterFailure })),
      );
    });

    it('show the newest counted one to caveats', () => {
      expect(timedOf(before.repeats)).toEqual([
        { status: 'opened', evidence: 'human', eventId: '', occurredAt: noon + 20_000 },
      ]);
    });
  });

  it('of another account, 20,000 in one request, have their places within a second', () => {
    const begun = process.cpuUsage();
    expect(placeRepeats(opens(20_000), none, () => false).kept).toHaveLength(20_000);
    const { user, system } = process.cpuUsage(begun);
    expect(user + system).toBeLessThan(1_000_000);
  });

  it('decide the same status in any order, in any requests, and are never counted twice', () => {
    const event = arbitraryEvent.map(
      ({ provider: _, messageId: __, recipient: ___, status, ...rest }): HistoryEvent => ({
        ...rest,
        status: status === 'sent' || status === 'delivered' ? status : 'opened',
      }),
    );
    const requests = fc.array(fc.array(event, { minLength: 1, maxLength: 5 }), { maxLength: 12 });
    fc.assert(
      fc.property(requests, all => {
        let history = new Map<string, HistoryEvent>();
        let repeats: Repeats = new Map();
        for (const request of [...all, ...all]) {
          const news = new Map(request.map(one => [encodeHistory(one), one]));
          const unknown = [...news].filter(([element]) => !history.has(element)).map(([, one]) => one);
          const place = placeRepeats(unknown.sort(inTime), { known: knownOfKinds(history.values()), repeats }, own);
          history = new Map([
            ...history,
            ...place.kept.map((one): [string, HistoryEvent] => [encodeHistory(one), one]),
          ]);
          repeats = place.repeats;
          expect(place.kept.length + place.counted.length + place.dropped.length).toBe(unknown.length);
          expect(knownOfKinds(history.values()).size).toBe(place.known.size);
        }
        expect(merge(history.values())).toEqual(merge(all.flat()));
        const sent = new Map(all.flat().map(one => [encodeHistory(one), one]));
        for (const [kind, { count, last }] of repeats) {
          const ofKind = [...sent.values()].filter(one => repeatKindOf(one) === kind);
          const kept = [...history.values()].filter(one => repeatKindOf(one) === kind);
          expect(kept.length).toBeGreaterThanOrEqual(keptOfKind);
          expect(count + kept.length).toBeLessThanOrEqual(ofKind.length);
          expect(last).toBe(Math.max(...ofKind.map(({ occurredAt }) => occurredAt)));
        }
      }),
      { numRuns: runs(200) },
    );
  });

  describe('in an item', () => {
    const repeats: Repeats = new Map([
      ['Oh', { count: 127, last: noon + 1 }],
      ['Lun', { count: 2, last: noon }],
      ['Ou', { count: 3, last: noon + 2, afterFailure: noon + 1 }],
    ]);

    it('are one short text, in whatever order they came', () => {
      expect(encodeRepeats(repeats)).toBe('Lun2@mjwtnk00 Oh127@mjwtnk01 Ou3@mjwtnk02+mjwtnk01');
      expect(encodeRepeats(new Map([...repeats].reverse()))).toBe(encodeRepeats(repeats));
      expect(decodeRepeats(encodeRepeats(repeats))).toEqual(repeats);
    });

    it('are none without a text, and without kinds of a later version', () => {
      expect(decodeRepeats(undefined)).toEqual(new Map());
      expect(decodeRepeats('')).toEqual(new Map());
      expect(decodeRepeats('Xy2@mjwtnk00 Oh127@mjwtnk01 later')).toEqual(new Map([['Oh', repeats.get('Oh')]]));
    });

    it('keep what a later version has written', () => {
      expect(
        encodeRepeats(new Map([['Oh', { count: 1, last: noon }]]), 'Oh9@mjwtnk00 Oh9@mjwtnk00?new Xy2@mjwtnk00'),
      ).toBe('Oh1@mjwtnk00 Oh9@mjwtnk00?new Xy2@mjwtnk00');
    });
  });
});
