/** How long a test waits, in milliseconds, for what comes soon on a quiet machine. */
export const patienceMs = 30_000;
