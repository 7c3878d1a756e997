import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';
import type { Endpoints } from '../../infra/local/endpoints.ts';

export interface Report {
  readonly type: string;
  readonly timestamp: string;
  readonly data: {
    readonly messageId: string;
    readonly recipient: string | readonly string[];
    readonly accountId: string;
    readonly reason?: { readonly text: string };
    readonly subject?: string;
    readonly resendOf?: string;
  };
}

/**
 * The sending application reports to a running stack.
 *
 * @param secret signs in place of the application's own
 * @returns the status of the answer
 */
export async function reportToStack(
  { url, signingKeysFile }: Pick<Endpoints, 'url' | 'signingKeysFile'>,
  id: string,
  report: Report | readonly Report[],
  secret: string = JSON.parse(readFileSync(signingKeysFile, 'utf8')).app,
): Promise<number> {
  const at = new Date();
  const body = JSON.stringify(report);
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  };
  return (await fetch(`${url}/webhooks/app`, { method: 'POST', headers, body })).status;
}
