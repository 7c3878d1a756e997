import type { EmailFilter } from 'mailtrail/elements';
import { useState } from 'react';
import 'mailtrail/elements/react';

export function Emails({ account, getToken }: { account: string; getToken: () => Promise<string | null> }) {
  const [filter, setFilter] = useState<EmailFilter>({});
  return (
    <section>
      <mailtrail-emails
        api="https://mail.example.com"
        account={account}
        className="emails"
        lang="de"
        filter={filter}
        getToken={getToken}
        onmailtrail-filter-change={event => setFilter(event.detail.filter)}
        ref={element => element?.focus()}
        resend
      />
      <mailtrail-email api="https://mail.example.com" emailId="JmswYShjxnMT89iiwiFJRf" key="email" />
      <mailtrail-status api="https://mail.example.com" account={account} reference="INV-7" />
      {/* @ts-expect-error: the address of the API is missing. */}
      <mailtrail-status reference="INV-7" />
      {/* @ts-expect-error: there is no such property. */}
      <mailtrail-email api="https://mail.example.com" email="JmswYShjxnMT89iiwiFJRf" />
    </section>
  );
}
