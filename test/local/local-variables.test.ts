import { describe, expect, it } from 'vitest';
import { localVariables, mergedVariables } from '../../infra/local/lambda/local-variables.ts';

describe('the functions on one machine', () => {
  it('keep the pace of letters that the user set, else that of the deployment', () => {
    expect(localVariables('[]', 5)).toEqual({
      Ui: { OPERATOR_LINKS: '[]' },
      Digest: { SECONDS_BETWEEN_DIGESTS: '5' },
    });
    expect(localVariables('[]')).toEqual({ Ui: { OPERATOR_LINKS: '[]' } });
  });
});

describe('variables of two origins', () => {
  it('are joined for each function, and the second counts', () => {
    const joined = mergedVariables({ Ui: { A: '1', B: '1' } }, { Ui: { B: '2' }, Alert: { C: '2' } });
    expect(joined).toEqual({ Ui: { A: '1', B: '2' }, Alert: { C: '2' } });
  });
});
