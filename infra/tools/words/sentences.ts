/** Takes Markdown apart into the sentences that a person reads. */

import type { Nodes, Paragraph, PhrasingContent } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { SKIP, visit } from 'unist-util-visit';

export interface Sentence {
  readonly line: number;
  readonly text: string;
  readonly words: number;
}

/** A run of text with its line. `masked` is as long as `text` and has a letter for each character of code. */
interface Piece {
  readonly text: string;
  readonly masked: string;
  readonly line: number;
}

type Block = readonly Piece[];

/** Their full stops end no sentence. */
const abbreviations = /\b(?:e\.g|i\.e|etc|vs|cf|approx|resp|ca|incl|max|min|[Nn]o(?=\. *\d))\./g;

const bySentence = new Intl.Segmenter('en', { granularity: 'sentence' });
const byWord = new Intl.Segmenter('en', { granularity: 'word' });

/** Stands for code and addresses: one word that may begin a sentence. */
const mask = (text: string) => 'X'.repeat(text.length);

const lineOf = (node: Nodes) => node.position?.start.line ?? 1;

const isAddress = (text: string) => /^(?:https?:\/\/|www\.|mailto:)\S+$/.test(text);

/** Replaces comments and tags by blanks, which keeps every other character in its place. */
const withoutTags = (html: string) => html.replace(/<!--[\s\S]*?(?:-->|$)|<[^>]*>/g, tag => tag.replace(/[^\n]/g, ' '));

function piecesOf(node: PhrasingContent): Block {
  const line = lineOf(node);
  switch (node.type) {
    case 'text':
      return [{ text: node.value, masked: isAddress(node.value) ? mask(node.value) : node.value, line }];
    case 'inlineCode':
      return [{ text: node.value, masked: mask(node.value), line }];
    case 'break':
      return [{ text: ' ', masked: ' ', line }];
    default:
      return 'children' in node ? node.children.flatMap(piecesOf) : [];
  }
}

/** Every text that stands alone: a paragraph, a heading, a cell of a table, the words of an image. */
function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  const tree = fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
  visit(tree, node => {
    if (node.type === 'image' || node.type === 'imageReference') {
      if (node.alt) blocks.push([{ text: node.alt, masked: node.alt, line: lineOf(node) }]);
    } else if (node.type === 'paragraph' || node.type === 'heading' || node.type === 'tableCell') {
      blocks.push((node.children as Paragraph['children']).flatMap(piecesOf));
    } else if (node.type === 'html') {
      const text = withoutTags(node.value);
      blocks.push([{ text, masked: text, line: lineOf(node) }]);
      return SKIP;
    }
    return undefined;
  });
  return blocks;
}

/**
 * The text for the segmenter, as long as the one that people read. A line break is a blank. An abbreviation has letters
 * for its full stops. A figure after a full stop begins a sentence as a capital does.
 */
function segmentable(block: Block): string {
  return block
    .map(({ masked }) => masked)
    .join('')
    .replace(/\s/g, ' ')
    .replace(abbreviations, abbreviation => abbreviation.replaceAll('.', 'x'))
    .replace(/(?<=[.!?]['")\]’”]* +)\d/g, 'X');
}

/** Whether a text can begin a sentence. One such as `" or later` goes on with the sentence before it. */
const isBeginning = (text: string) => /^[\s"'“‘([*]*[\p{Lu}\p{N}]/u.test(text);

/** The bounds of the sentences. The segmenter alone would end one at the question mark of `("why?") and then`. */
function boundsOf(text: string): readonly { start: number; end: number }[] {
  const bounds: { start: number; end: number }[] = [];
  for (const { segment, index } of bySentence.segment(text)) {
    const last = bounds.at(-1);
    if (last !== undefined && !isBeginning(segment)) last.end = index + segment.length;
    else bounds.push({ start: index, end: index + segment.length });
  }
  return bounds;
}

const wordsIn = (text: string) => [...byWord.segment(text)].filter(({ isWordLike }) => isWordLike).length;

/** The line of the character at an offset. */
function lineAt(block: Block, offset: number): number {
  let start = 0;
  for (const { text, line } of block) {
    if (offset < start + text.length) return line + text.slice(0, offset - start).split('\n').length - 1;
    start += text.length;
  }
  return block.at(-1)?.line ?? 1;
}

function sentencesIn(block: Block): readonly Sentence[] {
  const text = block.map(piece => piece.text).join('');
  const masked = segmentable(block);
  return boundsOf(masked).flatMap(({ start, end }) => {
    const words = wordsIn(masked.slice(start, end));
    const first = start + (text.slice(start, end).match(/^\s*/)?.[0].length ?? 0);
    return words === 0
      ? []
      : [{ line: lineAt(block, first), text: text.slice(start, end).replace(/\s+/g, ' ').trim(), words }];
  });
}

/** The sentences of a Markdown document in their order. Code and comments are none; inline code counts as one word. */
export function sentencesOf(markdown: string): readonly Sentence[] {
  return blocksOf(markdown).flatMap(sentencesIn);
}
