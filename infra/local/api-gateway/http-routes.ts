/** A route of an HTTP API, e.g. `GET /accounts/{accountId}/emails` or `ANY /files/{path+}`. */
export interface HttpRoute {
  readonly key: string;
}

export interface RouteMatch<Route> {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/**
 * The path by which API Gateway routes a request. It is decoded once: `%2F` separates segments, and `%3F` ends the path
 * (fastify/aws-lambda-fastify#169 and honojs/hono#2156 show such events). Null where it cannot be decoded: AWS documents
 * nothing about such paths, so that no function may rely on one.
 */
export function decodedPath(url: string): string | null {
  const [path = ''] = url.split('?');
  try {
    return decodeURIComponent(path).split('?')[0]!;
  } catch {
    return null;
  }
}

/** Kinds of a route's segments, the most specific first. */
const literal = 0;
const parameter = 1;
const greedy = 2;

/**
 * Finds the route of a request. The most specific wins: literal segments before parameters before a greedy parameter,
 * and with the same path the request's own method before ANY.
 */
export function createRouter<Route extends HttpRoute>(
  routes: readonly Route[],
): (method: string, path: string) => RouteMatch<Route> | null {
  const candidates = routes
    .map(route => {
      const [method = '', path = ''] = route.key.split(' ');
      const segments = segmentsOf(path).map(text => {
        const [, name, plus] = /^\{(.+?)(\+?)\}$/.exec(text) ?? [];
        return { text, name, kind: name === undefined ? literal : plus === '' ? parameter : greedy };
      });
      // Compared as text, position by position. A longer path is more specific than a greedy one at the same place.
      const rank = `${segments.map(({ kind }) => kind).join('')}${method === 'ANY' ? 'b' : 'a'}`;
      return { route, method, segments, rank };
    })
    .sort((a, b) => (a.rank < b.rank ? -1 : 1));

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
        pathParameters[name!] = value;
        return value !== '';
      });
      if (matches) return { route, pathParameters };
    }
    return null;
  };
}

function segmentsOf(path: string): string[] {
  return path.split('/').slice(1);
}
