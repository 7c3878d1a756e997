import type { ResolvedTemplate } from '../cloudformation/template.ts';
import type { ServiceEndpoints } from './stack-functions.ts';

/**
 * Environment variables of functions that depend on the address of this machine. Alerts lead to the page, unless there is
 * none, or the user set another one.
 *
 * @param page the address of the page
 * @param operatorLinks the links of the page for operators, as JSON
 */
export function localVariables(template: ResolvedTemplate, page: string, operatorLinks: string): ServiceEndpoints {
  const variables = Object.assign(
    {},
    ...template.ofType('AWS::Lambda::Function').map(({ properties }) => properties.Environment?.Variables),
  ) as Readonly<Record<string, string | undefined>>;
  const isLinked = variables.UI_CLIENT_ID && variables.EMAIL_PAGE_URL === '';
  return {
    Ui: { OPERATOR_LINKS: operatorLinks },
    ...(isLinked && { Alert: { EMAIL_PAGE_URL: `${page}?email={emailId}` } }),
  };
}

/** The variables of both; where both have one, the second counts. */
export function mergedVariables(one: ServiceEndpoints, other: ServiceEndpoints): ServiceEndpoints {
  const names = Object.keys({ ...one, ...other });
  return Object.fromEntries(names.map(name => [name, { ...one[name], ...other[name] }]));
}
