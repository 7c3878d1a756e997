/** Turns the comments of a module into Markdown, so that the rules of sentences apply to them too. */

import { parse } from '@babel/parser';

/**
 * The comments of a module as Markdown, each on the line where it stands. A tag becomes a list item, and so does a comment
 * behind code: it says nothing about the line below it.
 */
export function commentsAsMarkdown(source: string): string {
  const code = source.split('\n');
  const lines = code.map(() => '');
  const { comments } = parse(source, { sourceType: 'module', plugins: ['typescript'] });
  for (const { value, loc } of comments ?? []) {
    for (const [index, line] of value.split('\n').entries()) {
      const text = line.replace(/^\s*\*?/, '').trim();
      const { line: row, column } = loc!.start;
      const isBehindCode = index === 0 && code[row - 1]!.slice(0, column).trim() !== '';
      lines[row - 1 + index] = isBehindCode ? `- ${text}` : text.replace(/^@param \S+|^@\w+/, '-');
    }
  }
  return lines.join('\n');
}
