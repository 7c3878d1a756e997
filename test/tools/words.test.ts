import { describe, expect, it } from 'vitest';
import { commentsAsMarkdown } from '../../infra/tools/words/comments.ts';
import { faultsOf } from '../../infra/tools/words/rules.ts';
import { sentencesOf } from '../../infra/tools/words/sentences.ts';

const texts = (markdown: string) => sentencesOf(markdown).map(({ text }) => text);
const counts = (markdown: string) => sentencesOf(markdown).map(({ words }) => words);
const faults = (markdown: string) => faultsOf(markdown).faults.map(({ fault }) => fault);

/** Makes a sentence of so many words. */
const sentence = (words: number) => `Send${' it'.repeat(words - 1)}.`;

describe('a sentence', () => {
  it.each([
    ['goes on over a line break', 'An email is\nrecorded. Twice.', ['An email is recorded.', 'Twice.']],
    [
      'goes on after an abbreviation',
      'Use a tool, e.g. Redoc, i.e. `redocly`. Then wait.',
      ['Use a tool, e.g. Redoc, i.e. redocly.', 'Then wait.'],
    ],
    ['goes on after the number of a thing', 'See no. 5 of the list.', ['See no. 5 of the list.']],
    [
      'goes on after a quoted question',
      'They ask "did you send it?" and wait.',
      ['They ask "did you send it?" and wait.'],
    ],
    ['goes on after a file name', 'Install Node.js from nodejs.org now.', ['Install Node.js from nodejs.org now.']],
    ['may begin with code', 'It stops. `npm start` starts it.', ['It stops.', 'npm start starts it.']],
    ['may begin with a figure', 'It took 5 s. 36 came twice.', ['It took 5 s.', '36 came twice.']],
    [
      'may begin within brackets',
      'It stops. (Nobody asked.) It starts.',
      ['It stops.', '(Nobody asked.)', 'It starts.'],
    ],
    ['may be bold, a link or struck out', '**It stops.** [It](x.md) ~~ends~~.', ['It stops.', 'It ends.']],
    ['ends with its paragraph', 'It stops\n\nIt starts', ['It stops', 'It starts']],
    ['ends with its heading', '# The end\nIt stops', ['The end', 'It stops']],
    ['ends with its list item', '1. It stops\n2. It starts\n   - again', ['It stops', 'It starts', 'again']],
    ['ends with its cell of a table', '| where | when |\n|---|---|\n| here | now |', ['where', 'when', 'here', 'now']],
    [
      'may stand in a quotation or a footnote',
      '> It stops.\n\nIt starts.[^1]\n\n[^1]: Again.',
      ['It stops.', 'It starts.', 'Again.'],
    ],
    [
      'may stand in HTML',
      '<details><summary>It stops.</summary>\n\nIt starts.\n\n</details>',
      ['It stops.', 'It starts.'],
    ],
    ['may describe an image', '![A list of emails.](list.png)', ['A list of emails.']],
  ])('%s', (_, markdown, expected) => {
    expect(texts(markdown)).toEqual(expected);
  });

  it.each([
    ['a block of code', '```sh\nIt stops.\n```'],
    ['a comment', '<!-- It\n\nstops. -->'],
    ['a comment within a paragraph', '<b><!-- It stops. --></b>'],
    ['a rule', '---'],
    ['an arrow', '→'],
  ])('is not read out of %s', (_, markdown) => {
    expect(texts(markdown)).toEqual([]);
  });

  it('has its line, also within a paragraph and a table', () => {
    const markdown = '# One\n\nTwo is\nlong. Three.\nFour.\n\n| Five |\n|---|\n| Six |\n';
    expect(sentencesOf(markdown).map(({ line }) => line)).toEqual([1, 3, 4, 5, 7, 9]);
  });
});

describe('the number of words', () => {
  it.each([
    ['counts inline code as one', 'Run `npm run words -- docs/api.md` first.', 3],
    ['counts an address as one', 'See https://example.com/a-b?c=d e.', 3],
    ['counts the text of a link and not its target', '[Two words](https://example.com/a/b/c).', 2],
    ['counts a figure as one', 'It sent 30,000.5 emails.', 4],
    ['counts a word with an apostrophe as one', "The provider's emails don't count.", 5],
    ['counts neither dashes nor arrows', 'Servers → yours – now.', 3],
  ])('%s', (_, markdown, expected) => {
    expect(counts(markdown)).toEqual([expected]);
  });
});

describe('the rules of sentences', () => {
  it('allow at most 25 words', () => {
    expect(faults(sentence(25))).toEqual([]);
    expect(faults(sentence(26))).toEqual(['26 words']);
  });

  it('find a long sentence despite an abbreviation, a line break and code', () => {
    const half = 'it '.repeat(12);
    expect(faults(`Send ${half} e.g. \`x.y.\`\n${half}.`)).toEqual(['27 words']);
  });

  it.each([
    'What cannot be recorded is queued.',
    'What’s recorded stays.',
    '# What its events become',
    '- what an erasure reaches',
    '**What waits** is dropped.',
    'The queue: What cannot be recorded is queued.',
    'It stops. "What waits" is dropped.',
  ])('refuse a "What" that stands for a noun: %s', markdown => {
    expect(faults(markdown)).toEqual(['begins with "What"']);
  });

  it.each([
    'What does it cost?',
    '- "What does it cost?"',
    '| what |\n|---|\n| Whatever comes. |',
    'It says what it does.',
  ])('allow a question, the head of a column and a "what" within a sentence: %s', markdown => {
    expect(faults(markdown)).toEqual([]);
  });

  it('report the line of a fault and the number of sentences', () => {
    expect(faultsOf('It stops.\n\nWhat waits stays.')).toEqual({
      sentences: 2,
      faults: [{ line: 3, fault: 'begins with "What"', text: 'What waits stays.' }],
    });
  });
});

describe('the comments of a module', () => {
  const read = (source: string) => sentencesOf(commentsAsMarkdown(source)).map(({ line, text }) => ({ line, text }));

  it('are read, and its code, texts and patterns are not', () => {
    const source = [
      "import { it } from 'vitest';",
      '// It stops.',
      "const path = 'https://example.com/* no comment */'; // It starts.",
      `const pattern = /[/*]/; const title = \`// \${path /* It ends. */} no comment\`;`,
      'export type Both = typeof path & typeof pattern & typeof title;',
    ].join('\n');
    expect(read(source)).toEqual([
      { line: 2, text: 'It stops.' },
      { line: 3, text: 'It starts.' },
      { line: 4, text: 'It ends.' },
    ]);
  });

  it('have sentences over several lines, which end where code follows', () => {
    const source = '/**\n * It goes\n * on.\n *\n * It stops\n */\nlet a;\n// It starts\n// again\nlet b;\n// Twice';
    expect(read(source)).toEqual([
      { line: 2, text: 'It goes on.' },
      { line: 5, text: 'It stops' },
      { line: 8, text: 'It starts again' },
      { line: 11, text: 'Twice' },
    ]);
  });

  it('have tags, whose texts are sentences without the name of the tag', () => {
    const source = '/**\n * It stops.\n *\n * @param at in milliseconds\n * @returns what it found\n */\nlet a;';
    expect(read(source)).toEqual([
      { line: 2, text: 'It stops.' },
      { line: 4, text: 'in milliseconds' },
      { line: 5, text: 'what it found' },
    ]);
    expect(faultsOf(commentsAsMarkdown(source)).faults).toMatchObject([{ line: 5, fault: 'begins with "What"' }]);
  });
});
