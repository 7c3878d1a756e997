import { App, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Mailtrail, type MailtrailProps } from 'mailtrail';

const app = new App({ outdir: process.argv[2]! });
const stack = new Stack(app, 'Shop');
const bounces = new Queue(stack, 'Bounces');
const reporter = new Role(stack, 'Reporter', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });

const mailtrail = new Mailtrail(stack, 'Mailtrail', {
  events: true,
  dailyDigestHour: 7,
  oidcIssuer: 'https://login.example.com/',
  oidcAudience: 'shop',
  providers: ['sendgrid'],
  expectNews: [{ provider: 'sendgrid', minutes: 60 }],
  supportEmail: 'support@example.com',
});
mailtrail.alertEventsTopic.addSubscription(new SqsSubscription(bounces));
mailtrail.grantReadEmails(reporter);
const address: string = mailtrail.api.url;
stack.exportValue(address);
app.synth();

// @ts-expect-error: there is no such provider.
const misspelt: MailtrailProps['providers'] = ['sendgird'];
// @ts-expect-error: the audience is missing.
const unfinished: MailtrailProps = { oidcIssuer: 'https://login.example.com/' };
if (misspelt === undefined || unfinished === undefined) throw new Error('never');
