import type middy from '@middy/core';
import type { APIGatewayProxyEventV2WithRequestContext } from 'aws-lambda';
import { errorName, type Log } from '../runtime/log.ts';
import { problem } from './problems.ts';
import type { HttpAnswer } from './responses.ts';

/** The members that every HTTP event has, with any authorizer. */
type HttpEvent = APIGatewayProxyEventV2WithRequestContext<{ readonly requestId: string; readonly routeKey: string }>;

/**
 * The middy hooks of every HTTP function. Each answer carries the request's id. An unexpected error becomes a `fault`
 * log line and a 500 problem without detail.
 */
export function httpErrors(log: Log): middy.MiddlewareObj<HttpEvent, HttpAnswer> {
  return {
    name: 'httpErrors',
    after: ({ event, response }) => {
      if (response) response.headers['x-request-id'] = event.requestContext.requestId;
    },
    onError: request => {
      const { requestId, routeKey } = request.event.requestContext;
      log('fault', { requestId, where: routeKey, error: errorName(request.error) });
      request.response = problem('fault', {}, { 'x-request-id': requestId });
    },
  };
}
