/** The types of `mailtrail/elements/react`: the elements in JSX of React 19. The module defines them, too. */

import type { DetailedHTMLProps, HTMLAttributes } from 'react';
import type {
  EmailProperties,
  EmailsProperties,
  MailtrailEmailElement,
  MailtrailEmailsElement,
  MailtrailEvents,
  MailtrailStatusElement,
  StatusProperties,
} from './index.ts';

type Listeners = { [Name in keyof MailtrailEvents as `on${Name}`]?: (event: MailtrailEvents[Name]) => void };

/** The props of an element. Of its properties only the address of the API is required. */
type Props<Element, Properties> = Omit<DetailedHTMLProps<HTMLAttributes<Element>, Element>, keyof Properties> &
  Partial<Omit<Properties, 'api'>> & { api: string } & Listeners;

export type MailtrailEmailsProps = Props<MailtrailEmailsElement, EmailsProperties>;
export type MailtrailEmailProps = Props<MailtrailEmailElement, EmailProperties>;
export type MailtrailStatusProps = Props<MailtrailStatusElement, StatusProperties>;

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'mailtrail-emails': MailtrailEmailsProps;
      'mailtrail-email': MailtrailEmailProps;
      'mailtrail-status': MailtrailStatusProps;
    }
  }
}
