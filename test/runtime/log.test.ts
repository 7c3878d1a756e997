import { describe, expect, it } from 'vitest';
import { createLog } from '../../shared/runtime/log.ts';

describe('the log', () => {
  const lines: string[] = [];
  const log = createLog(
    line => lines.push(line),
    () => Date.UTC(2026, 0, 2, 12),
  );

  it('has one JSON object per line, whatever the values', () => {
    lines.length = 0;
    log('webhook.set-up', { requestId: 'r1', provider: 'ses\r\n{"message":"fault"}\u2028' });
    const [line, ...others] = lines;
    expect(others).toEqual([]);
    expect(line!.indexOf('\n')).toBe(line!.length - 1);
    expect(JSON.parse(line!)).toEqual({
      level: 'INFO',
      message: 'webhook.set-up',
      timestamp: '2026-01-02T12:00:00.000Z',
      service: 'mailtrail',
      requestId: 'r1',
      provider: 'ses\r\n{"message":"fault"}\u2028',
    });
  });

  it('has the level WARN for irregularities and ERROR for our own faults', () => {
    lines.length = 0;
    log('webhook.refused', { requestId: 'r1', provider: 'ses', refusal: 'no-signature' });
    log('fault', { requestId: 'r1', where: 'GET /statuses', error: 'TypeError' });
    expect(lines.map(line => JSON.parse(line).level)).toEqual(['WARN', 'ERROR']);
  });
});
