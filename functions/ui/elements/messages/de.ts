import type { MessageTable } from '../texts.ts';

export const table: MessageTable = {};
