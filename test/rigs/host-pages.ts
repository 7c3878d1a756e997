import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A page of a host application, and the headers of its answer. */
export interface HostPage {
  readonly html: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The web server of an application that embeds the elements, on an origin of its own. */
export interface HostPages {
  readonly origin: string;
  /** Serves a page, or a script, at a path from now on, and returns its address. */
  serve(path: string, page: HostPage): string;
  stop(): Promise<void>;
}

export async function startHostPages(): Promise<HostPages> {
  const pages = new Map<string, HostPage>();
  const server = createServer((request, response) => {
    const page = pages.get(new URL(request.url ?? '/', 'http://host').pathname);
    const contentType = request.url?.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8';
    response.writeHead(page === undefined ? 404 : 200, { 'content-type': contentType, ...page?.headers });
    response.end(page?.html);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    serve(path, page) {
      pages.set(path, page);
      return `${origin}${path}`;
    },
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
