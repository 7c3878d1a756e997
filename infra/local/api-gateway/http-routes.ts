/** A route of an HTTP API, e.g. `GET /accounts/{accountId}/emails`, `ANY /files/{path+}` or `$default`. */
export interface HttpRoute {
  readonly key: string;
}

export interface RouteMatch<Route> {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/** How a path may match a route's segment, the most specific first. */
const literal = 0;
const parameter = 1;
const greedy = 2;

/**
 * Finds the route of a request. The most specific wins: literal segments before parameters before a greedy parameter,
 * and with the same path the request's own method before ANY; `$default` takes what is left.
 */
export function createRouter<Route extends HttpRoute>(
  routes: readonly Route[],
): (method: string, path: string) => RouteMatch<Route> | null {
  const candidates = routes
    .filter(({ key }) => key !== '$default')
    .map(route => {
      const [method = '', path = ''] = route.key.split(' ');
      const segments = segmentsOf(path).map(text => {
        const [, name, plus] = /^\{(.+?)(\+?)\}$/.exec(text) ?? [];
        return { text, name, kind: name === undefined ? literal : plus === '' ? parameter : greedy };
      });
      // As text, position by position; a longer path is more specific than a greedy one at the same place.
      const rank = `${segments.map(({ kind }) => kind).join('')}${method === 'ANY' ? 'b' : 'a'}`;
      return { route, method, segments, rank };
    })
    .sort((a, b) => (a.rank < b.rank ? -1 : 1));
  const fallback = routes.find(({ key }) => key === '$default');

  return (method, path) => {
    const given = segmentsOf(path);
    for (const { route, method: wanted, segments } of candidates) {
      if (wanted !== 'ANY' && wanted !== method) continue;
      const endsGreedily = segments.at(-1)?.kind === greedy;
      if (endsGreedily ? given.length < segments.length : given.length !== segments.length) continue;
      const pathParameters: Record<string, string> = {};
      const matches = segments.every(({ text, name, kind }, index) => {
        if (kind === literal) return text === given[index];
        const value = kind === greedy ? given.slice(index).join('/') : given[index]!;
        if (value === '') return false;
        pathParameters[name!] = decoded(value);
        return true;
      });
      if (matches) return { route, pathParameters };
    }
    return fallback === undefined ? null : { route: fallback, pathParameters: {} };
  };
}

function segmentsOf(path: string): string[] {
  return path.split('/').slice(1);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
