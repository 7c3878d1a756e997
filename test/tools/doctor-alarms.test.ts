import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from 'vitest';
import type { Looked } from '../../infra/tools/doctor/check.ts';
import { tellingChecks } from '../../infra/tools/doctor/checks/telling.ts';

/** An installation whose account has these raised alarms. */
function withRaised(...names: readonly string[]): Looked {
  const cloudWatch = new CloudWatchClient({ region: 'local' });
  const MetricAlarms = names.map(AlarmName => ({ AlarmName, AlarmArn: `arn:${AlarmName}`, StateValue: 'ALARM' }));
  Object.assign(cloudWatch, { send: async () => ({ MetricAlarms, CompositeAlarms: [] }) });
  return {
    stackName: 'Mailtrail',
    resources: [{ type: 'AWS::CloudWatch::Alarm', logicalId: 'AlarmsApiErrors', ref: 'Mailtrail-AlarmsApiErrors-X1' }],
    clients: { cloudWatch },
    now: 0,
  } as unknown as Looked;
}

describe('npm run doctor looks at', () => {
  it("the stack's own alarms, and not at those of a stack whose name begins like its own", async () => {
    const findings = await tellingChecks.alarms(
      withRaised('Mailtrail-AlarmsApiErrors-X1', 'Mailtrail-Staging-AlarmsApiErrors-Y2'),
    );
    expect(findings).toHaveLength(1);
  });

  it('alarms, and finds fault where the stack has none', async () => {
    expect(await tellingChecks.alarms(withRaised('Mailtrail-Staging-AlarmsApiErrors-Y2'))).toMatchObject([
      { wrong: expect.stringMatching(/no alarm/) },
    ]);
  });
});
