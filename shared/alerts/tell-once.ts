import { forEachConcurrently } from '../runtime/concurrency.ts';
import { type Alert, type AlertKey, keyText } from './alert.ts';
import { type Channel, type Digest, digestIdOf, type Ledger } from './ledger.ts';

/** A way to tell alerts: who reads them, and how they are put together. */
export interface Telling {
  readonly channel: Channel;
  readonly ledger: Ledger;
  /** The alerts about these emails as they stand now; emails that are gone have none. */
  readonly alertsOf: (keys: readonly AlertKey[]) => Promise<readonly Alert[]>;
  /** Splits alerts into those of one message each. */
  readonly split: (alerts: readonly Alert[]) => readonly (readonly Alert[])[];
  /** Publishes one message; rejects if that fails. */
  readonly publish: (digestId: string, alerts: readonly Alert[]) => Promise<void>;
  /** The most messages in one call; no limit by default. */
  readonly maxMessages?: number;
  /** Asked once, before the first message; where it says no, nothing is told. */
  readonly mayPublish?: () => Promise<boolean>;
  /** Called for each failure. */
  readonly onFault: (where: string, error: unknown) => void;
}

/** The result: the alerts by their key's text. Those in no set are told, now or earlier, or their email is gone. */
export interface Told {
  readonly failed: ReadonlySet<string>;
  /** Not tried: the limit of messages was reached, or nothing might be published. */
  readonly waiting: ReadonlySet<string>;
  readonly emails: number;
  readonly messages: number;
  readonly alreadyTold: number;
}

const messagesInFlight = 8;
const writesInFlight = 16;

/**
 * Tells alerts once, also after a crash at any point.
 *
 *     open the digest → reserve its alerts → publish → commit
 *
 * Before the publication nothing was told, and after the commit the digest is told: the ledger says so to everybody who
 * comes later. A crash in between repeats the same message under the same id. An alert that is reserved for a digest is
 * told by that digest alone, whoever finishes it.
 *
 * @param keys alerts in any order, each also several times
 * @throws if the ledger or the emails cannot be read: then nothing was told
 */
export async function tellOnce(keys: readonly AlertKey[], telling: Telling): Promise<Told> {
  const { channel, ledger, alertsOf, split, publish, maxMessages = Number.POSITIVE_INFINITY, onFault } = telling;
  const asked = new Map(keys.map(key => [keyText(key), key]));
  const failed = new Set<string>();
  const counts = { emails: 0, messages: 0 };

  const held = await ledger.digestsOf([...asked.values()]);
  const begun = new Map([...held.values()].filter(({ told }) => !told).map(digest => [digest.id, digest]));
  // A member that is not reserved yet will be, as soon as its digest is finished.
  const members = new Set([...begun.values()].flatMap(digest => digest.keys.map(keyText)));
  const fresh = [...asked.values()].filter(key => !held.has(keyText(key)) && !members.has(keyText(key)));
  const alreadyTold = [...held.values()].filter(({ told }) => told).length;

  const alerts = fresh.length === 0 ? [] : await alertsOf(fresh);
  const groups = alerts.length === 0 ? [] : split(alerts);
  /** A digest that begins now has been read already. */
  const digests: (Digest & { readonly alerts?: readonly Alert[] })[] = [
    ...begun.values(),
    ...groups.map(group => {
      const ofGroup = group.map(({ kind, emailId }) => ({ kind, emailId }));
      return { id: digestIdOf(channel, ofGroup), keys: ofGroup, alerts: group };
    }),
  ];
  const waits = digests.length > 0 && telling.mayPublish !== undefined && !(await telling.mayPublish());
  const tried = waits ? [] : digests.slice(0, maxMessages);
  const untried = digests.slice(tried.length);

  await forEachConcurrently(tried, messagesInFlight, async digest => {
    let where = 'alert.reserve';
    try {
      const isBegun = begun.has(digest.id) || (await ledger.open(digest));
      const own = await reserved(digest);
      const isOwn = (key: AlertKey) => own.has(keyText(key));
      where = 'alert.read';
      const alerts = digest.alerts?.filter(isOwn) ?? (await alertsOf(digest.keys.filter(isOwn)));
      // A queue gives a message again while its first invocation lasts too long: that one may have told meanwhile. Both
      // may even have begun the digest.
      if (isBegun && (await ledger.isTold(digest.id))) return;
      where = 'alert.publish';
      if (alerts.length > 0) {
        await publish(digest.id, alerts);
        counts.messages += 1;
        counts.emails += alerts.length;
      }
      where = 'alert.commit';
      await ledger.commit(digest.id);
    } catch (error) {
      for (const key of digest.keys) failed.add(keyText(key));
      onFault(where, error);
    }
  });

  /** The digest's alerts. One that another digest has taken meanwhile fails here: it is asked for again. */
  async function reserved({ id, keys }: Digest): Promise<ReadonlySet<string>> {
    const own = new Set<string>();
    const errors: unknown[] = [];
    await forEachConcurrently(keys, writesInFlight, async key => {
      try {
        if (await ledger.reserve(key, id)) own.add(keyText(key));
        else failed.add(keyText(key));
      } catch (error) {
        errors.push(error);
      }
    });
    if (errors.length > 0) throw errors[0];
    return own;
  }

  const among = (set: ReadonlySet<string>) => new Set([...set].filter(key => asked.has(key)));
  const waiting = new Set(untried.flatMap(digest => digest.keys.map(keyText)));
  return { failed: among(failed), waiting: among(waiting), ...counts, alreadyTold };
}
