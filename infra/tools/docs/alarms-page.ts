import {
  type AlarmFacts,
  alarmsOf,
  alarmsOfAnyListed,
  type CompositeName,
  composites,
  type Explained,
} from '../../monitoring/alarm-table.ts';

export const alarmsPageFile = new URL('../../../docs/alarms.md', import.meta.url);

/** The file whose tests set off every alarm. */
const failures = 'test/infra/alarm-failures.test.ts';

/** The page for operators about every alarm: docs/alarms.md. */
export function alarmsPage(): string {
  const listed = alarmsOfAnyListed();
  const alarms = [...alarmsOf([]), ...listed];
  const membersOf = (composite: CompositeName) => alarms.filter(([, { partOf }]) => partOf === composite);
  const composed = Object.entries<Explained>(composites)
    .map(([name, facts]) => ({ name, facts, members: membersOf(name as CompositeName) }))
    .filter(({ members }) => members.length > 1);
  const named = new Set(composed.flatMap(({ members }) => members));
  const alone = alarms.filter(alarm => !named.has(alarm));
  return `# Alarms

For operators: every alarm, with its impact, the first step, and a failure that sets it off. \`npm run docs\` writes this page from [\`infra/monitoring/alarm-table.ts\`](../infra/monitoring/alarm-table.ts).

- Emails go to the operations topic (output \`OperationsTopicArn\`). A composite alarm sends one for all of its members.
- An email tells of a recovery only where the alarm lasts and ends by itself.
- The setting \`providers\` names the providers in use. Each of them has alarms of its own, such as \`WebhookRefused-postmark\`. Without it, that alarm is about all providers together, and there is no ${[...listed.keys()].map(name => `\`${name}\``).join(' or ')}.
- \`CanaryFailed\` and \`Silence\` also go off without a measurement. After the first deployment they are on until the watch function has run, for five minutes at most.
- The decision behind their number and thresholds is [0009](decisions/0009-fewer-and-truer-alarms.md).

On one machine \`http://127.0.0.1:3000/_local/alarms\` shows the state of each. A test sets off every one of them:

\`\`\`sh
npx vitest run ${failures} -t IngestErrors
\`\`\`

${composed.map(({ name, facts, members }) => compositeSection(name, facts, members)).join('\n')}
## Alarms of their own

${alone.map(([name, facts]) => alarmSection(name, facts)).join('\n')}`;
}

function compositeSection(name: string, facts: Explained, members: readonly (readonly [string, AlarmFacts])[]): string {
  return `## ${name}

- **Goes off** when one of its members does: ${members.map(([member]) => `\`${member}\``).join(', ')}.
${explained(facts)}${recovery(facts)}
${members.map(([member, memberFacts]) => alarmSection(member, memberFacts)).join('\n')}`;
}

function alarmSection(name: string, facts: AlarmFacts): string {
  return `### ${name}

- **Watches** ${facts.measures}.
- **Goes off** ${condition(facts)}.
${explained(facts)}- **Try it**: ${facts.tryIt}
${facts.toldBy === undefined ? '' : `- **Email**: none of its own. ${facts.toldBy}\n`}${facts.partOf === undefined ? recovery(facts) : ''}`;
}

function explained({ impact, whatToDo }: Explained): string {
  return `- **Impact**: ${impact}\n- **First step**: ${whatToDo}\n`;
}

function recovery({ tellsRecovery }: Explained): string {
  return tellsRecovery ? '- An email also tells of the recovery.\n' : '';
}

function condition({ above, minutes, missing, inPeriods: [breaching, of] = [1, 1] }: AlarmFacts): string {
  const within = of === 1 ? `within ${minutes} minutes` : `in ${breaching} of ${of} periods of ${minutes} minutes`;
  return `above ${above.toLocaleString('en')} ${within}${missing ? ', or without a measurement' : ''}`;
}
