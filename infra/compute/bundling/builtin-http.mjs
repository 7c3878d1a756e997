// Importing `node:http` by ESM syntax reads every export of it, one of which loads undici: some 20 ms of every cold
// start. The functions' imports of it are pointed here, which gives them what they use and nothing else.
const http = process.getBuiltinModule('node:http');

export default http;
export const { STATUS_CODES } = http;
