/**
 * The ingest function without care for its cold start, to compare. Every adapter, the queues' client and the
 * handler of their messages are imported at once.
 */

import '../../functions/ingest/queue-handler.ts';
import '../../functions/ingest/queues.ts';
import '../../shared/providers/registry.ts';

export { handler } from '../../functions/ingest/index.ts';
