/** Signs calls with AWS Signature Version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */

import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface SignedScope {
  readonly region: string;
  readonly service: string;
}

/** A POST request to the root of a host. */
export interface UnsignedCall {
  readonly host: string;
  /** Value of the header `x-amz-target`. */
  readonly target: string;
  readonly contentType: string;
  readonly body: string;
}

/** Returns the headers to add to a call: names and values in turn. */
export type Sign = (call: UnsignedCall, credentials: Credentials, now: number) => readonly string[];

/** A signing key holds for a day and for the credentials. Deriving it costs four of the five HMACs of a signature. */
interface SigningKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly date: string;
  /** An HMAC with bytes as its key takes five times as long: it makes such an object each time. */
  readonly key: KeyObject;
}

export function createSigner({ region, service }: SignedScope): Sign {
  let known: SigningKey | null = null;
  let second = Number.NaN;
  let time = '';
  return ({ host, target, contentType, body }, { accessKeyId, secretAccessKey, sessionToken }, now) => {
    const nowSecond = Math.floor(now / 1000);
    if (nowSecond !== second) {
      second = nowSecond;
      time = basicTime(now);
    }
    const date = time.slice(0, 8);
    if (known?.date !== date || known.secretAccessKey !== secretAccessKey || known.accessKeyId !== accessKeyId) {
      const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
      known = { accessKeyId, secretAccessKey, date, key: createSecretKey(key as Buffer) };
    }
    const tokenLine = sessionToken === undefined ? '' : `x-amz-security-token:${sessionToken}\n`;
    const signed = `content-type;host;x-amz-date;${sessionToken === undefined ? '' : 'x-amz-security-token;'}x-amz-target`;
    const canonical = `POST\n/\n\ncontent-type:${contentType}\nhost:${host}\nx-amz-date:${time}\n${tokenLine}x-amz-target:${target}\n\n${signed}\n${hash('sha256', body)}`;
    const scope = `${date}/${region}/${service}/aws4_request`;
    const text = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash('sha256', canonical)}`;
    const signature = createHmac('sha256', known.key).update(text).digest('hex');
    return [
      ...['x-amz-date', time, ...(sessionToken === undefined ? [] : ['x-amz-security-token', sessionToken])],
      'authorization',
      `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`,
    ];
  };
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** ISO-8601's basic format, e.g. `20261124T180200Z`. */
function basicTime(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}
