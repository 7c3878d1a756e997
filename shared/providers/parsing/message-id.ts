/** A Message-ID without angle brackets. Some providers have them in the send call only, others in the events only. */
export function withoutBrackets(messageId: string | null | undefined): string {
  const id = messageId?.trim() ?? '';
  return id.startsWith('<') && id.endsWith('>') ? id.slice(1, -1) : id;
}
