import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { problem } from '../../shared/http/problems.ts';
import type { HttpAnswer } from '../../shared/http/responses.ts';
import type { ProviderRequest } from '../../shared/providers/provider.ts';

/** A larger body cannot reach a Lambda function in one piece. */
const maxBodyBytes = 6 * 1024 * 1024;

/** The call as the adapters take it, byte for byte, or the answer that refuses it. */
export function providerRequestIn(
  { body: text, isBase64Encoded, headers, rawPath, rawQueryString, requestContext }: APIGatewayProxyEventV2,
  receivedAt: number,
): ProviderRequest | HttpAnswer {
  const body = Buffer.from(text ?? '', isBase64Encoded ? 'base64' : 'utf8');
  if (body.length > maxBodyBytes) return problem('too-large');
  const inLowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  // No provider compresses, and inflating an unproven body could exhaust memory.
  if (inLowerCase.some(([name, value = '']) => name === 'content-encoding' && !/^(identity)?$/i.test(value.trim()))) {
    return problem('unsupported-encoding', {}, { 'accept-encoding': 'identity' });
  }
  const query = rawQueryString === '' ? '' : `?${rawQueryString}`;
  return {
    method: requestContext.http.method,
    url: `https://${requestContext.domainName}${rawPath}${query}`,
    headers: Object.fromEntries(inLowerCase),
    body,
    receivedAt,
  };
}
