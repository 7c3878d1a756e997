import { DurableQueue } from './durable-queue.ts';

/**
 * The queue for genuine payloads and events that cannot be parsed or recorded. A person inspects it when its alarm goes
 * off.
 */
export class QuarantineQueue extends DurableQueue {}
