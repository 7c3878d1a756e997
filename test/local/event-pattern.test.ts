import { describe, expect, test } from 'vitest';
import { matchesPattern } from '../../infra/local/event-sources/event-pattern.ts';

const image = (status?: string) => (status === undefined ? {} : { status: { S: status } });
const record = (eventName: string, now?: string, before?: string) => ({
  eventName,
  dynamodb: { NewImage: image(now), OldImage: image(before) },
});

describe('an event pattern', () => {
  test.each([
    ['an exact value', { eventName: ['INSERT'] }, true],
    ['another value', { eventName: ['REMOVE'] }, false],
    ['one of several', { eventName: ['REMOVE', 'INSERT'] }, true],
    ['a nested value', { dynamodb: { NewImage: { status: { S: ['sent'] } } } }, true],
    ['a field that is not there', { dynamodb: { Gone: { S: ['sent'] } } }, false],
    ['exists', { dynamodb: { NewImage: { status: { S: [{ exists: true }] } } } }, true],
    ['exists not', { dynamodb: { OldImage: { status: { S: [{ exists: false }] } } } }, true],
    ['exists not, of what is there', { dynamodb: { NewImage: { status: { S: [{ exists: false }] } } } }, false],
    ['anything but', { eventName: [{ 'anything-but': ['REMOVE'] }] }, true],
    ['anything but this', { eventName: [{ 'anything-but': 'INSERT' }] }, false],
    ['anything but, of what is absent', { gone: [{ 'anything-but': ['x'] }] }, false],
    ['all of two conditions', { eventName: ['INSERT'], dynamodb: { NewImage: { status: { S: ['x'] } } } }, false],
  ])('by %s', (_, pattern, matches) => {
    expect(matchesPattern(pattern, record('INSERT', 'sent'))).toBe(matches);
  });

  test('with a comparison that is not known is an error, not a silent no', () => {
    expect(() => matchesPattern({ ip: [{ cidr: '10.0.0.0/24' }] }, { ip: '10.0.0.1' })).toThrow('cidr');
  });
});
