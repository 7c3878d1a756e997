/**
 * The body of a SendGrid request with delivered events of as many distinct emails, and with all of SendGrid's fields. The
 * emails of two batches with different names are different, too.
 */
export function sendgridBatch(size: number, batch: string, at: number): Buffer {
  const events = Array.from({ length: size }, (_, index) => ({
    email: `customer.${batch}.${index}@example.com`,
    timestamp: Math.floor(at / 1000),
    'smtp-id': `<${batch}.${index}.14c5d75ce93@ismtpd-555>`,
    event: 'delivered',
    category: ['invoice', 'monthly'],
    sg_event_id: `ZGVsaXZlcmVkLTA-${batch}-${index}`.padEnd(48, 'x'),
    sg_message_id: `${batch}-${index}-14c5d75ce93.recvd-5f9d8b7c6d-abcde-1-65F2A1B3-2A.0`,
    response: '250 2.0.0 OK  1767323045 af79cd13be357-7c5a5d0d2d4si123456785a.123 - gsmtp',
    tls: 1,
    ip: '192.0.2.17',
    account_id: `account-${index % 50}`,
  }));
  return Buffer.from(JSON.stringify(events));
}
