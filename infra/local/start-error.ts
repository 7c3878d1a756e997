/** A mistake that the person who runs a command can put right. It is shown without a stack trace. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
