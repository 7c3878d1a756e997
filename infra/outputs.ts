import { CfnOutput } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** What a deployment says of itself: the name of each output, its value, and what it is for. */
export type Outputs = Readonly<Record<string, readonly [value: string, description?: string]>>;

/** Names the outputs in the template; `npm run replay` looks some of them up. */
export function addOutputs(stack: Construct, outputs: Outputs): void {
  for (const [name, [value, description]] of Object.entries(outputs)) {
    new CfnOutput(stack, name, description === undefined ? { value } : { value, description });
  }
}
