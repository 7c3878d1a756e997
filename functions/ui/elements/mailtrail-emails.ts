import { LitElement } from 'lit';

class MailtrailEmails extends LitElement {}

if (!customElements.get('mailtrail-emails')) customElements.define('mailtrail-emails', MailtrailEmails);
