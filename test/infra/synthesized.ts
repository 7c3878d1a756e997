/** Synthesizes the stack's template in this process, without bundling. References become readable text. */

import { App } from 'aws-cdk-lib';
import { CURRENTLY_RECOMMENDED_FLAGS } from 'aws-cdk-lib/cx-api';
import { readConfig } from '../../infra/config.ts';
import { MailtrailStack } from '../../infra/stack.ts';

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: each type of resource has its own properties
  readonly Properties: Record<string, any>;
  readonly DependsOn?: string | readonly string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface Synthesized {
  readonly Parameters: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, unknown>>;
}

export function appOf(mailtrail: Readonly<Record<string, unknown>> = {}): { app: App; stack: MailtrailStack } {
  const app = new App({
    context: { 'aws:cdk:bundling-stacks': [], mailtrail },
    postCliContext: CURRENTLY_RECOMMENDED_FLAGS,
  });
  return {
    app,
    stack: new MailtrailStack(app, 'Mailtrail', readConfig(app.node.getAllContext(), {})),
  };
}

/** @param mailtrail the configuration in cdk.json */
export function synthesize(mailtrail: Readonly<Record<string, unknown>> = {}): Synthesized {
  const { app, stack } = appOf(mailtrail);
  return app.synth().getStackByName(stack.stackName).template as Synthesized;
}

export function resourcesOf({ Resources }: Synthesized, type: string): ReadonlyMap<string, Resource> {
  return new Map(
    Object.entries(Resources)
      .filter(([, resource]) => resource.Type === type)
      .map(([id, resource]) => [nameOf(id), resource]),
  );
}

/** Returns a logical id without CDK's hash: `EmailsE39F01A5` → `Emails`. */
function nameOf(logicalId: string): string {
  return logicalId.replace(/[0-9A-F]{8}$/, '');
}

/** Returns a value of the template with its references as text: `Emails.Arn/index/byAccount`. */
export function asText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const [[operator, operand]] = Object.entries(value) as [[string, never]];
  if (operator === 'Ref') return nameOf(operand);
  if (operator === 'Fn::GetAtt') return `${nameOf(operand[0])}.${operand[1]}`;
  if (operator === 'Fn::Join') return (operand[1] as unknown[]).map(asText).join(operand[0]);
  throw new Error(`no text for ${operator}`);
}
