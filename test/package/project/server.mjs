await import('mailtrail/elements');
await import('mailtrail/elements/react');
