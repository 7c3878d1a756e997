import { RemovalPolicy, SecretValue } from 'aws-cdk-lib';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';

/** The webhook secrets of all providers: JSON that maps each provider to a list of secrets. */
export type WebhookSecrets = ISecret;

/**
 * The secret of the installation: its own, or one that an earlier stack has left.
 *
 * @param secretArn the whole ARN of an existing secret
 */
export function webhookSecretsOf(scope: Construct, id: string, secretArn: string | undefined): WebhookSecrets {
  return secretArn === undefined
    ? new OwnWebhookSecrets(scope, id)
    : Secret.fromSecretCompleteArn(scope, id, secretArn);
}

/** The secret starts empty, so that no call is accepted before somebody adds a provider's secret. */
class OwnWebhookSecrets extends Secret {
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
