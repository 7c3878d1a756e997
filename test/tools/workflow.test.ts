import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

interface Step {
  readonly uses?: string;
  readonly run?: string;
}

interface Job {
  readonly if: string;
  readonly 'timeout-minutes': number;
  readonly strategy: { readonly matrix: Readonly<Record<string, readonly string[]>> };
  readonly steps: readonly Step[];
}

const workflow = parse(read('.github/workflows/ci.yml')) as {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
};
const { check, nightly } = workflow.jobs as { check: Job; nightly: Job };
const runs = ({ steps }: Job) => steps.flatMap(({ run }) => run ?? []);

it('a push and a pull request are checked on the lowest Node.js promised and on that of .nvmrc', () => {
  const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
  expect(Object.keys(workflow.on)).toEqual(expect.arrayContaining(['push', 'pull_request', 'schedule']));
  expect(check.strategy.matrix.node).toEqual([engines.node.replace('>=', ''), read('.nvmrc').trim()]);
  expect(runs(check)).toEqual(expect.arrayContaining(['npm ci', 'npm run check']));
});

it('a push is checked with the Node.js of its matrix, and not with the one that npm ci brings', () => {
  const [removal, test] = ['rm -f node_modules/.bin/node', 'npm run check'].map(command =>
    runs(check).indexOf(command),
  );
  expect(removal).toBeGreaterThan(runs(check).indexOf('npm ci'));
  expect(removal).toBeLessThan(test!);
});

it('the large property runs and the mutations are tested every night', () => {
  expect(nightly.if).toContain("github.event_name == 'schedule'");
  expect(nightly.strategy.matrix.script).toEqual(['prove', 'mutate']);
  expect(runs(nightly).at(-1)).toMatch(/^npm run \$\{\{ matrix\.script \}\}$/);
});

it('the workflow reads the repository and nothing else, with actions of one exact version', () => {
  expect(workflow.permissions).toEqual({ contents: 'read' });
  const actions = [check, nightly].flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? []));
  for (const action of actions) expect(action).toMatch(/^actions\/[a-z-]+@v\d+\.\d+\.\d+$/);
  for (const job of [check, nightly]) expect(job['timeout-minutes']).toBeGreaterThan(0);
});

it('the update bot looks after npm packages and actions', () => {
  const { updates } = parse(read('.github/dependabot.yml')) as { updates: { 'package-ecosystem': string }[] };
  expect(updates.map(update => update['package-ecosystem'])).toEqual(['npm', 'github-actions']);
});
