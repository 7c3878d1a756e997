import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { readEndpoints } from '../../local/endpoints.ts';
import { StartError } from '../../local/start-error.ts';
import { outputsByName } from '../../outputs.ts';

/** A resource of a stack in AWS. */
export interface StackResource {
  readonly type: string;
  readonly logicalId: string;
  /** Its name, URL or ARN, as CloudFormation's `Ref` gives it. */
  readonly ref: string;
  /** `cdk destroy` leaves it, because it holds data. */
  readonly isKept: boolean;
}

/** A running deployment. */
export interface Target {
  /** The API. */
  readonly url: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly secrets: SecretsManagerClient;
  /** The parts in AWS; null for the stack on this machine, which cannot show how AWS behaves. */
  readonly aws: { readonly region: string; readonly resources: readonly StackResource[] } | null;
}

/** The stack on this machine, with the data directory of the environment. */
export function localTarget(): Target {
  const { url, outputs, secretsManager, region } = readEndpoints();
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return {
    url,
    outputs: outputs as Readonly<Record<string, string>>,
    secrets: new SecretsManagerClient({ endpoint: secretsManager, region, credentials }),
    aws: null,
  };
}

/**
 * A stack in AWS, by its name, with the credentials and the region of the environment.
 *
 * @throws StartError where AWS does not find it, with the words of AWS
 */
export async function awsTarget(StackName: string): Promise<Target> {
  try {
    const client = new CloudFormationClient();
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    const outputs = outputsByName(Stacks[0]?.Outputs ?? []);
    const { TemplateBody = '{}' } = await client.send(new GetTemplateCommand({ StackName }));
    const template: Readonly<Record<string, { readonly DeletionPolicy?: string }>> = JSON.parse(TemplateBody).Resources;
    const isKept = (id: string) => template[id]?.DeletionPolicy?.startsWith('Retain') === true;
    const resources: StackResource[] = [];
    for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName })) {
      for (const { ResourceType = '', LogicalResourceId = '', PhysicalResourceId = '' } of StackResourceSummaries)
        resources.push({
          type: ResourceType,
          logicalId: LogicalResourceId,
          ref: PhysicalResourceId,
          isKept: isKept(LogicalResourceId),
        });
    }
    if (outputs.ApiUrl === undefined) throw new StartError(`The stack ${StackName} has no output ApiUrl.`);
    const aws = { region: await client.config.region(), resources };
    return { url: outputs.ApiUrl, outputs, secrets: new SecretsManagerClient(), aws };
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(
      `The stack ${StackName} cannot be looked up: ${(error as Error).message}. Set AWS_REGION, and sign in, e.g. with AWS_PROFILE.`,
    );
  }
}
