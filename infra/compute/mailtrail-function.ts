import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { bundling, entryOf, type FunctionName, projectRoot } from './bundling.ts';

/** Actions, and the exact resources on which the function may do them. */
export interface Permission {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

export interface MailtrailFunctionProps {
  /** The folder under `functions/`. */
  readonly name: FunctionName;
  readonly description: string;
  /** Write it `satisfies IngestEnv`: the function reads it through the schema of the same name. */
  readonly environment: Readonly<Record<string, string>>;
  readonly permissions: readonly Permission[];
  readonly memoryMegabytes: number;
  readonly timeoutSeconds: number;
  readonly logRetentionDays: number;
}

/** What all functions have in common: runtime, bundle, an own log group, and an own role with nothing but what it needs. */
export class MailtrailFunction extends NodejsFunction {
  /** The function's log group, which nothing else writes to. */
  readonly logs: LogGroup;

  constructor(scope: Construct, id: string, props: MailtrailFunctionProps) {
    const logs = new LogGroup(scope, `${id}Logs`, {
      retention: props.logRetentionDays satisfies RetentionDays,
      // A log line holds ids and counts only; no evidence is lost with the stack.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const permissions = [
      { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logs.logGroupArn] },
      ...props.permissions,
    ];
    const role = new Role(scope, `${id}Role`, {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Mailtrail: the ${props.name} function`,
      // In the role itself: it is never without its permissions, nor with more than this list.
      inlinePolicies: {
        Needed: new PolicyDocument({
          statements: permissions.map(
            ({ actions, resources }) =>
              new PolicyStatement({ effect: Effect.ALLOW, actions: [...actions], resources: [...resources] }),
          ),
        }),
      },
    });
    super(scope, id, {
      description: props.description,
      entry: entryOf(props.name),
      projectRoot,
      depsLockFilePath: `${projectRoot}package-lock.json`,
      bundling,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memoryMegabytes,
      timeout: Duration.seconds(props.timeoutSeconds),
      environment: { ...props.environment },
      role,
      logGroup: logs,
      // Lines are JSON already; the format JSON would wrap them once more, and the metrics in them would not be found.
      loggingFormat: LoggingFormat.TEXT,
      // An environment variable for keep-alive, which the SDK has had by itself since version 3.
      awsSdkConnectionReuse: false,
    });
    this.logs = logs;
  }
}
