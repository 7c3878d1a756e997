import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { ProviderName } from '../../../shared/providers/registry.ts';
import { providers } from '../../../shared/providers/registry.ts';
import { forEachConcurrently } from '../../../shared/runtime/concurrency.ts';
import { day, isoText } from '../../../shared/runtime/time.ts';
import { readAssembly } from '../../local/cloudformation/assembly.ts';
import { type ResolvedTemplate, resolveTemplate, type Template } from '../../local/cloudformation/template.ts';
import { localClient } from '../../local/issuer/local-client.ts';
import { type RunningStack, runStack } from '../../local/run-stack.ts';
import { depthOf } from '../../local/services/queue-depth.ts';
import { StartError } from '../../local/start-error.ts';
import { requestsOf, type SimulatedRequest } from '../simulate/requests.ts';
import { runningStack } from '../simulate/running-stack.ts';
import { type Round, roundsOf } from './lives.ts';
import { type StoredTable, storedSince, storedTables } from './stored.ts';
import { createUsageCounter, type Usage } from './usage.ts';

/** A local run, counted. */
export interface Measured {
  readonly template: ResolvedTemplate;
  readonly provider: ProviderName;
  readonly emails: number;
  /** The events of all emails; registrations by the sender are events, too. */
  readonly events: number;
  readonly failures: number;
  /** The use by the emails. */
  readonly used: Usage;
  /** The items that the emails left. */
  readonly stored: readonly StoredTable[];
  /** The use by the runs of scheduled functions while nothing else happens. */
  readonly idle: Usage;
  readonly idleRuns: number;
  /** The use by calls that nobody signed. */
  readonly refused: Usage;
  readonly refusedCalls: number;
}

export interface MeasureOptions {
  readonly provider: ProviderName;
  /** The emails that are sent here. */
  readonly emails: number;
  readonly failures: number;
  /** How often each email is opened, in place of five events in all. */
  readonly opens?: number | undefined;
  readonly eventsPerCall: number;
  /** The cloud assembly with the settings of the deployment. */
  readonly assembly: string;
  readonly idleRuns?: number;
  readonly refusedCalls?: number;
  readonly onProgress?: (line: string) => void;
}

/** An hour of a function that runs every five minutes. */
const usualIdleRuns = 12;
const requestsInFlight = 3;
/** So many that the sampling of their log lines shows. */
const usualRefusedCalls = 300;
const maxQuietWaitMs = 180_000;
/** Longer than the shortened windows of batches, and than the pace of letters. */
const quietMs = 4_000;

/** The gateway counts a longer request as several. */
const gatewayBytes = 512 * 1024;

