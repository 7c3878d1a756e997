import { type CanonicalEvent, causes, isProvider, parse, statuses, verify } from 'mailtrail/providers';

/** A webhook on the Fetch API. */
export async function onWebhook(name: string, request: Request, secrets: string[]): Promise<Response> {
  if (!isProvider(name)) return new Response(null, { status: 404 });
  const { method, url, headers } = request;
  const webhook = { method, url, headers, body: new Uint8Array(await request.arrayBuffer()) };
  const proof = await verify(name, webhook, secrets);
  if (!proof.genuine) return new Response(null, { status: 401 });
  const { events, quarantined } = await parse(name, webhook);
  return Response.json({ words: events.map(wordsOf), unreadable: quarantined.map(({ reason }) => reason) });
}

function wordsOf({ status, reason }: CanonicalEvent): string | null {
  if (reason?.cause) return causes[reason.cause].text;
  return status && statuses[status].meaning;
}

// @ts-expect-error: there is no such provider.
void parse('sendgird', { url: '', headers: {}, body: new Uint8Array() });
