import type { ProviderName } from '../../../shared/providers/registry.ts';
import { type LivingEmail, livingEmails, type Step, stepsInTime } from '../simulate/lives.ts';
import { requestsOf, type SimulatedRequest } from '../simulate/requests.ts';
import { told } from '../simulate/samples.ts';
import { shuffled } from '../simulate/shuffled.ts';

const providers = ['ses', 'sendgrid', 'mailgun', 'postmark', 'app'] as const satisfies readonly ProviderName[];

/** Steps that most providers do not report: the sender registers its emails. */
const bySender: readonly Step[] = ['enqueued', 'sent'];

const minute = 60_000;

/**
 * The demo's sixty emails, the same for the same time: a second run must change nothing.
 *
 * @param firstStartsAt whole minutes, in epoch milliseconds; emails of another day are other emails
 */
export function demoEmails(firstStartsAt: number): LivingEmail[] {
  return livingEmails({
    providers,
    count: 60,
    firstNumber: firstStartsAt / minute,
    firstInvoice: 1001,
    firstStartsAt,
    apart: 11 * minute,
  });
}

/**
 * The callbacks that report the emails' lives as real providers do: out of order, every sixth event twice, in batches
 * where the provider batches. The same for the same emails.
 */
export function demoRequests(emails: readonly LivingEmail[]): SimulatedRequest[] {
  const all = emails.flatMap(email =>
    stepsInTime(email).flatMap(({ step, at }) => {
      const provider = bySender.includes(step) ? 'app' : email.provider;
      const said = told(provider, email, step, at);
      return said === undefined ? [] : [{ provider, said }];
    }),
  );
  const again = all.filter((_, index) => index % 6 === 0);
  const byProvider = Map.groupBy(shuffled([...all, ...again]), ({ provider }) => provider);
  return shuffled(
    [...byProvider].flatMap(([provider, tales]) =>
      requestsOf(
        provider,
        tales.map(({ said }) => said),
        8,
      ),
    ),
  );
}
