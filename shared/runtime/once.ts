/**
 * Makes a value when it is first needed, and keeps it. After a failure the next call tries again. A module whose code
 * failed stays so: Node.js keeps the error for as long as the process lives.
 */
export function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | null = null;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = null;
      throw error;
    });
    return made;
  };
}
