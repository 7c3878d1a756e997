/** "Try it here" of a provider's page: commands of a shell that send one real event to the stack on this machine. */

import { type ProviderName, providers } from '../../../shared/providers/registry.ts';
import { fixture, fixtureNames, fixtureType, parsedFixture } from '../../../test/fixtures/fixtures.ts';
import { schemes } from '../../../test/fixtures/signing.ts';
import { bodyTypes } from '../../../test/fixtures/signing-scheme.ts';
import { prettyJson } from './pretty-json.ts';

/** The stack's address by default, and its data directory. */
export const localAddress = 'http://127.0.0.1:3000';
const dataDir = '.mailtrail';

/** Statuses that make a good example, the best first. */
const steps = ['delivered', 'sent'] as const;

/** Better examples than those. */
const chosen: Partial<Readonly<Record<ProviderName, string>>> = { app: 'email.enqueued' };

/** The plainest fixture of one event. */
export function exampleOf(name: ProviderName): string {
  const single = fixtureNames(name)
    .toSorted((one, other) => one.length - other.length)
    .filter(fixtureName => {
      const { events, quarantined } = parsedFixture(name, fixtureName);
      return events.length === 1 && quarantined.length === 0 && fixtureType(fixtureName) !== 'query';
    });
  const statusOf = (fixtureName: string) => parsedFixture(name, fixtureName).events[0]!.status;
  const found = steps.flatMap(step => single.filter(fixtureName => statusOf(fixtureName) === step));
  return chosen[name] ?? found[0] ?? single[0]!;
}

/** The commands. Pasted twice on one day, they send the same event twice. */
export function tryIt(name: ProviderName): string {
  const example = exampleOf(name);
  const { secretKind } = providers[name];
  const isKeyPair = secretKind === 'ec-p256' || secretKind === 'rsa' || secretKind === 'sns-topic';
  const file = `${dataDir}/${name}.json`;
  const secret = isKeyPair
    ? `require("./${dataDir}/signing-keys.json").${name}`
    : `require("./${dataDir}/webhook-secrets.json").${name}[0]`;
  const url = `${localAddress}/webhooks/${name}`;
  const type = fixtureType(example);
  const text = fixture(name, example).toString();
  const isForm = type === 'form';
  const { lines = [], query = '', options = [], body } = schemes[name].shell({ file, secret, url });
  const event = dated(isForm ? formOptions(text) : heredoc(file, prettyJson(text)));
  const request = [
    `curl "${url}${query}"`,
    ...options,
    ...(isForm || body?.startsWith('--data-urlencode') ? [] : [`-H 'content-type: ${bodyTypes[type]}'`]),
    ...(isForm ? [event] : [body ?? `--data-binary @${file}`]),
  ].join(' \\\n  ');
  const commands = [...(isForm ? [] : [event]), ...lines, request];
  return [...dayLines(commands.join('\n')), ...commands].join('\n');
}

/** Writes the event into a file. The shell puts the values of its variables in. */
function heredoc(file: string, json: string): string {
  return `cat > ${file} <<EOF\n${json.replace(/[$`]|\\(?=[$`\\])/g, '\\$&')}\nEOF`;
}

function formOptions(form: string): string {
  return [...new URLSearchParams(form)].map(([name, value]) => `--data-urlencode "${name}=${value}"`).join(' \\\n  ');
}

/** The day of the fixtures, and its noon as unix time. */
const fixtureDay = '2026-01-02';
const noon = Date.UTC(2026, 0, 2, 12) / 1000;

/**
 * Puts yesterday in place of the fixtures' day. So the event is never older than emails are kept, and its time stays
 * the same all day.
 */
function dated(text: string): string {
  return text
    .replaceAll(fixtureDay, `\${YESTERDAY}`)
    .replaceAll('1/2/2026', '$US_DATE')
    .replace(/\b17673\d{5}(?=\b|\d{3}\b)/g, seconds => {
      const after = Number(seconds) - noon;
      if (after === 0) return `\${NOON}`;
      return `$((NOON ${after < 0 ? '-' : '+'} ${Math.abs(after)}))`;
    });
}

/** Sets the variables that the commands use. */
function dayLines(commands: string): string[] {
  const lines = {
    YESTERDAY: `YESTERDAY=$(node -p 'new Date(Date.now() - 864e5).toISOString().slice(0, 10)')`,
    US_DATE: `US_DATE=$(node -p 'new Date(Date.now() - 864e5).toLocaleDateString("en-US", { timeZone: "UTC" })')`,
    NOON: `NOON=$(node -p 'new Date(Date.now() - 864e5).setUTCHours(12, 0, 0, 0) / 1000')`,
  };
  return Object.entries(lines).flatMap(([variable, line]) => (commands.includes(variable) ? [line] : []));
}
