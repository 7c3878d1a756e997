/** The pieces of an expression, one after another. */
export interface Tokens {
  /** The next one; undefined at the end. */
  peek(): string | undefined;
  next(): string;
  /** Takes the next one if it is this. */
  takes(token: string): boolean;
  expects(token: string): void;
}

/**
 * @param shape matches one piece, and is global
 * @param about begins the messages of errors
 */
export function tokensOf(text: string, shape: RegExp, about: string): Tokens {
  const left = text.replaceAll(shape, '').trim();
  if (left !== '') throw new Error(`${about}: ${JSON.stringify(left)} is not understood here`);
  const tokens = text.match(shape) ?? [];
  let position = 0;
  const next = () => {
    const token = tokens[position++];
    if (token === undefined) throw new Error(`${about}: it ends too early`);
    return token;
  };
  return {
    peek: () => tokens[position],
    next,
    takes(token) {
      if (tokens[position] !== token) return false;
      position += 1;
      return true;
    },
    expects(token) {
      const found = next();
      if (found !== token) throw new Error(`${about}: ${found} stands where ${token} is expected`);
    },
  };
}
