import type { ReactiveController, ReactiveControllerHost } from 'lit';

/** Seconds between two requests for what may change soon, and for everything else. */
const soonMs = 4_000;
const laterMs = 30_000;

/** An email that was sent so recently is young: its provider may still report. */
const youngMs = 60 * 60_000;

/** Whether an email may change soon: it is young, and its status is not final. */
export function isOpenAndYoung(sentAt: string, isFinal: boolean, now: number): boolean {
  return !isFinal && now - Date.parse(sentAt) < youngMs;
}

/** Repeats a request while the element is connected and the page is visible. */
export class Live implements ReactiveController {
  readonly #refresh: () => Promise<void>;
  readonly #isSoon: () => boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isConnected = false;

  constructor(
    host: Pick<ReactiveControllerHost, 'addController'>,
    refresh: () => Promise<void>,
    isSoon: () => boolean = () => false,
  ) {
    this.#refresh = refresh;
    this.#isSoon = isSoon;
    host.addController(this);
  }

  hostConnected(): void {
    this.#isConnected = true;
    document.addEventListener('visibilitychange', this.#onChange);
    window.addEventListener('online', this.#onChange);
    this.schedule();
  }

  hostDisconnected(): void {
    this.#isConnected = false;
    document.removeEventListener('visibilitychange', this.#onChange);
    window.removeEventListener('online', this.#onChange);
    clearTimeout(this.#timer);
  }

  /** Plans the next request anew, e.g. after the emails have changed. */
  schedule(): void {
    clearTimeout(this.#timer);
    // A request may end after its element is gone.
    if (!this.#isConnected || document.visibilityState === 'hidden') return;
    this.#timer = setTimeout(this.#run, this.#isSoon() ? soonMs : laterMs);
  }

  readonly #onChange = (): void => {
    if (document.visibilityState === 'hidden') clearTimeout(this.#timer);
    else void this.#run();
  };

  readonly #run = async (): Promise<void> => {
    clearTimeout(this.#timer);
    await this.#refresh();
    this.schedule();
  };
}
