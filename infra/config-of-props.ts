import { Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type Config, ConfigError, checkedConfig, type Field, required } from './config.ts';
import type { MailtrailProps } from './mailtrail-props.ts';

/** Settings that may be values of other resources, which only a deployment knows, such as the ARN of a topic. */
const knownLater: readonly Field[] = [
  'oidcIssuer',
  'oidcAudience',
  'uiClientId',
  'sesTopicArn',
  'certificateArn',
  'existingWebhookSecret',
];

/**
 * The configuration of a construct, whose installation has the name of its stack.
 *
 * @throws ConfigError
 */
export function configOf(scope: Construct, props: MailtrailProps): Config {
  const heading = `The props of ${scope.node.path} are not valid:`;
  // A check of their shape would see the CDK's own mark in place of the value.
  const later = Object.entries(props).filter(([, value]) => Token.isUnresolved(value));
  const problems = [
    ...required.filter(name => !props[name]).map(name => `  ${name}: is missing: without it no token opens the API`),
    ...later
      .filter(([name]) => !knownLater.some(field => field === name))
      .map(([name]) => `  ${name}: must be known before the deployment, and no value of a resource`),
  ];
  if (problems.length > 0) throw new ConfigError([heading, ...problems].join('\n'));
  const plain = Object.entries(props).filter(([name]) => !later.some(([known]) => known === name));
  const { stackName } = Stack.of(scope);
  return checkedConfig(Object.fromEntries(plain), { ...Object.fromEntries(later), stackName }, heading);
}
