/** The CDK app: one stack from the configuration, checked by cdk-nag whenever it is synthesized. */

import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ConfigError, readConfig } from './config.ts';
import { MailtrailStack } from './stack.ts';

const app = new App();
try {
  const config = readConfig(name => app.node.tryGetContext(name));
  new MailtrailStack(app, 'Mailtrail', config);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
