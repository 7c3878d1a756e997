// The whole of zod in place of its small form, for the plainly bundled function. `extend` is a method there.
export * from 'zod';
export { extend } from 'zod/v4/mini';
