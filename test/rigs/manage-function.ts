import { createErase } from '../../functions/manage/erase.ts';
import { createHandler, type ManageDependencies } from '../../functions/manage/handler.ts';
import type { ApiEvent, VerifiedToken } from '../../shared/http/access.ts';
import type { HttpAnswer } from '../../shared/http/responses.ts';
import type { RouteKey } from '../../shared/http/routes.ts';
import { noon } from './arbitrary-events.ts';
import { bearerOf, httpEvent, lambdaContext } from './http-event.ts';
import { access, managerToken, supportToken } from './query-function.ts';
import type { StoredEmails } from './stored-emails.ts';

export interface ManageCall {
  readonly accountId?: string;
  readonly emailId?: string;
  readonly token?: VerifiedToken;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly isBase64Encoded?: boolean;
}

export interface ManageAnswer extends HttpAnswer {
  // biome-ignore lint/suspicious/noExplicitAny: each test checks the members that it needs
  readonly json: any;
}

/** Returns the manage function. It is called as API Gateway calls it. */
export function manageFunction(dependencies: Partial<ManageDependencies>) {
  const handler = createHandler({
    access,
    now: () => noon,
    log: () => {},
    erase: () => Promise.reject(new Error('no erasure')),
    addNotes: () => Promise.reject(new Error('no notes')),
    ...dependencies,
  });
  return async (
    routeKey: RouteKey,
    { accountId, emailId, token, query = '', headers = {}, body, isBase64Encoded = false }: ManageCall,
  ): Promise<ManageAnswer> => {
    const sent = { ...(token && bearerOf(token.claims)), ...headers };
    const event = {
      ...httpEvent(
        routeKey,
        { ...(accountId !== undefined && { accountId }), ...(emailId !== undefined && { emailId }) },
        sent,
      ),
      rawQueryString: query,
      isBase64Encoded,
      ...(body !== undefined && { body }),
    };
    const requestContext = { ...event.requestContext, ...(token && { authorizer: { jwt: token } }) };
    const answer = await handler({ ...event, requestContext } as ApiEvent, lambdaContext);
    return { ...answer, json: JSON.parse(answer.body ?? '') };
  };
}

/** Erases in real tables, by an account, or by support if null. */
export function erasing(
  emails: Pick<StoredEmails, 'erasureRecords' | 'eraseEmails'>,
  changes: Partial<ManageDependencies> = {},
) {
  const call = manageFunction({ erase: createErase(emails.erasureRecords, emails.eraseEmails), ...changes });
  return (recipient: string, accountId: string | null = null) => {
    const body = JSON.stringify({ recipient });
    return accountId === null
      ? call('POST /erasures', { token: supportToken, body })
      : call('POST /accounts/{accountId}/erasures', { accountId, token: managerToken(accountId), body });
  };
}
