import { CfnOutput } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** The outputs of a deployment: each with its name, its value and its purpose. */
export type Outputs = Readonly<Record<string, readonly [value: string, description?: string]>>;

/** Adds the outputs to the template; `npm run replay` looks some of them up by name. */
export function addOutputs(stack: Construct, outputs: Outputs): void {
  for (const [name, [value, description]] of Object.entries(outputs)) {
    new CfnOutput(stack, name, description === undefined ? { value } : { value, description });
  }
}
