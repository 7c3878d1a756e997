import { describe, expect, it } from 'vitest';
import { adapters, createLoadedAdapters } from '../../shared/providers/adapters.ts';

const names = Object.keys(adapters);

describe('the loaded adapters', () => {
  it('are that of the provider, and none before it is needed', async () => {
    const { load, loaded } = createLoadedAdapters();
    const isLoaded = () => names.filter(name => loaded[name] !== undefined);
    expect(isLoaded()).toEqual([]);
    expect(await load('sendgrid')).toMatchObject({ name: 'sendgrid' });
    expect(isLoaded()).toEqual(['sendgrid']);
  });

  it('are all of them for a registration, which names an email of any provider', async () => {
    const { load, loaded } = createLoadedAdapters();
    await load('app');
    expect(names.filter(name => loaded[name] === undefined)).toEqual([]);
  });

  it('name every provider from the start', () => {
    expect(Object.keys(createLoadedAdapters().loaded)).toEqual(names);
  });

  it.each(names)('are called by the name in the webhook URL: %s', async name => {
    expect((await createLoadedAdapters().load(name))?.name).toBe(name);
  });

  it.each([undefined, '', 'pigeon', 'toString', '__proto__'])('have none for the unknown name %s', async name => {
    expect(await createLoadedAdapters().load(name)).toBeUndefined();
  });
});
