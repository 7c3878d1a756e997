import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { tokenSettings } from './api/token-settings.ts';
import type { Config } from './config.ts';
import { Mailtrail } from './mailtrail.ts';

/** The stack of an installation: Mailtrail alone. */
export class MailtrailStack extends Stack {
  constructor(scope: Construct, id: string, config: Config) {
    super(scope, id, {
      stackName: config.stackName,
      description: 'Mailtrail: one honest status per email',
    });
    // `Default` adds nothing to the logical ids of the resources.
    new Mailtrail(this, 'Default', { ...config, ...tokenSettings(this, config) });
  }
}
