import type { Counts } from '../../../shared/runtime/counts.ts';

/** The meaning of each count in the webhook's answer, in the order of the answer. */
export const countMeanings = {
  received: 'Events and other pieces in the request. Each of them is in exactly one of the other counts.',
  recorded: 'Events that are in the table now and were not before.',
  duplicate: 'Events that had been recorded before. They change nothing.',
  dropped:
    'Repeated opens and clicks that may be counted already, and repeats of an email that has 100 events. They are not recorded.',
  erased: 'Events of an email that somebody had erased. They do not bring it back.',
  expired: 'Events older than emails are kept (400 days by default). They are not recorded and alert nobody.',
  queued: 'Events in the retry queue, because the table did not take them in time. They are recorded later.',
  quarantined:
    'Pieces that could not be read or recorded. They wait in the quarantine queue for 14 days, and an alarm tells.',
  unrelated: 'Pieces about no email, such as a changed contact, a domain or a test. They are not kept.',
} as const satisfies Record<keyof Counts, string>;
