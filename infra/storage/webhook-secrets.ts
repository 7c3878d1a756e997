import { RemovalPolicy, SecretValue } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';

/**
 * The webhook secrets of all providers: JSON that maps each provider to a list of secrets. It starts empty, so that no
 * call is accepted before somebody adds a provider's secret.
 */
export class WebhookSecrets extends Secret {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      description: 'Mailtrail: JSON, provider -> list of webhook secrets, e.g. {"sendgrid": ["..."]}',
      // Never change this text. CloudFormation writes the value again whenever the template's text changes, and that
      // would replace the secrets in use.
      secretStringValue: SecretValue.unsafePlainText('{}'),
      // Deleting the stack keeps the secret. A failed first deployment deletes it, or each further try would leave one
      // behind.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }
}
