import type { Provider } from './provider.ts';

/** Every provider that Mailtrail understands, by the name in its webhook URL. */
export const providers = {} as const satisfies Record<string, Provider>;
