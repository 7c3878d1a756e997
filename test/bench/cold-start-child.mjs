// Loads one bundle and calls its handler once, as a cold start does; sends the times in milliseconds. Plain JavaScript,
// in which nothing but the bundle is loaded, so that nothing has warmed up what the bundle needs.
const [bundle, event] = process.argv.slice(2);
const begun = performance.now();
const { handler } = await import(bundle);
const loaded = performance.now();
const answer = await handler(JSON.parse(event), { awsRequestId: 'cold', getRemainingTimeInMillis: () => 10_000 });
const answered = performance.now();
// A refusal or a failure is no work worth timing.
if ((answer.statusCode ?? 200) !== 200 || (answer.batchItemFailures ?? []).length > 0) {
  throw new Error(`answered ${JSON.stringify(answer)}`);
}
process.send({ init: loaded - begun, total: answered - begun });
process.disconnect();
// Connections to the stub that are kept alive do not keep the process.
setTimeout(() => process.exit(), 50);
