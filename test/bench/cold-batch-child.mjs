// Loads the bundle in a new process, and sends the CPU milliseconds of each request. It is plain JavaScript and loads
// nothing else, so that nothing has warmed up the bundle's dependencies.
const bundle = process.argv[2];
process.once('message', async requests => {
  const begun = process.cpuUsage();
  const { handler } = await import(bundle);
  const init = msSince(begun);
  const batches = [];
  for (const request of requests) {
    const before = process.cpuUsage();
    const { statusCode } = await handler(request, { awsRequestId: 'cold', getRemainingTimeInMillis: () => 60_000 });
    batches.push(msSince(before));
    if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
  }
  process.send({ init, batches }, () => process.exit());
});

function msSince(before) {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
