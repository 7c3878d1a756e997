import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { Fault } from './connection.ts';

/** Seconds between two requests for what may change soon, and for everything else. */
const soonMs = 4_000;
const laterMs = 30_000;

/** The longest time between two requests to an API that fails. One that cannot be reached is asked each 30 s. */
const longestMs = 5 * 60_000;

/** An email that was sent so recently is young: its provider may still report. */
const youngMs = 60 * 60_000;

/** Whether an email may change soon: it is young, and its status is not final. */
export function isOpenAndYoung(sentAt: string, isFinal: boolean, now: number): boolean {
  return !isFinal && now - Date.parse(sentAt) < youngMs;
}

/** Of the last answer: whether it may change soon, and why the request failed. */
export interface LiveState {
  readonly isSoon: boolean;
  readonly fault: Fault | null;
}

/** Faults that may be over at the next request, though each request adds to the load of the API. */
const passing: readonly (Fault | null)[] = ['offline', 'busy', 'broken'];

/**
 * Repeats a request while the element is connected and the page is visible. Each failure doubles the time to the next
 * request, so that open pages do not add to the load of an API in trouble.
 */
export class Live implements ReactiveController {
  readonly #refresh: () => Promise<void>;
  readonly #state: () => LiveState;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isConnected = false;

  constructor(
    host: Pick<ReactiveControllerHost, 'addController'>,
    refresh: () => Promise<void>,
    state: () => LiveState,
  ) {
    this.#refresh = refresh;
    this.#state = state;
    host.addController(this);
  }

  hostConnected(): void {
    this.#isConnected = true;
    this.#failures = 0;
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
    const { isSoon, fault } = this.#state();
    if (!passing.includes(fault)) this.#failures = 0;
    // A request may end after its element is gone.
    if (!this.#isConnected || document.visibilityState === 'hidden') return;
    const isOffline = fault === 'offline';
    const wait = (isSoon || isOffline ? soonMs : laterMs) * 2 ** this.#failures;
    this.#timer = setTimeout(this.#onTime, Math.min(wait, isOffline ? laterMs : longestMs));
  }

  /** Asks now, in place of the next time. */
  async now(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#refresh();
    this.schedule();
  }

  readonly #onTime = async (): Promise<void> => {
    await this.#refresh();
    if (passing.includes(this.#state().fault)) this.#failures += 1;
    this.schedule();
  };

  readonly #onChange = ({ type }: Event): void => {
    if (type === 'online') this.#failures = 0;
    if (document.visibilityState === 'hidden') clearTimeout(this.#timer);
    else void this.now();
  };
}
