/** The CDK app: one stack from the configuration, checked by cdk-nag whenever it is synthesized. */

import { App, Validations } from 'aws-cdk-lib';
import { CURRENTLY_RECOMMENDED_FLAGS } from 'aws-cdk-lib/cx-api';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ConfigError, readConfig } from './config.ts';
import { MailtrailStack } from './stack.ts';

// As a new app does it, without the 85 lines in cdk.json. What an upgrade of the library could change by it is held by
// the tests: that the resources that keep data stay the same ones.
const app = new App({ postCliContext: CURRENTLY_RECOMMENDED_FLAGS });
try {
  const config = readConfig(app.node.getAllContext());
  new MailtrailStack(app, 'Mailtrail', config);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
