import { describe, expect, it } from 'vitest';
import { resolveTemplate } from '../../infra/local/cloudformation/template.ts';
import { localVariables, mergedVariables } from '../../infra/local/lambda/local-variables.ts';

const page = 'http://127.0.0.1:3000/ui';

function variablesOf(clientId: string, emailPageUrl: string) {
  const lambda = (Variables: object) => ({ Type: 'AWS::Lambda::Function', Properties: { Environment: { Variables } } });
  const template = resolveTemplate({
    Resources: { Ui1: lambda({ UI_CLIENT_ID: clientId }), Alert1: lambda({ EMAIL_PAGE_URL: emailPageUrl }) },
  });
  return localVariables(template, page, '[]');
}

describe('alerts on one machine', () => {
  it('link to the page of this stack, with the id of the email alone', () => {
    expect(variablesOf('mailtrail-ui', '').Alert).toEqual({ EMAIL_PAGE_URL: `${page}?email={emailId}` });
  });

  it('keep the link that the user set', () => {
    expect(variablesOf('mailtrail-ui', 'https://app.example.com/{emailId}').Alert).toBeUndefined();
  });

  it('have no link where there is no page', () => {
    expect(variablesOf('', '').Alert).toBeUndefined();
  });
});

describe('variables of two origins', () => {
  it('are joined for each function, and the second counts', () => {
    const joined = mergedVariables({ Ui: { A: '1', B: '1' } }, { Ui: { B: '2' }, Alert: { C: '2' } });
    expect(joined).toEqual({ Ui: { A: '1', B: '2' }, Alert: { C: '2' } });
  });
});
