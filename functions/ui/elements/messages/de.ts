import type { MessageTable } from './message.ts';

export const table: MessageTable = {};
