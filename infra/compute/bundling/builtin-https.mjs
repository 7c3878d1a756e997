// See builtin-http.mjs.
export default process.getBuiltinModule('node:https');
