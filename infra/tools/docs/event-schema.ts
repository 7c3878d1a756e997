import * as z from 'zod';
import { statusChangedType } from '../../../shared/events/status-changed.ts';
import { statusChanged } from '../../../shared/events/status-changed-schema.ts';
import { prettyJson } from './pretty-json.ts';

/** The JSON Schema of the detail of status changes, for the systems that get them. */
export function eventSchema(): string {
  // Members may be added within a version.
  const { $schema, ...schema } = z.toJSONSchema(statusChanged, { io: 'input' });
  const title = `Detail of the event "${statusChangedType}", version 1`;
  return `${prettyJson(JSON.stringify({ $schema, title, ...schema }))}\n`;
}
