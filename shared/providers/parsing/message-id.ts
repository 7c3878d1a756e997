/** A Message-ID without its angle brackets: some send calls give it with them, and the events without, or the other way round. */
export function withoutBrackets(messageId: string | null | undefined): string {
  const id = messageId?.trim() ?? '';
  return id.startsWith('<') && id.endsWith('>') ? id.slice(1, -1) : id;
}
