// An ESM import of `node:http` reads all its exports, one of which loads undici: some 20 ms of every cold start. The
// functions' imports are redirected here, to only the exports that they use.
const http = process.getBuiltinModule('node:http');

export default http;
export const { STATUS_CODES } = http;
