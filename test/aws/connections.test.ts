import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { type ConnectionOptions, type Connections, createConnections } from '../../shared/aws/connections.ts';
import { createJsonCall } from '../../shared/aws/json-calls.ts';

const answerOf = (body: string, ...headers: string[]) =>
  [`HTTP/1.1 200 OK`, `content-length: ${body.length}`, ...headers, '', body].join('\r\n');
const ok = answerOf('ok');

interface Rig {
  readonly pool: Connections;
  /** Every letter that arrived, with the number of its connection from 1 on. */
  readonly arrived: string[];
  readonly sockets: Socket[];
}

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}

/** A server that answers each letter, the body of a request, as `behave` says, and a pool that calls it. */
async function rig(
  behave: (letter: string, socket: Socket, connection: number) => void,
  options: Partial<ConnectionOptions> = {},
): Promise<Rig> {
  const arrived: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer(socket => {
    const connection = sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', data => {
      const letter = data.toString().at(-1)!;
      arrived.push(`${letter}${connection}`);
      behave(letter, socket, connection);
    });
  });
  const port = await listening(server);
  const pool = createConnections({
    host: '127.0.0.1',
    port,
    secure: false,
    connections: 1,
    // A busy machine is no fault of the server's.
    connectTimeoutMs: 15_000,
    requestTimeoutMs: 15_000,
    ...options,
  });
  stops.push(async () => {
    pool.close();
    for (const socket of sockets) socket.destroy();
    await new Promise(resolve => server.close(resolve));
  });
  return { pool, arrived, sockets };
}

async function trickle(socket: Socket, pauseMs: number): Promise<void> {
  for (const character of ok) {
    socket.write(character);
    await delay(pauseMs);
  }
}

const post = (pool: Connections, letter: string) => pool.post(['content-length', '1'], letter);

const bodies = (answers: readonly { body: string }[]) => answers.map(({ body }) => body);

