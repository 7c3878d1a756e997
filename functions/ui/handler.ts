import middy from '@middy/core';
import type { ApiEvent } from '../../shared/http/access.ts';
import { takesCoding } from '../../shared/http/compression.ts';
import { httpErrors } from '../../shared/http/error-middleware.ts';
import { unlessHeld, withEtag } from '../../shared/http/etag.ts';
import { problem } from '../../shared/http/problems.ts';
import type { HttpAnswer } from '../../shared/http/responses.ts';
import type { RouteOf } from '../../shared/http/routes.ts';
import type { Log } from '../../shared/runtime/log.ts';
import { type Coding, codings } from './module-list.ts';
import type { Modules } from './modules.ts';
import { type PageSettings, pageHeaders, pageHtml } from './page.ts';

export interface UiDependencies {
  readonly modules: Modules;
  /** Null if the installation has no page. */
  readonly page: PageSettings | null;
  readonly log: Log;
}

/** The file that hosts embed, which is the loader under a name that stays. */
const loaderFile = 'mailtrail.js';

/** A loader from a cache may be as old as a day: it replaces itself if its modules are gone. */
const loaderCaching = 'public, max-age=300, stale-while-revalidate=86400';
const moduleCaching = 'public, max-age=31536000, immutable';

/** The ui function: serves the elements for host pages, and the page. */
export function createHandler({ modules, page, log }: UiDependencies) {
  const operations: Record<RouteOf<'ui'>, (event: ApiEvent) => HttpAnswer> = {
    'GET /ui': pageAnswer,
    'GET /ui/{file}': event => {
      const file = event.pathParameters?.file ?? '';
      if (file === '') return pageAnswer(event);
      if (file === loaderFile) return moduleAnswer(modules.loader, loaderCaching, event);
      return modules.has(file) ? moduleAnswer(file, moduleCaching, event) : problem('not-found');
    },
  };
  return middy<ApiEvent, HttpAnswer>()
    .use(httpErrors(log))
    .handler(async event => {
      const { requestId, routeKey } = event.requestContext;
      const answer = isUiRoute(routeKey) ? operations[routeKey](event) : problem('not-found');
      log('ui.answered', { requestId, route: routeKey, answer: answer.statusCode });
      return answer;
    });

  function isUiRoute(routeKey: string): routeKey is RouteOf<'ui'> {
    return Object.hasOwn(operations, routeKey);
  }

  function moduleAnswer(name: string, caching: string, { headers }: ApiEvent): HttpAnswer {
    const coding = (Object.keys(codings) as Coding[]).find(one => takesCoding(one, headers['accept-encoding'])) ?? null;
    const answer = {
      statusCode: 200,
      headers: {
        'content-type': 'text/javascript; charset=utf-8',
        'cache-control': caching,
        // The name holds a hash of the content.
        etag: `W/"${name}"`,
        // API Gateway allows one origin in each answer.
        vary: 'accept-encoding, origin',
        'x-content-type-options': 'nosniff',
        ...(coding !== null && { 'content-encoding': coding }),
      },
      body: modules.content(name, coding),
      isBase64Encoded: true,
    };
    return unlessHeld(answer, headers['if-none-match']);
  }

  function pageAnswer({ rawPath, headers }: ApiEvent): HttpAnswer {
    if (page === null) return problem('not-found');
    // Relative to the path, which is below another one if a custom domain maps a path to the API.
    const folder = rawPath.endsWith('/') ? './' : './ui/';
    const body = pageHtml(
      page,
      modules.page.map(name => folder + name),
    );
    return withEtag({ statusCode: 200, headers: pageHeaders(page), body }, headers['if-none-match']);
  }
}
