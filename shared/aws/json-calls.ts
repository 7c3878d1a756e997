/** Signed calls of AWS's JSON protocol, without an SDK. https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html */

import { type ConnectionOptions, createConnections, type ServiceAnswer } from './connections.ts';
import { type Credentials, createSigner } from './signature.ts';

export interface JsonService extends Pick<ConnectionOptions, 'connections' | 'connectTimeoutMs' | 'requestTimeoutMs'> {
  readonly endpoint: URL;
  readonly region: string;
  /** As signatures name it. */
  readonly service: string;
  readonly version: '1.0' | '1.1';
}

/**
 * Calls an operation, and resolves with the answer, whatever its status. Rejects with the error of a connection. A call
 * may be sent twice (connections.ts).
 *
 * @param target the operation as the header `x-amz-target` names it
 */
export type JsonCall = (target: string, input: object, credentials: Credentials) => Promise<ServiceAnswer>;

export function createJsonCall({ endpoint, region, service, version, ...options }: JsonService): JsonCall {
  const { protocol, hostname, host, port } = endpoint;
  const secure = protocol === 'https:';
  const { post } = createConnections({
    // Brackets belong to a URL, and not to an address of IPv6.
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port) || (secure ? 443 : 80),
    secure,
    ...options,
  });
  const sign = createSigner({ region, service });
  const contentType = `application/x-amz-json-${version}`;
  return (target, input, credentials) => {
    const body = JSON.stringify(input);
    return post(
      [
        ...['host', host, 'content-type', contentType, 'content-length', String(Buffer.byteLength(body))],
        ...['x-amz-target', target, ...sign({ host, target, contentType, body }, credentials, Date.now())],
      ],
      body,
    );
  };
}