describe('a pool of connections', () => {
  it('gives each request its own answer, on so many connections at most', async () => {
    const { pool, sockets } = await rig((letter, socket) => socket.write(answerOf(letter)), { connections: 2 });
    const answers = await Promise.all([...'abcdefgh'].map(letter => post(pool, letter)));
    expect(bodies(answers)).toEqual([...'abcdefgh']);
    expect(sockets).toHaveLength(2);
  });

  it('gives up a hanging request, and sends the next one on another connection', async () => {
    const { pool, arrived } = await rig((letter, socket) => {
      if (letter !== 'h') socket.write(answerOf(letter));
    });
    const hanging = post(pool, 'h');
    await expect(hanging).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(await post(pool, 'a')).toMatchObject({ body: 'a' });
    expect(arrived).toEqual(['h1', 'a2']);
  });

  it('does not count the wait for a connection', async () => {
    const { pool } = await rig((letter, socket) => void delay(400).then(() => socket.write(answerOf(letter))));
    const answers = await Promise.all([...'abcd'].map(letter => post(pool, letter)));
    expect(bodies(answers)).toEqual([...'abcd']);
  });

  it('takes no kept connection again once one was closed', async () => {
    const { pool, arrived } = await rig(
      (letter, socket, connection) => {
        if (letter === 'z' && connection <= 4) socket.resetAndDestroy();
        else socket.write(answerOf(letter));
      },
      { connections: 4 },
    );
    await Promise.all([...'abcd'].map(letter => post(pool, letter)));
    expect(await post(pool, 'z')).toMatchObject({ body: 'z' });
    expect(arrived.filter(letter => letter.startsWith('z'))).toHaveLength(2);
  });

  it('reads an answer that came while the process stood still', async () => {
    const { pool } = await rig(
      (letter, socket) => {
        socket.write(answerOf(letter));
        for (const until = performance.now() + 300; performance.now() < until; );
      },
      { requestTimeoutMs: 100 },
    );
    expect(await post(pool, 'a')).toMatchObject({ body: 'a' });
  });

  it('reaches an address of IPv6 that a URL names', async () => {
    const server = createServer(socket => socket.once('data', () => socket.end(answerOf('ok'))));
    await new Promise<void>(resolve => server.listen(0, '::1', resolve));
    stops.push(() => new Promise(resolve => server.close(resolve)));
    const { port } = server.address() as { port: number };
    const call = createJsonCall({
      endpoint: new URL(`http://[::1]:${port}`),
      region: 'us-east-1',
      service: 'dynamodb',
      version: '1.0',
      connections: 1,
      connectTimeoutMs: 1_000,
      requestTimeoutMs: 1_000,
    });
    expect(await call('t', {}, { accessKeyId: 'a', secretAccessKey: 'b' })).toMatchObject({ body: 'ok' });
  });

  it('sends a request no third time', async () => {
    const { pool, arrived } = await rig((letter, socket) => {
      if (letter === 'b') socket.destroy();
      else socket.write(answerOf(letter));
    });
    await post(pool, 'a');
    await expect(post(pool, 'b')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(arrived).toEqual(['a1', 'b1', 'b2']);
  });

  it('keeps a connection for the next request, and opens no second one while one is free', async () => {
    const { pool, sockets } = await rig((_, socket) => socket.write(ok), { connections: 8 });
    for (const letter of 'abc') await post(pool, letter);
    expect(sockets).toHaveLength(1);
  });

  it('reads an answer that trickles', async () => {
    const { pool } = await rig((_, socket) => void trickle(socket, 1), { requestTimeoutMs: 5_000 });
    expect(await post(pool, 'a')).toMatchObject({ status: 200, body: 'ok' });
  });

  it('gives up an answer that trickles for too long', async () => {
    const { pool } = await rig((_, socket) => void trickle(socket, 20), { requestTimeoutMs: 100 });
    await expect(post(pool, 'a')).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('notices that an idle connection was closed', async () => {
    const { pool, sockets } = await rig((_, socket) => socket.write(ok));
    await post(pool, 'a');
    sockets[0]!.destroy();
    await delay(20);
    expect(await post(pool, 'b')).toMatchObject({ body: 'ok' });
    expect(sockets).toHaveLength(2);
  });

  it('sends a request again whose kept connection is closed or reset under it', async () => {
    for (const end of ['destroy', 'resetAndDestroy'] as const) {
      const { pool } = await rig((letter, socket, connection) => {
        if (letter === 'b' && connection === 1) socket[end]();
        else socket.write(answerOf(letter));
      });
      await post(pool, 'a');
      expect(await post(pool, 'b')).toMatchObject({ body: 'b' });
    }
  });

  it('rejects a request whose answer is lost on a new connection', async () => {
    const { pool, arrived } = await rig((_, socket) => socket.destroy());
    await expect(post(pool, 'a')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(arrived).toEqual(['a1']);
  });

  it('rejects a request whose answer ends in the middle', async () => {
    const { pool } = await rig((_, socket) => socket.end(ok.slice(0, -1)));
    await expect(post(pool, 'a')).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('rejects a request that is answered with no HTTP', async () => {
    const { pool } = await rig((_, socket) => socket.write('220 smtp\r\n\r\n'));
    await expect(post(pool, 'a')).rejects.toMatchObject({ code: 'HPE_INVALID_CONSTANT' });
  });

  it('serves every request of a server that closes after each answer', async () => {
    const { pool, sockets } = await rig((letter, socket) => {
      if (!socket.writableEnded) socket.end(answerOf(letter, 'connection: close'));
    });
    const answers = await Promise.all([...'abcd'].map(letter => post(pool, letter)));
    expect(bodies(answers)).toEqual([...'abcd']);
    expect(sockets).toHaveLength(4);
  });

  it('rejects where nothing listens, and recovers', async () => {
    const { pool, sockets } = await rig((_, socket) => socket.write(ok));
    const nowhere = createConnections({
      host: '127.0.0.1',
      port: 1,
      secure: false,
      connections: 1,
      connectTimeoutMs: 100,
      requestTimeoutMs: 100,
    });
    await expect(post(nowhere, 'a')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await post(pool, 'a');
    expect(sockets).toHaveLength(1);
  });

  it('gives up a TLS handshake that hangs after the time for a connection', async () => {
    const { pool } = await rig(() => {}, {
      host: 'localhost',
      secure: true,
      connectTimeoutMs: 50,
      requestTimeoutMs: 5_000,
    });
    await expect(post(pool, 'a')).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('trusts no certificate that nobody vouches for', async () => {
    const { generate } = await import('selfsigned');
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }]);
    const server = createTlsServer({ key, cert }, socket => socket.on('error', () => {}));
    server.on('tlsClientError', () => {});
    const port = await listening(server);
    stops.push(() => new Promise(resolve => server.close(resolve)));
    const pool = createConnections({
      host: 'localhost',
      port,
      secure: true,
      connections: 1,
      connectTimeoutMs: 2_000,
      requestTimeoutMs: 2_000,
    });
    await expect(post(pool, 'a')).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });
});
