import { merge, parse, verify } from 'mailtrail/providers';

const { provider, request: given, secret } = JSON.parse(process.argv[2]);
const request = { ...given, body: Buffer.from(given.body, 'base64') };
const parsed = await parse(provider, request);
console.log(
  JSON.stringify({
    proof: await verify(provider, request, secret),
    changed: await verify(provider, { ...request, body: Buffer.concat([request.body, Buffer.from(' ')]) }, secret),
    parsed,
    verdict: merge(parsed.events),
  }),
);
