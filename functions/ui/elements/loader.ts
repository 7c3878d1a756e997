/**
 * The module that host pages embed, `/ui/mailtrail.js`. It loads the code of an element once the page has its tag. Hosts
 * with shadow roots of their own, which it does not search, call {@link load}.
 */

const modules = {
  'mailtrail-emails': () => import('./mailtrail-emails.ts'),
  'mailtrail-email': () => import('./mailtrail-email.ts'),
  'mailtrail-status': () => import('./mailtrail-status.ts'),
} as const satisfies Record<`mailtrail-${string}`, () => Promise<unknown>>;

export type ElementName = keyof typeof modules;

const ownUrl = new URL(import.meta.url);
/** A loader that replaces an outdated one has a query. */
const isReplacement = ownUrl.search !== '';
let replacement: Promise<{ readonly load: typeof load }> | undefined;

/**
 * Defines an element, e.g. `mailtrail-emails`, unless it is defined already.
 *
 * @throws TypeError if its code cannot be loaded; a later call tries again
 */
export async function load(name: ElementName): Promise<void> {
  if (customElements.get(name)) return;
  try {
    await modules[name]();
  } catch (error) {
    if (isReplacement) throw error;
    // A deployment removes the files of the one before, and this loader may come from a cache.
    ownUrl.search = String(Date.now());
    replacement ??= import(ownUrl.href);
    try {
      await (await replacement).load(name);
    } catch (again) {
      replacement = undefined;
      throw again;
    }
  }
}

/** Loads each element as its tag appears in the document. */
function loadOnDemand(): void {
  const waiting = new Map(
    (Object.keys(modules) as ElementName[]).map(name => [name, document.getElementsByTagName(name)]),
  );
  const loadPresent = () => {
    for (const [name, { length }] of waiting) {
      if (length === 0) continue;
      waiting.delete(name);
      load(name).catch(console.error);
    }
    if (waiting.size === 0) observer.disconnect();
  };
  const observer = new MutationObserver(loadPresent);
  observer.observe(document, { childList: true, subtree: true });
  loadPresent();
}

if (!isReplacement) loadOnDemand();
