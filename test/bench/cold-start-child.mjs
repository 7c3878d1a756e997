// Loads one bundle, calls its handler once as a cold start does, and sends the times and the CPU time in milliseconds. It is plain
// JavaScript and loads nothing else, so that nothing has warmed up the bundle's dependencies.
const [bundle, event] = process.argv.slice(2);
const before = process.cpuUsage();
const begun = performance.now();
const { handler } = await import(bundle);
const loaded = performance.now();
const answer = await handler(JSON.parse(event), { awsRequestId: 'cold', getRemainingTimeInMillis: () => 10_000 });
const answered = performance.now();
const { user, system } = process.cpuUsage(before);
// The time of a refused or failed call says nothing.
if ((answer?.statusCode ?? 200) !== 200 || (answer?.batchItemFailures ?? []).length > 0) {
  throw new Error(`answered ${JSON.stringify(answer)}`);
}
process.send({ init: loaded - begun, total: answered - begun, cpu: (user + system) / 1_000 });
process.disconnect();
// Ends the process despite connections to the stub that are kept alive.
setTimeout(() => process.exit(), 50);
