import { Validations } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, it } from 'vitest';
import { appOf } from './synthesized.ts';

it.each([
  [
    'a domain',
    {
      domainName: 'mail.example.com',
      certificateArn: 'arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555',
    },
  ],
  ['events for other systems', { events: true, eventsUrl: 'https://billing.example.com/mail-events' }],
  [
    'a table and a secret that were there before',
    {
      existingTable: 'arn:aws:dynamodb:eu-west-1:123456789012:table/Emails/stream/2026-11-28T08:00:00.000',
      existingWebhookSecret: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:Webhooks-AbCdEf',
    },
  ],
])('cdk-nag has no unexplained finding with %s', (_, settings) => {
  const { app } = appOf(settings);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  expect(() => app.synth()).not.toThrow();
});

it('cdk-nag has no unexplained finding, and a finding stops the synthesis', () => {
  const { app } = appOf();
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  expect(() => app.synth()).not.toThrow();

  const { app: careless, stack } = appOf();
  new Queue(stack, 'Careless');
  Validations.of(careless).addPlugins(new AwsSolutionsChecks(careless));
  expect(() => careless.synth()).toThrow('AwsSolutions-SQS4');
});
