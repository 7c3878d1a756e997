import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { type ConnectionOptions, type Connections, createConnections } from '../../shared/dynamodb/connections.ts';

const answerOf = (body: string, ...headers: string[]) =>
  [`HTTP/1.1 200 OK`, `content-length: ${body.length}`, ...headers, '', body].join('\r\n');
/** Requests in these tests are one letter each. */
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

/** A server that answers each letter as `behave` says, and a pool that calls it. */
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
      for (const letter of data.toString()) {
        arrived.push(`${letter}${connection}`);
        behave(letter, socket, connection);
      }
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

const bodies = (answers: readonly { body: string }[]) => answers.map(({ body }) => body);

describe('a pool of connections', () => {
  it('sends requests one behind the other, and each gets its own answer', async () => {
    const { pool, sockets } = await rig((letter, socket) => socket.write(answerOf(letter)), { connections: 2 });
    const answers = await Promise.all([...'abcdefgh'].map(letter => pool.send(letter)));
    expect(bodies(answers)).toEqual([...'abcdefgh']);
    expect(sockets).toHaveLength(2);
  });

  it('keeps a connection for the next request, and opens no second one while one is free', async () => {
    const { pool, sockets } = await rig((_, socket) => socket.write(ok), { connections: 8 });
    for (const letter of 'abc') await pool.send(letter);
    expect(sockets).toHaveLength(1);
  });

  it('reads an answer that trickles', async () => {
    const { pool } = await rig((_, socket) => void trickle(socket, 1));
    expect(await pool.send('a')).toMatchObject({ status: 200, body: 'ok' });
  });

  it('gives up an answer that trickles for too long', async () => {
    const { pool } = await rig((_, socket) => void trickle(socket, 20), { requestTimeoutMs: 100 });
    await expect(pool.send('a')).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('gives up a hanging request, and sends those behind it on another connection', async () => {
    const { pool, arrived } = await rig(
      (letter, socket, connection) => {
        // Answers come in order, so that none passes the hanging one.
        if (connection > 1) socket.write(answerOf(letter));
      },
      { requestTimeoutMs: 1_000 },
    );
    const [hanging, ...others] = await Promise.allSettled([...'hab'].map(letter => pool.send(letter)));
    expect(hanging).toMatchObject({ status: 'rejected', reason: { name: 'TimeoutError' } });
    expect(others).toMatchObject([{ value: { body: 'a' } }, { value: { body: 'b' } }]);
    expect(arrived.filter(letter => letter.endsWith('2'))).toEqual(['a2', 'b2']);
    expect(await pool.send('c')).toMatchObject({ body: 'c' });
  });

  it('sends a request no third time', async () => {
    const { pool, arrived } = await rig(() => {}, { requestTimeoutMs: 60 });
    const outcomes = await Promise.allSettled([...'abc'].map(letter => pool.send(letter)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    for (const letter of 'abc') expect(arrived.filter(([first]) => first === letter).length).toBeLessThanOrEqual(2);
  });

  it('notices that an idle connection was closed', async () => {
    const { pool, sockets } = await rig((_, socket) => socket.write(ok));
    await pool.send('a');
    sockets[0]!.destroy();
    await delay(20);
    expect(await pool.send('b')).toMatchObject({ body: 'ok' });
    expect(sockets).toHaveLength(2);
  });

  it('sends a request again whose kept connection is closed or reset under it', async () => {
    for (const end of ['destroy', 'resetAndDestroy'] as const) {
      const { pool } = await rig((letter, socket, connection) => {
        if (letter === 'b' && connection === 1) socket[end]();
        else socket.write(answerOf(letter));
      });
      await pool.send('a');
      expect(await pool.send('b')).toMatchObject({ body: 'b' });
    }
  });

  it('rejects a request whose answer is lost on a new connection', async () => {
    const { pool, arrived } = await rig((_, socket) => socket.destroy());
    await expect(pool.send('a')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(arrived).toEqual(['a1']);
  });

  it('rejects a request whose answer ends in the middle', async () => {
    const { pool } = await rig((_, socket) => socket.end(ok.slice(0, -1)));
    await expect(pool.send('a')).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('rejects a request that is answered with no HTTP', async () => {
    const { pool } = await rig((_, socket) => socket.write('220 smtp\r\n\r\n'));
    await expect(pool.send('a')).rejects.toMatchObject({ name: 'UnreadableAnswer' });
  });

  it('serves every request of a server that closes after each answer', async () => {
    const { pool, sockets } = await rig((letter, socket) => {
      if (!socket.writableEnded) socket.end(answerOf(letter, 'connection: close'));
    });
    const answers = await Promise.all([...'abcd'].map(letter => pool.send(letter)));
    expect(bodies(answers)).toEqual([...'abcd']);
    expect(sockets).toHaveLength(4);
  });

  it('takes no answer for a later request that came before it', async () => {
    const { pool, sockets } = await rig((letter, socket) => socket.write(answerOf(letter)));
    await pool.send('a');
    sockets[0]!.write(answerOf('forged'));
    await delay(20);
    expect(await pool.send('b')).toMatchObject({ body: 'b' });
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
    await expect(nowhere.send('a')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await pool.send('a');
    expect(sockets).toHaveLength(1);
  });

  it('gives up a TLS handshake that hangs after the time for a connection', async () => {
    const { pool } = await rig(() => {}, {
      host: 'localhost',
      secure: true,
      connectTimeoutMs: 50,
      requestTimeoutMs: 5_000,
    });
    await expect(pool.send('a')).rejects.toMatchObject({ name: 'TimeoutError' });
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
    await expect(pool.send('a')).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });
});
