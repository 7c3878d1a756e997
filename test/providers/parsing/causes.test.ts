import { describe, expect, it } from 'vitest';
import type { ProviderName } from '../../../shared/providers/registry.ts';
import { type Cause, causes } from '../../../shared/status/causes.ts';
import { parsedFixture } from '../../fixtures/fixtures.ts';

type Row = readonly [ProviderName, fixture: string, cause: Cause | undefined];
const causeOf = (provider: ProviderName, fixture: string) => {
  const [event] = parsedFixture(provider, fixture).events;
  return event?.reason?.cause;
};

describe('the cause of a failure', () => {
  it.each<Row>([
    ['ses', 'Bounce.Transient.MailboxFull', 'mailbox_full'],
    ['ses', 'Bounce.Transient.MessageTooLarge', 'too_large'],
    ['ses', 'Bounce.Transient.AttachmentRejected', 'policy'],
    ['ses', 'Bounce.Transient.ContentRejected', 'spam_content'],
    ['sendgrid', 'bounce.blocked-reputation', 'blocked'],
    ['mailgun', 'failed.could-not-connect', 'network'],
    ['mailgun', 'dropped.legacy-old.form', 'expired'],
    ['postmark', 'Bounce.DMARCPolicy', 'authentication_failed'],
    ['postmark', 'Bounce.SpamNotification', 'spam_content'],
    ['postmark', 'Bounce.VirusNotification', 'virus'],
    ['mandrill', 'soft_bounce.mailbox_full', 'mailbox_full'],
    ['sparkpost', 'bounce.class-10', 'unknown_user'],
    ['sparkpost', 'bounce.class-22', 'mailbox_full'],
    ['sparkpost', 'bounce.class-23', 'too_large'],
    ['sparkpost', 'bounce.class-24', 'expired'],
    ['sparkpost', 'bounce.class-51', 'blocked'],
    ['sparkpost', 'bounce.class-53', 'policy'],
    ['sparkpost', 'bounce.class-54', 'relay_denied'],
    ['mailjet', 'bounce.quota-exceeded', 'mailbox_full'],
    ['mailjet', 'bounce.mailbox-inactive', 'disabled_account'],
    ['mailjet', 'blocked.user-unknown', 'unknown_user'],
    ['mailjet', 'blocked.sender-blocked', 'blocked'],
    ['mailtrap', 'bounce.overquota', 'mailbox_full'],
    ['mailtrap', 'bounce.badsender', 'sender_rejected'],
    ['unisendergo', 'hard_bounced.err_too_large', 'too_large'],
    ['unisendergo', 'hard_bounced.err_user_inactive', 'disabled_account'],
    ['elasticemail', 'Error.SPFProblem.form', 'authentication_failed'],
    ['elasticemail', 'Error.Throttled.form', 'rate_limited'],
    ['azure', 'Microsoft.Communication.EmailDeliveryReportReceived.FilteredSpam', 'spam_content'],
    ['scaleway', 'email_spam', 'spam_content'],
  ])('in %s is what the label in %s says', (provider, fixture, cause) => {
    expect(causeOf(provider, fixture)).toBe(cause);
  });

  it.each<readonly [ProviderName, fixture: string]>([
    ['ses', 'Bounce.Permanent.EmailValidationSuppressed'],
    ['ses', 'Complaint.OnAccountSuppressionList'],
    ['sendgrid', 'dropped.bounced-address'],
    ['sendgrid', 'dropped.unsubscribed'],
    ['mailgun', 'failed.suppress-bounce'],
    ['postmark', 'Bounce.ManuallyDeactivated.old-reply'],
    ['resend', 'email.suppressed'],
    ['resend', 'email.bounced.without-type.suppressed'],
    ['brevo', 'blocked'],
    ['mailjet', 'blocked.preblocked'],
    ['mailjet', 'bounce.spam-reporter'],
    ['mailersend', 'activity.suppressed'],
    ['mailtrap', 'reject'],
    ['postal', 'MessageHeld.suppression-list'],
    ['unisendergo', 'hard_bounced.err_unsubscribed'],
    ['azure', 'Microsoft.Communication.EmailDeliveryReportReceived.Suppressed'],
    ['usesend', 'email.suppressed'],
    ['emailit', 'email.suppressed'],
    ['scaleway', 'email_blocklisted'],
  ])('that %s did not even try is the suppression, whatever reply it repeats: %s', (provider, fixture) => {
    expect(parsedFixture(provider, fixture).events).toMatchObject([
      { status: 'rejected', reason: { cause: 'suppressed' } },
    ]);
  });

  it.each<Row>([
    ['resend', 'email.bounced.Permanent.General.own-words', 'unspecified'],
    ['resend', 'email.bounced.Transient.General.own-words', 'unspecified'],
    ['resend', 'email.bounced.without-type.advice', 'unspecified'],
    ['resend', 'email.bounced.without-type.full', 'mailbox_full'],
    ['usesend', 'email.bounced.Permanent.General.own-words', 'unspecified'],
    ['usesend', 'email.bounced.Transient.General.own-words', 'unspecified'],
    ['usesend', 'email.bounced.without-type.advice', 'unspecified'],
    ['postal', 'MessageDeliveryFailed.own-words', 'unspecified'],
    ['postal', 'MessageDeliveryFailed.tries-used-up', 'expired'],
  ])('is not read out of the advice that %s gives in its own words: %s', (provider, fixture, cause) => {
    expect(causeOf(provider, fixture)).toBe(cause);
  });

  it.each<Row>([
    ['loops', 'email.hardBounced', 'unspecified'],
    ['emailit', 'email.bounced', 'unspecified'],
    ['postal', 'MessageBounced', 'unspecified'],
    ['sendgrid', 'bounce.blocked-without-classification', 'unspecified'],
    ['postmark', 'Bounce.TemplateRenderingFailed', undefined],
    ['resend', 'email.failed', undefined],
    ['sendgrid', 'dropped.quota', undefined],
  ])('is not made up where a report of %s does not say why, or it was nobody else: %s', (provider, fixture, cause) => {
    expect(causeOf(provider, fixture)).toBe(cause);
  });

  it.each<readonly [ProviderName, fixture: string]>([
    ['sendgrid', 'delivered'],
    ['sendgrid', 'spamreport'],
    ['postmark', 'Bounce.AutoResponder'],
    ['sparkpost', 'bounce.class-60'],
    ['mailgun', 'failed.without-severity'],
    ['postal', 'MessageHeld'],
  ])('is none of what is no failure: %s, %s', (provider, fixture) => {
    expect(causeOf(provider, fixture)).toBeUndefined();
  });

  it.each<Row>([
    ['ses', 'DeliveryDelay.RecipientServerError', 'system'],
    ['mailtrap', 'soft-bounce', 'mailbox_full'],
    ['mailjet', 'bounce.greylisted', 'greylisted'],
    ['ahasend', 'message.transient_error.QuotaIssues', 'mailbox_full'],
    ['mailgun', 'failed.temporary', 'system'],
  ])('is said of what was put off as well: %s, %s', (provider, fixture, cause) => {
    expect(parsedFixture(provider, fixture).events).toMatchObject([{ status: 'deferred', reason: { cause } }]);
  });

  it.each<Row>([
    ['ses', 'DeliveryDelay.TransientCommunicationFailure.full', 'mailbox_full'],
    ['ahasend', 'message.transient_error.BadConnection.full', 'mailbox_full'],
    ['mailgun', 'failed.temporary.could-not-connect-full', 'mailbox_full'],
    ['mailjet', 'bounce.greylisted.full', 'mailbox_full'],
    ['ses', 'DeliveryDelay.MailboxFull', 'mailbox_full'],
    ['ses', 'DeliveryDelay.IPFailure', 'blocked'],
    ['ahasend', 'message.transient_error.QuotaIssues.weak-words', 'mailbox_full'],
    ['mailgun', 'failed.temporary.could-not-connect', 'network'],
    ['mailjet', 'bounce.greylisted.weak-words', 'greylisted'],
  ])(
    "of what was put off is the server's words, then the label, then words that say little: %s, %s",
    (provider, fixture, cause) => {
      expect(parsedFixture(provider, fixture).events).toMatchObject([{ status: 'deferred', reason: { cause } }]);
    },
  );

  it('leads to the status, but for a failure that Mailjet calls temporary', () => {
    expect(parsedFixture('mailjet', 'bounce.mailbox-inactive-for-now').events).toMatchObject([
      { status: 'soft_bounced', reason: { cause: 'disabled_account' } },
    ]);
    expect(causes.disabled_account.status).toBe('hard_bounced');
  });
});
