import type { Adapter, AdapterPayload } from 'oidc-provider';

interface Stored {
  readonly payload: AdapterPayload;
  /** Epoch milliseconds. */
  readonly endsAt: number;
}

/** Sessions, codes and refresh tokens of the local issuer, in memory: a restart forgets them. */
export function createSessionStore(now: () => number = Date.now): (kind: string) => Adapter {
  const all = new Map<string, Stored>();

  function forget(isGone: (stored: Stored) => boolean): void {
    for (const [key, stored] of all) if (isGone(stored)) all.delete(key);
  }

  return kind => {
    const key = (id: string) => `${kind}:${id}`;
    const find = async (id: string) => {
      const stored = all.get(key(id));
      return stored !== undefined && stored.endsAt > now() ? stored.payload : undefined;
    };
    const findBy = async (member: 'uid' | 'userCode', value: string) => {
      for (const [name, { payload, endsAt }] of all)
        if (name.startsWith(`${kind}:`) && payload[member] === value && endsAt > now()) return payload;
      return undefined;
    };
    return {
      find,
      findByUid: uid => findBy('uid', uid),
      findByUserCode: userCode => findBy('userCode', userCode),
      async upsert(id, payload, expiresInSeconds = Number.POSITIVE_INFINITY) {
        forget(({ endsAt }) => endsAt <= now());
        all.set(key(id), { payload, endsAt: now() + expiresInSeconds * 1000 });
      },
      async consume(id) {
        const payload = await find(id);
        if (payload !== undefined) payload.consumed = Math.floor(now() / 1000);
      },
      async destroy(id) {
        all.delete(key(id));
      },
      async revokeByGrantId(grantId) {
        forget(({ payload }) => payload.grantId === grantId);
      },
    };
  };
}
