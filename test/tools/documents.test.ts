import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Nodes } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { visit } from 'unist-util-visit';
import { describe, expect, it } from 'vitest';
import { config } from '../../infra/config.ts';
import { questions } from '../../infra/monitoring/questions.ts';
import { onCallPage } from '../../infra/tools/docs/on-call-page.ts';
import { metricNames, statusMetrics } from '../../shared/runtime/metric-names.ts';
import { conditions } from '../../shared/watch/conditions.ts';
import { resourcesOf, synthesize } from '../infra/synthesized.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(join(root, file), 'utf8');

const documents = globSync(['*.md', 'docs/**/*.md'], { cwd: root });

const textOf = (node: Nodes): string =>
  'value' in node ? node.value : 'children' in node ? node.children.map(textOf).join('') : '';

/** The anchors of a document's headings on GitHub. */
function anchorsOf(file: string): readonly string[] {
  const anchors: string[] = [];
  visit(fromMarkdown(read(file)), 'heading', heading => {
    const words = textOf(heading).toLowerCase();
    anchors.push(words.replace(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-'));
  });
  return anchors;
}

/** A document's links to files and headings of the repository. */
function linksOf(file: string): readonly { readonly target: string; readonly anchor: string | undefined }[] {
  const links: { target: string; anchor: string | undefined }[] = [];
  visit(fromMarkdown(read(file)), node => {
    if ((node.type !== 'link' && node.type !== 'image') || /^[a-z]+:/.test(node.url)) return;
    const [path, anchor] = node.url.split('#');
    links.push({ target: path === '' ? file : join(dirname(file), path!), anchor });
  });
  return links;
}

describe('the documents', () => {
  it.each(documents)('include %s, whose links all lead to existing files and headings', file => {
    const broken = linksOf(file).filter(
      ({ target, anchor }) =>
        !existsSync(join(root, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor)),
    );
    expect(broken).toEqual([]);
  });

  it('can all be reached from the README', () => {
    const reached = new Set(['README.md']);
    for (const file of reached)
      for (const { target } of linksOf(file))
        if (target.endsWith('.md') && existsSync(join(root, target))) reached.add(target);
    expect(documents.filter(file => !reached.has(file))).toEqual([]);
  });

  it('include a README of at most 150 lines', () => {
    expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(150);
  });
});

/** Every alarm of an installation, which names no provider unless these settings do. */
const alarmNames = (settings = {}) => {
  const template = synthesize(settings);
  return ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'].flatMap(type =>
    [...resourcesOf(template, type).keys()].map(id => id.replace(/^Alarms/, '')),
  );
};

describe('docs/on-call.md', () => {
  const page = read('docs/on-call.md');

  it('says what the alarms say (npm run docs writes it)', () => {
    expect(page).toBe(onCallPage());
  });

  it('has every alarm, and every condition that the watch function tells', () => {
    const headings = [...page.matchAll(/^##+ (\w+)$/gm)].map(([, name]) => name);
    const names = [
      ...alarmNames({
        providers: 'sendgrid',
        ingestConcurrency: 100,
        events: true,
        eventsUrl: 'https://example.com/',
      }),
      ...Object.keys(conditions),
    ];
    expect(headings.sort()).toEqual(names.sort());
  });

  it('answers each question of an operator by a part of the dashboard, a command and log lines', () => {
    for (const { title, command, logLines } of Object.values(questions))
      expect(page).toContain(`| ${title} | ${command} | ${logLines} |`);
  });
});

describe('docs/operating.md', () => {
  const page = read('docs/operating.md');
  /** The cells of the row that begins with this name in backticks. */
  const rowOf = (name: string) => {
    const row = page.split('\n').find(line => line.startsWith('|') && line.split('|')[1]!.includes(`\`${name}\``));
    return row?.split('|').map(cell => cell.replaceAll('`', '').trim());
  };
  const defaults = config.parse({});

  it.each(Object.entries(config.shape).map(([name]) => name as keyof typeof defaults))(
    'has the setting %s and its default',
    name => {
      const value = defaults[name];
      const [, , shown] = rowOf(name) ?? [];
      if (value === undefined) expect(['required', '–', 'none', 'supportEmail']).toContain(shown?.replaceAll('*', ''));
      else expect(shown).toBe(Array.isArray(value) ? 'none' : String(value));
    },
  );

  it('has the number of alarms, and leads to their page', () => {
    const { length } = alarmNames({ providers: 'sendgrid' });
    expect(page).toContain(`${length} alarms`);
    expect(page).toContain('](on-call.md)');
    expect(read('CHANGELOG.md')).toContain(`${length} alarms`);
  });

  it.each(Object.values({ ...metricNames, ...statusMetrics }))('has the metric %s', name => {
    expect(rowOf(name)).toBeDefined();
  });

  it('has every line of the log', () => {
    const lines = [...read('shared/runtime/log.ts').matchAll(/^ {2}'?([a-z.-]+)'?: '(?:INFO|WARN|ERROR)',$/gm)].map(
      ([, name]) => name!,
    );
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.filter(name => !page.includes(`\`${name}\``))).toEqual([]);
  });
});
