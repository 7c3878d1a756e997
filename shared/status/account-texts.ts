/**
 * The recommended actions for an account's people, who send invoices through a product and can change no mail server.
 * Only those that differ are here. They stand apart from the catalogue, because ingest and alert do without them.
 */

import type { Status } from './catalogue.ts';
import type { Cause } from './causes.ts';

/** In place of the `resolution` of a status. */
export const resolutionsForAccount: Partial<Readonly<Record<Status, string>>> = {
  enqueued: 'If it is not sent within a reasonable time, resend it. If that does not help, tell support.',
  rejected: 'Check the address and tell support. Meanwhile, reach the recipient another way.',
};

/** In place of the `whatToDo` of a cause. */
export const actionsForAccount: Partial<Readonly<Record<Cause, string>>> = {
  too_large:
    "The email is too large for the recipient's server. Make it smaller and resend, or send the document another way.",
  blocked:
    "The recipient's server blocks the server that sends your emails. The address is not the problem: tell support, and reach the recipient another way.",
  authentication_failed:
    "The recipient's server could not confirm that the email comes from its sender. The address is not the problem: tell support, and reach the recipient another way.",
  sender_rejected:
    "The recipient's server refused the address that the email came from. Tell support, and reach the recipient another way.",
  relay_denied:
    'A mail server refused to pass the email on. Check the spelling of the address. If it is right, tell support.',
  reverse_dns:
    "The recipient's server does not trust the server that sends your emails. The address is not the problem: tell support, and reach the recipient another way.",
  spam_content:
    'A spam filter took the email for spam. Ask the recipient another way to allow your address, then resend.',
  virus:
    'A scanner reported a virus in the email. Check the files that you attached. If they are harmless, tell support.',
  policy:
    "The recipient's server refused the email because of its policy. Ask the recipient another way to have your address allowed, or tell support.",
  protocol:
    'A server refused the form of the email. The address is not the problem: tell support, and reach the recipient another way.',
  suppressed:
    'The email provider sends nothing to this address any more, usually after a bounce, complaint or unsubscribe. Ask the recipient another way whether it is right and they want your emails. Then tell support.',
};
