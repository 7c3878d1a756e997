// The names in the examples of the documents that are the reader's own.
declare function save(events: readonly unknown[], quarantined: readonly unknown[]): Promise<void>;
declare function session(): Promise<{ accessToken: string }>;
declare const kept: Map<string, { rank: string }>;
declare const detail: { emailId: string; rank: string };
declare const mailtrail: import('mailtrail').Mailtrail;
declare const queue: import('aws-cdk-lib/aws-sqs').Queue;
declare const deadLetterQueue: import('aws-cdk-lib/aws-sqs').Queue;
declare const stack: import('aws-cdk-lib').Stack;
