/**
 * Every condition that the watch function judges and tells operators of: its impact, and the first step. docs/on-call.md is
 * written from this table.
 */

export interface ConditionFacts {
  /** The effect on people while it lasts. */
  readonly impact: string;
  /** The first step of whoever gets its message. */
  readonly whatToDo: string;
  /** The figure in words. */
  readonly measures: string;
  /** Judged once an hour, and every five minutes otherwise. */
  readonly hourly?: true;
  /** A failure that begins it on one machine. */
  readonly tryIt: string;
  /** Said besides where it begins for several subjects at once. */
  readonly several?: string;
  /** The headlines of its begin and of its end, with the names of its subjects. */
  readonly headlines: readonly [
    began: (names: readonly string[]) => string,
    ended: (names: readonly string[]) => string,
  ];
}

/** One name, or how many there are. */
function counted(names: readonly string[], plural: string): string {
  return names.length === 1 ? names[0]! : `${names.length} ${plural}`;
}

const kept = 'They expire 14 days after arrival.';

export const conditions = {
  QuarantineNotEmpty: {
    impact: 'Some genuine events could not be parsed or recorded: the status of their emails may be out of date.',
    whatToDo: `npm run replay -- --queue quarantine --dry-run --show lists them with the reason. Once they can be parsed, the same without --dry-run --show records them. ${kept}`,
    measures: 'messages in quarantine',
    tryIt: 'Send a genuine call with an event that no adapter knows.',
    headlines: [() => 'messages in quarantine', () => 'the quarantine is empty again'],
  },
  EventsGivenUp: {
    impact: 'Some genuine events could not be recorded for some 8 hours: their statuses are out of date.',
    whatToDo: `Find the cause in the lines \`queue.message-failed\` of the ingest log. Once it is fixed: npm run replay -- --queue dead-letter. ${kept}`,
    measures: 'messages in the dead-letter queues of the retry queue and of Amazon SES',
    tryIt: 'Let the table fail for eight hours after an event of Amazon SES came.',
    headlines: [() => 'events given up', () => 'no events wait among the dead letters'],
  },
  LettersGivenUp: {
    impact: 'Some letters about hard bounces or spam marks were not sent to people.',
    whatToDo: `Inform support: the emails are in their attention lists. Once the cause is fixed, start a redrive of the queue of the output DigestDeadLettersQueueUrl. ${kept}`,
    measures: "messages in the dead-letter queue of people's alerts",
    tryIt: 'Let SNS fail for the digest function while an email bounces, for eight hours.',
    headlines: [() => 'letters given up', () => 'no letters wait among the dead letters'],
  },
  RecordsGivenUp: {
    impact:
      "Some records of the table's stream were given up: they became no alert for machines, no event on the bus, or no news.",
    whatToDo: `Find the cause in the logs of the alert and of the changes function. The records are in the failure bucket (AlertFailuresBucketName); no status is lost. Then feed them back with npm run replay -- --queue failures. ${kept}`,
    measures: 'objects in the failure bucket',
    hourly: true,
    tryIt: 'Let SNS fail for the alert function while an email bounces, until the last of eleven tries.',
    headlines: [() => 'stream records given up', () => 'the failure bucket is empty again'],
  },
  SupportNotSubscribed: {
    impact: 'Nobody is subscribed to the letters about hard bounces and spam marks: support hears of none.',
    whatToDo:
      'Subscribe support to the topic of the output SupportTopicArn, and confirm so that only a signed-in person can unsubscribe.',
    measures: "confirmed subscriptions of support's topic",
    tryIt: 'Open the unsubscribe link of an alert.',
    headlines: [() => 'nobody is subscribed to letters for support', () => 'support is subscribed again'],
  },
  DailyDigestMissing: {
    impact: 'Support got no daily digest: nobody is reminded of the emails that need action.',
    whatToDo:
      'Find the part that failed in the lines `fault` of the log of the daily function. Invoke it by hand once the cause is fixed: it sends the digest that was due last, and no part twice.',
    measures: 'whether the last digest that was due was sent within an hour',
    tryIt: 'Set dailyDigestHour, and let SNS fail for the daily function.',
    headlines: [() => 'the daily digest was not sent', () => 'the daily digest was sent again'],
  },
  MappingOff: {
    impact: 'A function gets nothing of its queue or stream: events, alerts or news wait, and are lost in the end.',
    whatToDo:
      'Switch the event source mapping on again, in the console of Lambda or by deploying. A stream keeps its records for 24 hours.',
    measures: 'whether each event source mapping is enabled',
    tryIt: 'Switch off the event source mapping of a function.',
    headlines: [
      names => `${counted(names, 'event source mappings')} switched off`,
      names => `${counted(names, 'event source mappings')} switched on again`,
    ],
  },
  NoNews: {
    impact: 'The statuses of these emails are out of date, and nobody hears of their bounces.',
    whatToDo:
      'Check at the provider that the webhook is switched on, that it leads here, and that its calls succeed. The route GET /providers and the page /ui show refused calls: if there are some, compare the secret.',
    measures: 'the emails of a provider without news, while it is silent',
    tryIt: 'Report 20 emails as Sent, and nothing more of them for three quarters of an hour.',
    several: 'The fault may be here, since several fell silent at once: see the alarm CanaryFailed first.',
    headlines: [
      names => `no news of ${counted(names, 'providers')}`,
      names => `news of ${counted(names, 'providers')} again`,
    ],
  },
  BounceRate: {
    impact: 'Providers slow down or suspend senders with many hard bounces, and mailbox providers trust them less.',
    whatToDo:
      'Find out where the addresses come from. Send to none of those that bounced again, and confirm new ones by a first email.',
    measures: 'hard-bounced emails over those sent, of a provider and of an account',
    hourly: true,
    tryIt: 'Let 10 of 100 emails of one account bounce hard.',
    headlines: [
      names => `many hard bounces of ${counted(names, 'senders')}`,
      names => `hard bounces of ${counted(names, 'senders')} are usual again`,
    ],
  },
  ComplaintRate: {
    impact: 'Mailbox providers put the emails of senders with many spam marks into spam, or refuse them.',
    whatToDo:
      'Send to nobody again who marked an email as spam. Look at what these emails have in common, and whether people asked for them.',
    measures: 'emails marked as spam over those delivered, of a provider and of an account',
    hourly: true,
    tryIt: 'Let 10 of 1,000 delivered emails of one account be marked as spam.',
    headlines: [
      names => `many spam marks of ${counted(names, 'senders')}`,
      names => `spam marks of ${counted(names, 'senders')} are usual again`,
    ],
  },
} as const satisfies Record<string, ConditionFacts>;

export type ConditionName = keyof typeof conditions;
