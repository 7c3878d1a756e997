/** The CDK app: one stack from the configuration. cdk-nag checks every synthesis. */

import { App, Validations } from 'aws-cdk-lib';
import { CURRENTLY_RECOMMENDED_FLAGS } from 'aws-cdk-lib/cx-api';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ConfigError, readConfig } from './config.ts';
import { MailtrailStack } from './stack.ts';

// A new app has these flags in 85 lines of cdk.json. A library upgrade may change them: tests check that the resources
// with data stay the same.
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
