import { Stack } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { MailtrailApi } from './api/http-api.ts';
import { Alert } from './compute/alert.ts';
import { alertLinks } from './compute/alert-links.ts';
import { Changes } from './compute/changes.ts';
import { Daily } from './compute/daily.ts';
import { Digest } from './compute/digest.ts';
import { Ingest } from './compute/ingest.ts';
import type { Permission } from './compute/mailtrail-function.ts';
import { Manage } from './compute/manage.ts';
import { Query, readingPermissions } from './compute/query.ts';
import { Ui } from './compute/ui.ts';
import { Watch } from './compute/watch.ts';
import { configOf } from './config-of-props.ts';
import type { MailtrailProps } from './mailtrail-props.ts';
import { EventBus } from './messaging/event-bus.ts';
import { EventWebhook } from './messaging/event-webhook.ts';
import { QuarantineQueue } from './messaging/quarantine-queue.ts';
import { SesEvents } from './messaging/ses-events.ts';
import { AlertEventsTopic, OperationsTopic, SupportTopic } from './messaging/topics.ts';
import { WorkerQueue } from './messaging/worker-queue.ts';
import { Alarms } from './monitoring/alarms.ts';
import { OperationsDashboard } from './monitoring/dashboard.ts';
import { LogMetrics } from './monitoring/log-metrics.ts';
import { acknowledgeNagFindings } from './monitoring/nag.ts';
import { addOutputs, domainOutputs, eventOutputs, logGroupOutputs } from './outputs.ts';
import { type EmailTable, emailTable } from './storage/email-table.ts';
import { FailureBucket } from './storage/failure-bucket.ts';
import { GuardTable } from './storage/guard-table.ts';
import { webhookSecretsOf } from './storage/webhook-secrets.ts';

/** All of Mailtrail: a construct for a stack, which may hold other things too, but no second Mailtrail. */
export class Mailtrail extends Construct {
  /** The emails, one item each. Its attributes may change with a version: the API is the way to read them. */
  readonly table: ITable;
  /** The webhook secrets, as JSON: provider → list of secrets. */
  readonly webhookSecrets: ISecret;
  /** The configuration sets of Amazon SES publish here. */
  readonly sesTopic: ITopic;
  /** Letters to people about hard bounces and spam marks. */
  readonly supportTopic: ITopic;
  /** The same alerts as JSON, for queues and functions. */
  readonly alertEventsTopic: ITopic;
  /** Alarms, for the operators. */
  readonly operationsTopic: ITopic;
  /** The HTTP API, with the address at which it answers. */
  readonly api: HttpApi & { readonly url: string };
  /** The bus of events for other systems; null without the setting `events`. */
  readonly bus: IEventBus | null;
  private readonly emails: EmailTable;

