import { type ResolvedTemplate, ruleArn } from '../cloudformation/template.ts';
import { matchesPattern } from '../event-sources/event-pattern.ts';
import { StartError } from '../start-error.ts';
import {
  type ApiDestination,
  createDelivery,
  type DeadLetter,
  type DeliveryOptions,
  isOnThisMachine,
} from './api-destination.ts';
import { awsJson } from './aws-json.ts';
import { type LoopbackServer, startLoopbackServer } from './loopback-server.ts';
import { type BusEvent, type PutEventsEntry, requestFault, type TakenEvent, takenEntry } from './put-events.ts';

/** EventBridge on this machine. Functions put events at its endpoint. */
export interface EventBus extends LoopbackServer {
  /**
   * Takes the template's buses, and its rules with an event pattern.
   *
   * @throws StartError for a target that is not understood here
   */
  serve(template: ResolvedTemplate, surroundings: Surroundings): void;
  /** The newest events, the newest first. As on AWS, a bus keeps none: they end with the process. */
  events(): readonly KeptEvent[];
  stop(): void;
}

/** The services that deliveries need. */
export interface Surroundings {
  /** The place of the dead-letter queues. */
  readonly queueEndpoint: string;
  /** The value of a secret by its ARN. */
  readonly secretText: (arn: string) => string;
}

/** An event that a bus took. */
export interface KeptEvent {
  readonly receivedAt: number;
  readonly busName: string;
  readonly event: BusEvent;
}

export interface EventBusOptions extends Pick<DeliveryOptions, 'onFault' | 'now' | 'wait' | 'timeoutMs'> {
  /** Called with each event that a bus took, before its publisher is answered. */
  readonly onEvent?: ((kept: KeptEvent) => void) | undefined;
  /** Whether rules send events on, as they do by default. */
  readonly delivers?: boolean | undefined;
}

const maxKept = 1_000;

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html */
const usualRetryPolicy = { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 } as const;

/** A rule, with the URLs of its targets. */
interface Rule {
  readonly busName: string;
  readonly pattern: unknown;
  readonly destinations: readonly ApiDestination[];
}

const contentType = 'application/x-amz-json-1.1';

const answered = (status: number, output: object) => ({ status, contentType, body: JSON.stringify(output) });
const refused = (name: string, message: string) => answered(400, { __type: name, message });

/** PutEvents of EventBridge, and the delivery of events that match a rule to its API destinations. */
export async function startEventBus(options: EventBusOptions): Promise<EventBus> {
  const { onFault, onEvent = () => {}, delivers = true, now = Date.now } = options;
  const stopping = new AbortController();
  const deliver = createDelivery({ ...options, signal: stopping.signal });
  let busNames: ReadonlySet<string> = new Set(['default']);
  let rules: readonly Rule[] = [];
  let kept: KeptEvent[] = [];

  const server = await startLoopbackServer(async ({ headers }, body) => {
    const operation = headers['x-amz-target'];
    if (operation !== 'AWSEvents.PutEvents')
      return refused('UnknownOperationException', `${operation} is not understood here`);
    const { Entries = [] } = JSON.parse(body) as { readonly Entries?: readonly PutEventsEntry[] };
    const fault = requestFault(Entries);
    if (fault !== null) return refused('ValidationException', fault);
    const outcomes = Entries.map(entry => takenEntry(entry, busNames, now()));
    for (const { taken } of outcomes) if (taken !== null) take(taken);
    return answered(200, {
      FailedEntryCount: outcomes.filter(({ taken }) => taken === null).length,
      Entries: outcomes.map(({ result }) => result),
    });
  });

  function take({ busName, event }: TakenEvent): void {
    const one = { receivedAt: now(), busName, event };
    kept = [...kept.slice(1 - maxKept), one];
    onEvent(one);
    for (const rule of rules) {
      if (rule.busName !== busName || !matchesPattern(rule.pattern, event)) continue;
      for (const destination of rule.destinations) void deliver(destination, event);
    }
  }

  return {
    endpoint: server.endpoint,
    serve(template, surroundings) {
      busNames = new Set(['default', ...template.ofType('AWS::Events::EventBus').map(({ ref }) => ref)]);
      rules = delivers ? rulesOf(template, { ...surroundings, onFault }) : [];
    },
    events: () => kept.toReversed(),
    stop() {
      stopping.abort();
      server.stop();
    },
  };
}

