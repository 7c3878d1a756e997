import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take longest, longest first. A fresh clone has no times of an earlier run to order them by. */
const longest = [
  'torture/torture',
  'local/stack',
  'email/recorder',
  'ui/appearance',
  'ui/list',
  'ui/sign-in',
  'ui/list-pages',
  'ui/list-support',
  'ui/detail',
  'providers/contract',
  'infra/alarm-failures',
  'watch/watched-stack',
  'tools/doctor',
  'ingest/failing-calls',
  'model/write-protocol',
  'tools/demo',
  'hazards/json',
  'hazards/fields',
  'manage/outage',
  'tools/replay',
  'tools/cost',
  'tools/tail',
  'local/stream-mapping',
  'api/fuzz-api',
];

const rankOf = ({ moduleId }: TestSpecification): number => {
  const rank = longest.findIndex(name => moduleId.endsWith(`/test/${name}.test.ts`));
  return rank === -1 ? longest.length : rank;
};

/** Starts the files that take longest first, so that no worker has one of them alone at the end. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((one, other) => rankOf(one) - rankOf(other));
  }
}
