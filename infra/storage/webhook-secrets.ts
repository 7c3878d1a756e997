import { RemovalPolicy, SecretValue } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';

/**
 * The webhook secrets of all providers: JSON, provider → list of secrets. It starts empty, so that no call is accepted
 * before somebody puts a provider's secret in.
 */
export class WebhookSecrets extends Secret {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      description: 'Mailtrail: JSON, provider -> list of webhook secrets, e.g. {"sendgrid": ["..."]}',
      // Never change this text: CloudFormation writes the value again when, and only when, the template's differs from
      // the one it last wrote, and that would replace the secrets in use.
      secretStringValue: SecretValue.unsafePlainText('{}'),
      // Kept for good, but for a first deployment that fails: a second try would leave another one.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }
}
