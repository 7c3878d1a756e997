/**
 * The types of `mailtrail/elements`. The module defines `<mailtrail-emails>`, `<mailtrail-email>` and
 * `<mailtrail-status>` for the page that imports it. On a server it does nothing.
 */

import type { EventDetails } from '../../../../functions/ui/elements/events.ts';
import type {
  EmailProperties,
  EmailsProperties,
  StatusProperties,
} from '../../../../functions/ui/elements/properties.ts';
import type { components } from '../../client/openapi.d.ts';

export type { EmailFilter } from '../../../../functions/ui/elements/filter.ts';
export type { Message, MessageTable } from '../../../../functions/ui/elements/messages/message.ts';
export type {
  ElementProperties,
  EmailProperties,
  EmailsProperties,
  StatusProperties,
} from '../../../../functions/ui/elements/properties.ts';

/** An email, as the API answers it. */
export type Email = components['schemas']['Email'];

/** Each event of the elements, as a listener gets it. */
export type MailtrailEvents = { [Name in keyof EventDetails<Email>]: CustomEvent<EventDetails<Email>[Name]> };

export interface MailtrailEmailsElement extends HTMLElement, EmailsProperties {}
export interface MailtrailEmailElement extends HTMLElement, EmailProperties {}
export interface MailtrailStatusElement extends HTMLElement, StatusProperties {}

declare global {
  interface HTMLElementTagNameMap {
    'mailtrail-emails': MailtrailEmailsElement;
    'mailtrail-email': MailtrailEmailElement;
    'mailtrail-status': MailtrailStatusElement;
  }
  // Events bubble, so that any element and the document may listen.
  interface GlobalEventHandlersEventMap extends MailtrailEvents {}
}