type RuleParts = Surroundings & Pick<EventBusOptions, 'onFault'>;

function rulesOf(template: ResolvedTemplate, parts: RuleParts): readonly Rule[] {
  return template
    .ofType('AWS::Events::Rule')
    .filter(({ properties: { EventPattern, State } }) => EventPattern !== undefined && State !== 'DISABLED')
    .map(({ logicalId, properties: { EventBusName = 'default', EventPattern, Targets = [] } }) => ({
      busName: EventBusName,
      pattern: EventPattern,
      destinations: (Targets as readonly Target[]).flatMap(
        target => destinationOf(logicalId, target, template, parts) ?? [],
      ),
    }));
}

/** The members of a rule's target that are understood here. */
interface Target {
  readonly Id: string;
  readonly Arn: string;
  readonly RoleArn?: string;
  readonly DeadLetterConfig?: { readonly Arn?: string };
  readonly RetryPolicy?: { readonly MaximumRetryAttempts?: number; readonly MaximumEventAgeInSeconds?: number };
}

const understoodMembers = ['Id', 'Arn', 'RoleArn', 'DeadLetterConfig', 'RetryPolicy'];

/** @returns null for a URL of another machine, which is not called */
function destinationOf(
  ruleId: string,
  target: Target,
  template: ResolvedTemplate,
  { secretText, queueEndpoint, onFault }: RuleParts,
): ApiDestination | null {
  const unknown = Object.keys(target).filter(name => !understoodMembers.includes(name));
  const destination = template.byArn('AWS::Events::ApiDestination', target.Arn);
  if (destination === undefined || unknown.length > 0)
    throw new StartError(`${ruleId}: a target that is not understood here: ${unknown.join(', ') || target.Arn}`);
  const { ConnectionArn, HttpMethod, InvocationEndpoint: url } = destination.properties;
  if (!isOnThisMachine(url)) {
    onFault(`eventsUrl: ${url} gets no events, because a run on this machine calls no other`);
    return null;
  }
  const connection = template.byArn('AWS::Events::Connection', ConnectionArn);
  const key = connection?.properties.AuthParameters.ApiKeyAuthParameters;
  if (key === undefined) throw new StartError(`${ruleId}: only a connection with an API key is understood here`);
  const { MaximumRetryAttempts, MaximumEventAgeInSeconds } = { ...usualRetryPolicy, ...target.RetryPolicy };
  const queue = template.byArn('AWS::SQS::Queue', target.DeadLetterConfig?.Arn ?? '');
  return {
    ruleArn: ruleArn(ruleId),
    targetArn: target.Arn,
    url,
    method: HttpMethod,
    headers: { [key.ApiKeyName]: resolvedSecret(key.ApiKeyValue, secretText) },
    maxRetries: MaximumRetryAttempts,
    maxAgeMs: MaximumEventAgeInSeconds * 1000,
    deadLetters: queue === undefined ? null : letter => sendDeadLetter(queueEndpoint, queue.ref, letter),
  };
}

async function sendDeadLetter(endpoint: string, queueUrl: string, { event, attributes }: DeadLetter): Promise<void> {
  await awsJson(endpoint, 'AmazonSQS.SendMessage', {
    QueueUrl: queueUrl,
    MessageBody: JSON.stringify(event),
    MessageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, text]) => [name, { DataType: 'String', StringValue: text }]),
    ),
  });
}

/** Resolves a dynamic reference, as CloudFormation does: the value of a secret, or a member of it. */
function resolvedSecret(reference: string, secretText: Surroundings['secretText']): string {
  const [, arn, member] =
    /^\{\{resolve:secretsmanager:(arn:.+):SecretString:([^:]*):[^:]*:[^:]*\}\}$/.exec(reference) ?? [];
  if (arn === undefined) return reference;
  const text = secretText(arn);
  return member ? String(JSON.parse(text)[member]) : text;
}
