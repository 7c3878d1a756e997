import { LitElement } from 'lit';

class MailtrailApp extends LitElement {}

if (!customElements.get('mailtrail-app')) customElements.define('mailtrail-app', MailtrailApp);
