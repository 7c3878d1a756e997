import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import type { FunctionName } from './bundling.ts';
import { functionCode } from './function-code.ts';

/** Actions, and the exact resources that they apply to. */
export interface Permission {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, unknown>>;
}

export interface MailtrailFunctionProps {
  /** The function's folder under `functions/`. */
  readonly name: FunctionName;
  readonly description: string;
  /** Declare it with `satisfies IngestEnv`: the function parses it with the schema of the same name. */
  readonly environment: Readonly<Record<string, string>>;
  readonly permissions: readonly Permission[];
  readonly memoryMegabytes: number;
  readonly timeoutSeconds: number;
  readonly logging: Pick<Config, 'logRetentionDays' | 'platformLogs'>;
  /** Concurrent executions that are set aside for this function; without it, it shares those of the account. */
  readonly reservedConcurrency?: number | undefined;
}

/** The base of all functions: runtime, bundle, its own log group, and its own role with the least permissions. */
export class MailtrailFunction extends LambdaFunction {
  /** The function's log group, which nothing else writes to. */
  readonly logs: LogGroup;

  constructor(scope: Construct, id: string, props: MailtrailFunctionProps) {
    const logs = new LogGroup(scope, `${id}Logs`, {
      // People look for logs below this prefix. Names of functions hold no hyphen, so that no two stacks clash.
      logGroupName: `/aws/lambda/${Stack.of(scope).stackName}-${props.name}`,
      retention: props.logging.logRetentionDays satisfies RetentionDays,
      // Log lines hold only ids and counts: deleting the stack may delete them.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const permissions = [
      { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logs.logGroupArn] },
      ...props.permissions,
    ];
    const role = new Role(scope, `${id}Role`, {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Mailtrail: the ${props.name} function`,
      // Inline policies change together with the role: it never lacks a permission and has none besides this list.
      inlinePolicies: {
        Needed: new PolicyDocument({
          statements: permissions.map(
            ({ actions, resources, conditions }) =>
              new PolicyStatement({
                effect: Effect.ALLOW,
                actions: [...actions],
                resources: [...resources],
                ...(conditions && { conditions: { ...conditions } }),
              }),
          ),
        }),
      },
    });
    super(scope, id, {
      description: props.description,
      code: functionCode(props.name),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memoryMegabytes,
      timeout: Duration.seconds(props.timeoutSeconds),
      ...(props.reservedConcurrency !== undefined && { reservedConcurrentExecutions: props.reservedConcurrency }),
      environment: { ...props.environment },
      role,
      logGroup: logs,
      // Without Lambda's three lines for each call, which are half of a log's bytes. Our own lines are JSON already.
      ...(props.logging.platformLogs
        ? { loggingFormat: LoggingFormat.TEXT }
        : { loggingFormat: LoggingFormat.JSON, systemLogLevelV2: SystemLogLevel.WARN }),
    });
    this.logs = logs;
  }
}
