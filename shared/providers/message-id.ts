/** A Message-ID without its angle brackets: some send calls give it with them, and the events without, or the other way round. */
export function withoutBrackets(messageId: string): string {
  return messageId.trim().replace(/^<(.*)>$/, '$1');
}
