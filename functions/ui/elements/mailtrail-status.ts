import { LitElement } from 'lit';

class MailtrailStatus extends LitElement {}

if (!customElements.get('mailtrail-status')) customElements.define('mailtrail-status', MailtrailStatus);
