import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../shared/runtime/log.ts';

describe('the log', () => {
  afterEach(() => vi.unstubAllEnvs());
  const written = () => {
    const lines: string[] = [];
    createLog(line => lines.push(line))('webhook.set-up', { requestId: 'r1', provider: 'ses\r\n{"message":"fault"}' });
    return lines;
  };

  it('has a line as one JSON object, whatever is in it', () => {
    const [line, ...others] = written();
    expect(others).toEqual([]);
    expect(line!.indexOf('\n')).toBe(line!.length - 1);
    expect(JSON.parse(line!)).toMatchObject({
      level: 'INFO',
      message: 'webhook.set-up',
      service: 'mailtrail',
      requestId: 'r1',
      provider: 'ses\r\n{"message":"fault"}',
    });
  });

  it.each([
    ['LOG_LEVEL', 'SILENT'],
    ['POWERTOOLS_LOG_LEVEL', 'ERROR'],
    ['POWERTOOLS_LOGGER_SAMPLE_RATE', '1'],
  ])('has the same lines where the environment says %s=%s', (name, value) => {
    vi.stubEnv(name, value);
    expect(written()).toHaveLength(1);
  });
});
