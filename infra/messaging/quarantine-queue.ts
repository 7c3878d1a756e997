import { DurableQueue } from './durable-queue.ts';

/** Where the ingest function puts what is genuine but cannot be read or recorded. A person looks at it: an alarm says when. */
export class QuarantineQueue extends DurableQueue {}
