import { Validations } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, it } from 'vitest';
import { appOf } from './synthesized.ts';

it('cdk-nag has no unexplained finding, and a finding stops the synthesis', () => {
  const { app } = appOf();
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  expect(() => app.synth()).not.toThrow();

  const { app: careless, stack } = appOf();
  new Queue(stack, 'Careless');
  Validations.of(careless).addPlugins(new AwsSolutionsChecks(careless));
  expect(() => careless.synth()).toThrow('AwsSolutions-SQS4');
});
