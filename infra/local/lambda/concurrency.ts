import { StartError } from '../start-error.ts';
import { FunctionError, type LocalFunction } from './function-environment.ts';

/** The concurrent executions of an account, over all of its functions. */
export interface AccountConcurrency {
  /** The function, whose invocations are throttled where the account or the function has too many at once. */
  limited<Limited extends LocalFunction>(limited: Limited): Limited;
}

export interface AccountConcurrencyOptions {
  /** The quota of the account: 1,000, and as low as 10 in a new account. */
  readonly limit?: number | undefined;
  /** The reserved concurrency, by name of the function. */
  readonly reserved?: Readonly<Record<string, number>>;
  /** Called with the function's name for each invocation that is throttled. */
  readonly onThrottle?: ((functionName: string) => void) | undefined;
  /** Called as each invocation begins, with how many of the function run from then on. */
  readonly onRunning?: ((functionName: string, running: number) => void) | undefined;
}

const usualLimit = 1_000;
/** Lambda keeps so many for the functions without a reservation; a smaller account cannot reserve any. */
const minUnreserved = 100;

/** @throws StartError where the reservations leave too few for other functions, as Lambda refuses them */
export function createAccountConcurrency(options: AccountConcurrencyOptions = {}): AccountConcurrency {
  const { limit = usualLimit, reserved = {}, onThrottle, onRunning } = options;
  const reservations = Object.values(reserved).reduce((sum, one) => sum + one, 0);
  const unreserved = limit - reservations;
  if (reservations > 0 && unreserved < minUnreserved) {
    throw new StartError(
      `the functions reserve ${reservations} of ${limit} concurrent executions: Lambda keeps ${minUnreserved} unreserved`,
    );
  }
  /** By pool: a function's name, or the empty text for all functions without a reservation. */
  const running = new Map<string, number>();
  const runningByName = new Map<string, number>();

  async function invoked<Result>(name: string, invoke: () => Promise<Result>): Promise<Result> {
    const pool = name in reserved ? name : '';
    const count = running.get(pool) ?? 0;
    const most = reserved[name] ?? unreserved;
    if (count >= most) throw new FunctionError(throttled, `${name}: ${most} executions run already`);
    const ofName = (runningByName.get(name) ?? 0) + 1;
    running.set(pool, count + 1);
    runningByName.set(name, ofName);
    onRunning?.(name, ofName);
    try {
      return await invoke();
    } finally {
      running.set(pool, running.get(pool)! - 1);
      runningByName.set(name, runningByName.get(name)! - 1);
    }
  }

  return {
    limited: limited => ({
      ...limited,
      invoke: (event, source) =>
        invoked(limited.name, () => limited.invoke(event, source)).catch(error => {
          if (isThrottled(error)) onThrottle?.(limited.name);
          throw error;
        }),
    }),
  };
}

const throttled = 'TooManyRequestsException';

/** Whether an invocation did not begin, since too many ran. */
export function isThrottled(error: unknown): boolean {
  return error instanceof FunctionError && error.name === throttled;
}
