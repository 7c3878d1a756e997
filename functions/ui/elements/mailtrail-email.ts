import { LitElement } from 'lit';

class MailtrailEmail extends LitElement {}

if (!customElements.get('mailtrail-email')) customElements.define('mailtrail-email', MailtrailEmail);
