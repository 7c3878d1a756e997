import type { Reason } from './event.ts';

/** A reason in words, e.g. `no such user (code 550, enhanced code 5.1.1)`; a code that the text already names is not repeated. */
export function reasonInWords({ text, code, enhancedCode }: Reason): string {
  const codes = [
    ...(code && !text?.includes(code) ? [`code ${code}`] : []),
    ...(enhancedCode && !text?.includes(enhancedCode) ? [`enhanced code ${enhancedCode}`] : []),
  ].join(', ');
  if (text === undefined) return codes;
  return codes === '' ? text : `${text} (${codes})`;
}
