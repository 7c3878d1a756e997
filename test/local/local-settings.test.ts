import { describe, expect, it } from 'vitest';
import { readConfig } from '../../infra/config.ts';
import { localClientVariables, localSettings } from '../../infra/local/cloudformation/local-settings.ts';

describe('the stack on one machine', () => {
  it('has a subscriber to its alerts', () => {
    expect(localSettings({}, {})).toMatchObject({ MAILTRAIL_SUPPORT_EMAIL: 'support@example.com' });
  });

  it('has a daily digest, unless the user says that there is none', () => {
    expect(readConfig({}, localSettings({}, {})).dailyDigestHour).toBe(7);
    expect(
      readConfig({}, { MAILTRAIL_DAILY_DIGEST_HOUR: '', ...localSettings({}, { MAILTRAIL_DAILY_DIGEST_HOUR: '' }) }),
    ).not.toHaveProperty('dailyDigestHour');
  });

  it('has a bus of events, unless the user wants none', () => {
    expect(readConfig({}, localSettings({}, {})).events).toBe(true);
    for (const variables of [{ MAILTRAIL_EVENTS: 'false' }, { MAILTRAIL_EVENTS: '' }])
      expect(readConfig({}, { ...localSettings({}, variables), ...variables }).events).toBe(false);
    expect(localSettings({ events: false }, {})).not.toHaveProperty('MAILTRAIL_EVENTS');
  });

  it('has a table, a secret and an address of its own, whatever cdk.json names in AWS', () => {
    const mailtrail = {
      domainName: 'mail.example.com',
      certificateArn: 'arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222',
      existingTable: 'arn:aws:dynamodb:eu-west-1:123456789012:table/Emails/stream/2026-11-28T08:00:00.000',
      existingWebhookSecret: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:Webhooks-AbCdEf',
    };
    const settings = readConfig({ mailtrail }, localSettings({}, {}));
    for (const field of Object.keys(mailtrail)) expect(settings, field).not.toHaveProperty(field);
  });

  it('keeps the address of the user', () => {
    expect(localSettings({}, { MAILTRAIL_SUPPORT_EMAIL: 'me@example.com' })).not.toHaveProperty(
      'MAILTRAIL_SUPPORT_EMAIL',
    );
    expect(localSettings({ supportEmail: 'me@example.com' }, {})).not.toHaveProperty('MAILTRAIL_SUPPORT_EMAIL');
  });
});

describe('the page on one machine', () => {
  it('is a client of the local issuer', () => {
    expect(localClientVariables({}, {})).toEqual({
      MAILTRAIL_UI_CLIENT_ID: 'mailtrail-ui',
      MAILTRAIL_UI_SCOPE: 'openid offline_access',
      MAILTRAIL_UI_AUDIENCE: 'urn:mailtrail:local',
    });
  });

  it('keeps the settings of the user, also an empty client id, which means no page', () => {
    expect(localClientVariables({ uiScope: 'openid' }, { MAILTRAIL_UI_CLIENT_ID: '' })).toEqual({
      MAILTRAIL_UI_AUDIENCE: 'urn:mailtrail:local',
    });
  });

  it('has no settings where another issuer is configured, which knows other clients', () => {
    const issuer = 'https://login.example.com/';
    expect(localClientVariables({ oidcIssuer: issuer }, {})).toEqual({});
    expect(localClientVariables({}, { MAILTRAIL_OIDC_ISSUER: issuer })).toEqual({});
  });
});
