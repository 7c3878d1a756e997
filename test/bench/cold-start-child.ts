/** Loads one bundle and calls its handler once, as a cold start does; sends the times in milliseconds. */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [bundle = '', eventFile = ''] = process.argv.slice(2);
const event = JSON.parse(readFileSync(eventFile, 'utf8'));
const url = pathToFileURL(bundle).href;
const begun = performance.now();
const { handler } = await import(url);
const loaded = performance.now();
await handler(event, { awsRequestId: 'cold', getRemainingTimeInMillis: () => 10_000 });
const answered = performance.now();
process.send?.({ init: loaded - begun, total: answered - begun });
process.disconnect?.();
setTimeout(() => process.exit(), 50);
