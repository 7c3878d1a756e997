import type { Catalogue } from '../../../shared/http/response-schemas.ts';
import { answered, RequestFailed } from './connection.ts';

export type StatusEntry = Catalogue['statuses'][number];
export type CauseEntry = Catalogue['causes'][number];

/** The statuses and causes of an API, by their ids. */
export interface Words {
  readonly statuses: ReadonlyMap<string, StatusEntry>;
  readonly causes: ReadonlyMap<string, CauseEntry>;
}

const loads = new Map<string, Promise<Words>>();

/** The catalogue of an API, loaded once for all elements of the page; a failed load is tried again. */
export function catalogueOf(api: string): Promise<Words> {
  const loading = loads.get(api) ?? load(api);
  loads.set(api, loading);
  loading.catch(() => loads.delete(api));
  return loading;
}

async function load(api: string): Promise<Words> {
  const { statuses, causes } = await answered(async signal => {
    const response = await fetch(`${api}/statuses`, { credentials: 'omit', signal });
    if (!response.ok) throw new RequestFailed('busy');
    return (await response.json()) as Catalogue;
  });
  return {
    statuses: new Map(statuses.map(entry => [entry.id, entry])),
    causes: new Map(causes.map(entry => [entry.id, entry])),
  };
}
