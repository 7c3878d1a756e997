/** Turns the comments of a module into Markdown, so that the rules of sentences apply to them too. */

import { parse } from '@babel/parser';

/** The comments of a module as Markdown, each on the line where it stands. A tag becomes a list item. */
export function commentsAsMarkdown(source: string): string {
  const lines = source.split('\n').map(() => '');
  const { comments } = parse(source, { sourceType: 'module', plugins: ['typescript'] });
  for (const { value, loc } of comments ?? []) {
    for (const [index, line] of value.split('\n').entries()) {
      const text = line.replace(/^\s*\*?/, '').trim();
      lines[loc!.start.line - 1 + index] = text.replace(/^@param \S+|^@\w+/, '-');
    }
  }
  return lines.join('\n');
}
