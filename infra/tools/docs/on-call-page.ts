import { type ConditionFacts, conditions } from '../../../shared/watch/conditions.ts';
import {
  type AlarmFacts,
  alarmsOf,
  type CompositeName,
  composites,
  type Explained,
} from '../../monitoring/alarm-table.ts';
import { questions } from '../../monitoring/questions.ts';

export const onCallPageFile = new URL('../../../docs/on-call.md', import.meta.url);

/** The file whose tests set off every alarm. */
const failures = 'test/infra/alarm-failures.test.ts';

/** Stands for the providers, senders or mappings in a headline. */
const subjects = ['…'] as const;

/** The page for whoever is woken by an email: docs/on-call.md. */
export function onCallPage(): string {
  // One provider in use, and every setting that adds an alarm.
  const alarms = [
    ...alarmsOf({ providers: ['app'], ingestConcurrency: 100, events: true, eventsUrl: 'https://example.com/' }),
  ];
  const membersOf = (composite: CompositeName) => alarms.filter(([, { partOf }]) => partOf === composite);
  const composed = Object.entries<Explained>(composites)
    .map(([name, facts]) => ({ name, facts, members: membersOf(name as CompositeName) }))
    .filter(({ members }) => members.length > 1);
  const named = new Set(composed.flatMap(({ members }) => members));
  const alone = alarms.filter(alarm => !named.has(alarm));
  const index = [...composed.flatMap(({ name, facts, members }) => [[name, facts] as const, ...members]), ...alone].map(
    ([name, { impact }]) => `| [${name}](#${name.toLowerCase()}) | ${impact} |`,
  );
  const told = Object.entries<ConditionFacts>(conditions);
  const messages = told.map(
    ([
      name,
      {
        impact,
        headlines: [began],
      },
    ]) => `| [${began(subjects)}](#${name.toLowerCase()}) | ${impact} |`,
  );
  return `# On call

For whoever gets an email at night: how to look, and for each alarm its meaning and the first step. \`npm run docs\` writes this page from [\`infra/monitoring/alarm-table.ts\`](../infra/monitoring/alarm-table.ts) and the tables beside it.

## Look first

1. \`npm run doctor -- --stack Mailtrail\` names each fault that it finds, with its remedy.
2. The dashboard (output \`DashboardUrl\`) answers seven questions from top to bottom. Below each question are its alarms, each with its threshold.
3. \`npm run tail -- --stack Mailtrail\` follows events and alerts, by account, recipient or provider.

| question, and part of the dashboard | command | log lines |
|---|---|---|
${Object.values(questions)
  .map(({ title, command, logLines }) => `| ${title} | ${command} | ${logLines} |`)
  .join('\n')}

On one machine the same commands work without \`--stack\`, and \`http://127.0.0.1:3000/_local/alarms\` shows every alarm.

## Find the email

The name of an alarm contains one of these, as in \`Mailtrail-AlarmsApiErrors1234ABCD-X1\`. A message of the watch function begins with \`Mailtrail:\` and says its condition in words.

| alarm | meaning |
|---|---|
${index.join('\n')}

| message of the watch function | meaning |
|---|---|
${messages.join('\n')}

- Emails go to the operations topic (output \`OperationsTopicArn\`). A composite alarm sends one for all of its members.
- A message of the watch function tells the begin of a condition, and another one its end. In between one reminds every 24 hours, with the same id of the episode.
- \`Silence\` exists where the setting \`providers\` names some, and \`IngestConcurrencyNearCeiling\` where \`ingestConcurrency\` is set.
- \`ChangesUnpublished\` and \`EventsUndelivered\` exist where the settings \`events\` and \`eventsUrl\` are given. With either, \`NotTold\` sends the email of \`AlertsUndelivered\`, too.
- More than ten providers have further alarms such as \`Silence-2\`, and one composite alarm for each kind: \`ProvidersSilent\` and \`WebhooksRefused\`.
- \`CanaryFailed\` and \`Silence\` also go off without a measurement. After the first deployment they are on until the watch function has run, for five minutes at most.
- \`Silence\` probably goes off, too, after a deployment that adds a provider to the list. The new one counts as silent until the watch function has run.
- [Decision 0009](decisions/0009-fewer-and-truer-alarms.md) explains their number and thresholds.

A test sets off every alarm by a failure on the local stack:

\`\`\`sh
npx vitest run ${failures} -t IngestErrors
\`\`\`

${composed.map(({ name, facts, members }) => compositeSection(name, facts, members)).join('\n')}
## Alarms of their own

${alone.map(([name, facts]) => alarmSection(name, facts, facts)).join('\n')}
## Conditions that the watch function tells

${told.map(([name, facts]) => conditionSection(name, facts)).join('\n')}`;
}

function compositeSection(name: string, facts: Explained, members: readonly (readonly [string, AlarmFacts])[]): string {
  return `## ${name}

- **Means**: ${facts.impact}
- **First step**: ${facts.whatToDo}
- **Goes off** when one of its members does: ${members.map(([member]) => `\`${member}\``).join(', ')}.
- **Over** when all of its members are. ${recovery(facts)}

${members.map(([member, memberFacts]) => alarmSection(member, memberFacts, facts)).join('\n')}`;
}

/** @param teller the alarm that sends the email */
function alarmSection(name: string, facts: AlarmFacts, teller: Explained): string {
  const { asks, impact, whatToDo, measures, tryIt, minutes, inPeriods: [, of] = [1, 1] } = facts;
  return `### ${name}

- **Means**: ${impact}
- **First step**: ${whatToDo}
- **Watches** ${measures}.
- **Goes off** ${condition(facts)}. On the dashboard it is below "${questions[asks].title}"
- **Over** within ${of * minutes} minutes after the failure has ended. ${teller === facts ? recovery(facts) : 'The composite alarm tells when all of its members are over.'}
- **Try it**: ${tryIt}
`;
}

function conditionSection(name: string, { headlines: [, ended], ...facts }: ConditionFacts): string {
  return `### ${name}

- **Means**: ${facts.impact}
- **First step**: ${facts.whatToDo}
- **Watches** ${facts.measures}, ${facts.hourly ? 'once an hour' : 'every five minutes'}.
- **Over** when a message says: "Mailtrail: ${ended(subjects)}".
- **Try it**: ${facts.tryIt}
`;
}

function recovery({ tellsRecovery }: Explained): string {
  return tellsRecovery ? 'An email tells.' : 'No email tells: look at its state on the dashboard.';
}

function condition({ above, minutes, missing, inPeriods: [breaching, of] = [1, 1] }: AlarmFacts): string {
  const within = of === 1 ? `within ${minutes} minutes` : `in ${breaching} of ${of} periods of ${minutes} minutes`;
  return `above ${above.toLocaleString('en')} ${within}${missing ? ', or without a measurement' : ''}`;
}
