let lastShown = 0;

/** One line that changes. Where there is no terminal, a line every two seconds. */
export function progress(line: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[2K${line}`);
  else if (Date.now() - lastShown > 2_000) {
    console.log(line);
    lastShown = Date.now();
  }
}

/** Clears the line of the terminal. */
export function progressEnds(): void {
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[2K');
}