/** Runs a stack on this machine with temporary data, sends the lives of emails through it, and counts. */
export async function measure(options: MeasureOptions): Promise<Measured> {
  const { provider, emails, failures, opens, assembly, onProgress = () => {} } = options;
  const { idleRuns = usualIdleRuns, refusedCalls = usualRefusedCalls } = options;
  const dataDir = mkdtempSync(join(tmpdir(), 'mailtrail-cost-'));
  const counter = createUsageCounter();
  try {
    const template = templateIn(assembly);
    const faults: string[] = [];
    const stack = await runStack({
      port: 0,
      dataDir,
      providers,
      assembly,
      maxBatchingWindowSeconds: 1,
      secondsBetweenDigests: 1,
      metered: true,
      onInvoked: counter.invoked,
      onStep: onProgress,
      onAnswer: counter.answered,
      onEvent: counter.published,
      // No other machine hears of emails that are none.
      deliversEvents: false,
      onFault: line => faults.push(line),
      onInboxMessage: () => {},
    });
    try {
      const functionsOnSchedule = scheduledFunctions(template);
      let days = 0;
      const run = async () => {
        // A digest is told once a day, and its runs are counted by the day.
        const time = isoText(Date.now() + days * day);
        days += 1;
        for (const name of functionsOnSchedule) await invoke(stack, name, { time });
      };
      const quiet = () => untilQuiet(stack, template, () => counter.lastInvokedAt);
      const lives = (count: number, failed: number, firstNumber: number) =>
        roundsOf({ provider, emails: count, failures: failed, opens, firstNumber, now: Date.now() });

      onProgress('Warming the functions');
      await send(stack, lives(2, 1, 1), options);
      await run();
      await quiet();
      counter.take(stack);
      const before = await storedTables(stack.endpoints.dynamodb, template, Date.now());

      const rounds = lives(emails, failures, 1_000);
      const events = rounds.reduce((sum, round) => sum + round.events.length, 0);
      onProgress(`Sending ${events} events of ${emails} emails`);
      const longer = await send(stack, rounds, options);
      await quiet();
      const used = counter.take(stack);
      const after = await storedTables(stack.endpoints.dynamodb, template, Date.now());

      onProgress('Running the scheduled functions');
      for (let times = 0; times < idleRuns; times += 1) await run();
      await quiet();
      const idle = counter.take(stack);

      onProgress('Sending calls that nobody signed');
      await sendUnsigned(stack, provider, refusedCalls);
      await quiet();
      const refused = counter.take(stack);
      if (faults.length > 0) throw new StartError(`the stack had faults, so that nothing is counted:\n${faults[0]}`);
      return {
        template,
        provider,
        emails,
        events,
        failures,
        used: { ...used, gatewayRequests: used.gatewayRequests + longer },
        stored: storedSince(before, after),
        idle,
        idleRuns,
        refused,
        refusedCalls,
      };
    } finally {
      await stack.stop();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/**
 * Sends each round's events, signed as the provider does.
 *
 * @returns how many requests the gateway counts beyond one each
 */
async function send(
  stack: RunningStack,
  rounds: readonly Round[],
  { eventsPerCall }: Pick<MeasureOptions, 'eventsPerCall'>,
): Promise<number> {
  const running = runningStack(stack.endpoints.dataDir);
  const maxDuplicates = Math.max(20, rounds.reduce((sum, { events }) => sum + events.length, 0) / 20);
  let longer = 0;
  let duplicates = 0;
  for (const { teller, events } of rounds) {
    await forEachConcurrently(requestsOf(teller, events, eventsPerCall), requestsInFlight, async request => {
      longer += Math.ceil(request.body.length / gatewayBytes) - 1;
      if (teller === 'ses') return publish(stack, request);
      const counts = await running.send(request);
      // A busy machine answers some calls 429, and an event that comes again may be a duplicate.
      duplicates += counts.duplicate;
      if (counts.recorded + counts.queued + counts.duplicate !== request.events || duplicates > maxDuplicates) {
        throw new StartError(`events of ${teller} were not recorded: ${JSON.stringify(counts)}`);
      }
    });
  }
  return longer;
}

/** Amazon SES publishes its events to a topic. */
async function publish({ endpoints }: RunningStack, { body }: SimulatedRequest): Promise<void> {
  const response = await fetch(endpoints.sqs, {
    method: 'POST',
    body: new URLSearchParams({
      Action: 'Publish',
      TopicArn: String(endpoints.outputs.SesTopicArn),
      Message: body.toString(),
    }),
  });
  if (!response.ok) throw new StartError(`the topic of Amazon SES answered ${response.status}`);
}

async function sendUnsigned(
  { endpoints: { url } }: RunningStack,
  provider: ProviderName,
  count: number,
): Promise<void> {
  const calls = Array.from({ length: count }, (_, index) => `[{"event":"delivered","number":${index}}]`);
  await forEachConcurrently(calls, requestsInFlight, async body => {
    const headers = { 'content-type': 'application/json' };
    const { status } = await fetch(`${url}/webhooks/${provider}`, { method: 'POST', headers, body });
    if (status !== 401) throw new StartError(`a call that nobody signed was answered ${status}`);
  });
}

/** Names of the functions that rules start, in the order of the template. */
export function scheduledFunctions(template: ResolvedTemplate): readonly string[] {
  return template
    .ofType('AWS::Events::Rule')
    .filter(({ properties }) => properties.ScheduleExpression !== undefined && properties.State !== 'DISABLED')
    .flatMap(({ properties }) => (properties.Targets ?? []) as readonly { readonly Arn: string }[])
    .flatMap(({ Arn }) => template.byArn('AWS::Lambda::Function', Arn)?.ref ?? []);
}

async function invoke({ endpoints }: RunningStack, FunctionName: string, event: object): Promise<void> {
  const { lambda: endpoint, region } = endpoints;
  const client = new LambdaClient({
    endpoint,
    region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const { FunctionError } = await client.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }));
  if (FunctionError !== undefined) throw new StartError(`${FunctionName} failed on its schedule`);
}

/** Resolves once no queue has a message for a function, and no invocation has ended for some seconds. */
async function untilQuiet(
  { endpoints: { sqs } }: RunningStack,
  template: ResolvedTemplate,
  lastInvokedAt: () => number,
): Promise<void> {
  const queues = template
    .ofType('AWS::Lambda::EventSourceMapping')
    .flatMap(({ properties }) => template.byArn('AWS::SQS::Queue', properties.EventSourceArn) ?? [])
    .map(({ logicalId }) => `${sqs}/000000000000/${logicalId}`);
  const isEmpty = async (queueUrl: string) => {
    const { waiting, inWork } = await depthOf(sqs, queueUrl);
    return waiting + inWork === 0;
  };
  for (const until = Date.now() + maxQuietWaitMs; Date.now() < until; await delay(200)) {
    if (Date.now() - lastInvokedAt() < quietMs) continue;
    if ((await Promise.all(queues.map(isEmpty))).every(Boolean)) return;
  }
  throw new StartError(`the stack was not at rest after ${maxQuietWaitMs / 1000} s`);
}

/** A template with its references resolved, for reading alone. */
export function deployedTemplate(template: Template): ResolvedTemplate {
  const parameters = { OidcIssuer: 'https://issuer.example.com/', OidcAudience: localClient.audience };
  return resolveTemplate(template, { parameters });
}

/** Reads the template of a cloud assembly. */
export function templateIn(assembly: string): ResolvedTemplate {
  return deployedTemplate(readAssembly(assembly).template);
}
