import type { ProvidersAnswer } from '../../shared/http/response-schemas.ts';
import { type Counted, countedDays } from '../../shared/news/counts.ts';
import type { ProviderState } from '../../shared/news/store.ts';
import { providerInWords } from '../../shared/providers/titles.ts';
import { day, isoText } from '../../shared/runtime/time.ts';

export interface KnownNews {
  /** The providers in use. */
  readonly listed: readonly string[];
  readonly states: ReadonlyMap<string, ProviderState>;
  readonly counts: ReadonlyMap<string, Counted>;
}

/** The providers that are in use or of which something came, those in use first. */
export function providersView(names: readonly string[], known: KnownNews, now: number): ProvidersAnswer {
  const { listed, states, counts } = known;
  const ofNames = (inUse: boolean) =>
    names
      .filter(name => listed.includes(name) === inUse)
      .map(name => providerView(name, inUse, states.get(name) ?? {}, counts.get(name) ?? none))
      .filter(view => view.inUse || view.lastEventAt !== null || view.refused + view.quarantined > 0);
  return {
    countedSince: isoText(Math.floor(now / day) * day - (countedDays - 1) * day),
    providers: [...ofNames(true), ...ofNames(false)],
  };
}

const none: Counted = { refused: 0, quarantined: 0 };

const timeOrNull = (millis: number | undefined) => (millis === undefined ? null : isoText(millis));

function providerView(
  provider: string,
  inUse: boolean,
  state: ProviderState,
  { refused, quarantined }: Counted,
): ProvidersAnswer['providers'][number] {
  const { lastEventAt, lagMs, judgedAt, silence = 0, emails, waiting, silentSince, listedAt } = state;
  // A provider that is not in use is not expected to report.
  const isQuiet = inUse && silence >= 1;
  return {
    provider,
    title: providerInWords(provider),
    inUse,
    lastEventAt: timeOrNull(lastEventAt),
    lagSeconds: lagMs === undefined ? null : Math.round(lagMs / 1000),
    refused,
    quarantined,
    silentSince: timeOrNull(silentSince ?? (isQuiet ? (lastEventAt ?? listedAt) : undefined)),
    noNews: emails === undefined || waiting === undefined ? null : { emails, waiting },
    judgedAt: timeOrNull(judgedAt),
  };
}
