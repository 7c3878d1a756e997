/** The steps of something that takes a while, each on a line of its own with the seconds that it took. */
export interface Steps {
  /** Ends the step before, and begins one. */
  begin(step: string): void;
  /** Ends the last step, so that other lines can follow. */
  end(): void;
}

/** Part of standard output that steps need. */
export interface StepsOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** A terminal shows the seconds while they pass. */
const showEveryMs = 1_000;

/** @param now milliseconds */
export function createSteps(output: StepsOutput, now: () => number): Steps {
  let current: { readonly step: string; readonly begunAt: number; readonly timer: NodeJS.Timeout } | null = null;

  function end(): void {
    if (current === null) return;
    clearInterval(current.timer);
    const seconds = `${((now() - current.begunAt) / 1000).toFixed(1)} s\n`;
    output.write(output.isTTY ? `\r\u001b[2K${current.step} ... ${seconds}` : seconds);
    current = null;
  }

  return {
    end,
    begin(step) {
      end();
      const begunAt = now();
      output.write(`${step} ... `);
      const show = () => {
        if (output.isTTY) output.write(`\r\u001b[2K${step} ... ${Math.round((now() - begunAt) / 1000)} s`);
      };
      current = { step, begunAt, timer: setInterval(show, showEveryMs).unref() };
    },
  };
}
