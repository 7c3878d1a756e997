/** The CDK app: one stack from the configuration, checked by cdk-nag whenever it is synthesized. */

import { App, Validations } from 'aws-cdk-lib';
import { CURRENTLY_RECOMMENDED_FLAGS } from 'aws-cdk-lib/cx-api';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ConfigError, readConfig } from './config.ts';
import { MailtrailStack } from './stack.ts';

// All flags that a new app gets, without their 85 lines in cdk.json. Tests hold that an upgrade of the library, which may
// change the flags, keeps the resources that hold data.
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
