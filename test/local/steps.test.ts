import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSteps } from '../../infra/local/cli/steps.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function written(isTTY: boolean): string {
  let text = '';
  const output = {
    isTTY,
    write: (more: string) => {
      text += more;
    },
  };
  const steps = createSteps(output, Date.now);
  steps.begin('Synthesizing');
  expect(text).toBe('Synthesizing ... ');
  vi.advanceTimersByTime(2_340);
  steps.begin('Starting');
  vi.advanceTimersByTime(400);
  steps.end();
  steps.end();
  return text;
}

describe('a step of the start', () => {
  it('is named at once, and gets its seconds once it is over', () => {
    expect(written(false)).toBe('Synthesizing ... 2.3 s\nStarting ... 0.4 s\n');
  });

  it('counts its seconds on a terminal', () => {
    const clear = '\r\u001b[2K';
    const [first] = written(true).split('\n');
    expect(first!.split(clear)).toEqual([
      'Synthesizing ... ',
      'Synthesizing ... 1 s',
      'Synthesizing ... 2 s',
      'Synthesizing ... 2.3 s',
    ]);
  });
});
