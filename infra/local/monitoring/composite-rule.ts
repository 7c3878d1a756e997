import { tokensOf } from './expression-tokens.ts';

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** Whether a rule holds, by the states of the alarms that it names. */
export type Rule = (stateOf: (nameOrArn: string) => AlarmState) => boolean;

const shape = /ALARM|OK|INSUFFICIENT_DATA|AND|OR|NOT|TRUE|FALSE|"[^"]*"|[()]/g;

/**
 * Reads the rule of a composite alarm, e.g. `(ALARM("one") OR ALARM("other"))`.
 *
 * @throws Error if it cannot be read
 */
export function compositeRule(text: string): Rule {
  const tokens = tokensOf(text, shape, `the rule ${text}`);

  function either(): Rule {
    let left = both();
    while (tokens.takes('OR')) {
      const [one, other] = [left, both()];
      left = stateOf => one(stateOf) || other(stateOf);
    }
    return left;
  }

  function both(): Rule {
    let left = condition();
    while (tokens.takes('AND')) {
      const [one, other] = [left, condition()];
      left = stateOf => one(stateOf) && other(stateOf);
    }
    return left;
  }

  function condition(): Rule {
    const token = tokens.next();
    if (token === 'NOT') {
      const inner = condition();
      return stateOf => !inner(stateOf);
    }
    if (token === 'TRUE' || token === 'FALSE') return () => token === 'TRUE';
    if (token === '(') {
      const inner = either();
      tokens.expects(')');
      return inner;
    }
    tokens.expects('(');
    const name = tokens.next().replaceAll('"', '');
    tokens.expects(')');
    return stateOf => stateOf(name) === token;
  }

  const whole = either();
  if (tokens.peek() !== undefined) throw new Error(`the rule ${text}: ${tokens.peek()} is not understood here`);
  return whole;
}
