import type { Alert } from '../../shared/alerts/alert.ts';
import { noon } from '../rigs/arbitrary-events.ts';

export function anAlert(changes: Partial<Alert> = {}): Alert {
  return {
    kind: 'hard_bounce',
    emailId: 'email-1',
    provider: 'sendgrid',
    reporter: 'sendgrid',
    recipient: 'jane@example.com',
    accountId: 'acme',
    subject: 'Invoice 7',
    reference: 'INV-7',
    status: 'invalid',
    statusAt: noon,
    reason: { code: '550', enhancedCode: '5.1.1', text: 'no such user' },
    caveats: [],
    ...changes,
  };
}
