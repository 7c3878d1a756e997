import type middy from '@middy/core';
import type { APIGatewayProxyEventV2WithRequestContext } from 'aws-lambda';
import { errorName, type Log } from '../runtime/log.ts';
import { problem } from './problems.ts';
import type { HttpAnswer } from './responses.ts';

/** What every HTTP event has, whoever authorized it. */
type HttpEvent = APIGatewayProxyEventV2WithRequestContext<{ readonly requestId: string; readonly routeKey: string }>;

/**
 * The middy hooks of every HTTP function: each answer carries the request's id, and an error that nobody expected
 * becomes a `fault` log line and a 500 problem without detail.
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
