/** Numbers for messages of a test file. They begin anew in each file, so that its ids do not depend on other files. */
let last = 0;

export function nextMessageNumber(): number {
  last += 1;
  return last;
}

export function restartMessageNumbers(): void {
  last = 0;
}
