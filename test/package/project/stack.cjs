// Most apps of the CDK are CommonJS.
const { App, Stack } = require('aws-cdk-lib');
const { Queue } = require('aws-cdk-lib/aws-sqs');
const { Mailtrail } = require('mailtrail');

const app = new App({ outdir: process.argv[2] });
const stack = new Stack(app, 'Shop');
new Queue(stack, 'Orders');
new Mailtrail(stack, 'Mailtrail', {
  oidcIssuer: 'https://login.example.com/',
  oidcAudience: 'shop',
  events: true,
  dailyDigestHour: 7,
});
app.synth();