  /** @throws Error if a setting is not valid; the message has one line per setting */
  constructor(scope: Construct, id: string, props: MailtrailProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const others = stack.node.findAll().filter(other => other instanceof Mailtrail && other !== this);
    if (others.some(other => Stack.of(other) === stack)) {
      throw new Error(`${this.node.path}: the stack holds a Mailtrail already. Give each a stack of its own.`);
    }
    const config = configOf(this, props);
    const { oidcIssuer, oidcAudience } = props;

    // Storage and queues.
    const table = emailTable(this, 'Emails', config);
    const webhookSecrets = webhookSecretsOf(this, 'WebhookSecrets', config.existingWebhookSecret);
    const guards = new GuardTable(this, 'Guards', config);
    const quarantine = new QuarantineQueue(this, 'Quarantine');
    const retryQueue = new WorkerQueue(this, 'Retry');
    const failures = new FailureBucket(this, 'AlertFailures');

    // Amazon SES publishes to a topic; every other provider calls the API.
    const sesEvents = new SesEvents(this, 'SesEvents', config.sesTopicArn);

    // Notifications.
    const support = new SupportTopic(this, 'Support', config.supportEmail);
    const alertEvents = new AlertEventsTopic(this, 'AlertEvents');
    const digests = new WorkerQueue(this, 'Digests');
    const operations = new OperationsTopic(this, 'Operations', config.operationsEmail ?? config.supportEmail);
    const bus = config.events ? new EventBus(this, 'Events') : null;
    const eventWebhook =
      bus === null || config.eventsUrl === undefined
        ? null
        : new EventWebhook(this, 'EventWebhook', { bus, url: config.eventsUrl });
    this.bus = bus;

    // Functions and the API.
    const ingest = new Ingest(this, 'Ingest', {
      config,
      table,
      webhookSecrets,
      guards,
      quarantine,
      retryQueue,
      sesEvents,
    });
    const query = new Query(this, 'Query', { config, table, guards });
    const manage = new Manage(this, 'Manage', { config, table, guards });
    const tokens = { oidcIssuer, oidcAudience };
    const ui = new Ui(this, 'Ui', { config, tokens });
    const api = new MailtrailApi(this, 'Api', { config, tokens, functions: { ingest, query, manage, ui } });
    const links = alertLinks(config, api.address);
    const alert = new Alert(this, 'Alert', { config, table, guards, topic: alertEvents, digests, links, failures });
    const digest = new Digest(this, 'Digest', { config, table, guards, topic: support, digests, links });
    if (config.dailyDigestHour !== undefined) {
      const { dailyDigestHour: hour } = config;
      new Daily(this, 'Daily', { config, hour, apiUrl: api.address, table, guards, support, alertEvents, bus });
    }
    const changes = new Changes(this, 'Changes', { config, table, guards, failures, bus });
    const watch = new Watch(this, 'Watch', {
      config,
      apiUrl: api.address,
      guards,
      query,
      operations,
      table,
      failures,
      support,
      setAside: {
        quarantine,
        retry: retryQueue.deadLetters,
        ses: sesEvents.queue.deadLetters,
        digests: digests.deadLetters,
      },
      mappings: {
        ...ingest.queueReaders,
        alert: alert.streamReader,
        changes: changes.streamReader,
        digest: digest.queueReader,
      },
    });

    // Monitoring.
    const watched = {
      config,
      ingest,
      alert,
      digest,
      digests,
      api,
      changes,
      table,
      quarantine,
      retryQueue,
      sesEvents,
      support,
      watch,
      eventWebhook,
      logMetrics: new LogMetrics(this, 'Logs', { access: api.accessLogs, digest: digest.logs }),
    };
    const alarms = new Alarms(this, 'Alarms', { ...watched, operations });
    const dashboard = new OperationsDashboard(this, 'Dashboard', { ...watched, alarms: alarms.all });
    acknowledgeNagFindings({ api, webhookSecrets, guards, quarantine, failures, alert, changes, watch, eventWebhook });

    // Outputs.
    addOutputs(this, {
      ApiUrl: [api.address, 'The API'],
      WebhookUrl: [`${api.address}/webhooks/{provider}`, 'The URL for a provider: replace {provider} by its name'],
      WebhookSecretsArn: [
        webhookSecrets.secretArn,
        'Store the webhook secrets here as JSON: provider -> list of secrets',
      ],
      SesTopicArn: [sesEvents.topic.topicArn, 'Let the configuration sets of Amazon SES publish here'],
      SupportTopicArn: [support.topicArn, 'Letters about hard bounces and spam marks: subscribe people'],
      AlertEventsTopicArn: [alertEvents.topicArn, 'The same alerts as JSON: subscribe queues and functions'],
      DashboardUrl: [dashboard.url, 'The dashboard of operations'],
      OperationsTopicArn: [operations.topicArn, 'Alarms: subscribe the operators'],
      TableName: [table.tableName],
      IngestFunctionName: [ingest.functionName],
      QuarantineQueueUrl: [quarantine.queueUrl],
      RetryDeadLettersQueueUrl: [retryQueue.deadLetters.queueUrl],
      DigestDeadLettersQueueUrl: [digests.deadLetters.queueUrl],
      SesDeadLettersQueueUrl: [sesEvents.queue.deadLetters.queueUrl],
      AlertFailuresBucketName: [failures.bucketName],
      ...eventOutputs(bus, eventWebhook),
      ...domainOutputs(api),
      ...logGroupOutputs(this, api),
    });

    // For the code around it.
    this.table = table;
    this.emails = table;
    this.webhookSecrets = webhookSecrets;
    this.sesTopic = sesEvents.topic;
    this.supportTopic = support;
    this.alertEventsTopic = alertEvents;
    this.operationsTopic = operations;
    this.api = api;
  }

  /** Lets a function or role read emails from the table and its indexes, and change nothing. */
  grantReadEmails(grantee: IGrantable): Grant {
    const [first, ...more] = readingPermissions(this.emails).map(permission => granted(grantee, permission));
    return more.reduce((all, grant) => all.combine(grant), first!);
  }

  /** Lets a function or role publish events of Amazon SES. Every event that it publishes is trusted. */
  grantPublishSesEvents(grantee: IGrantable): Grant {
    return granted(grantee, { actions: ['sns:Publish'], resources: [this.sesTopic.topicArn] });
  }

  /**
   * Lets a function or role replace the webhook secrets of all providers. One that adds to them must read them too:
   * `webhookSecrets.grantRead`.
   */
  grantWriteWebhookSecrets(grantee: IGrantable): Grant {
    return granted(grantee, {
      actions: ['secretsmanager:PutSecretValue'],
      resources: [this.webhookSecrets.secretArn],
    });
  }
}

function granted(grantee: IGrantable, { actions, resources }: Permission): Grant {
  return Grant.addToPrincipal({ grantee, actions: [...actions], resourceArns: [...resources] });
}
