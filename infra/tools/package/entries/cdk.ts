/** `mailtrail`: the construct. */

export { Mailtrail } from '../../../mailtrail.ts';
export type { MailtrailProps } from '../../../mailtrail-props.ts';
