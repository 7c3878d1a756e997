import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../infra/config.ts';
import { readAssembly } from '../../infra/local/cloudformation/assembly.ts';
import { localSettings } from '../../infra/local/cloudformation/local-settings.ts';
import type { Template } from '../../infra/local/cloudformation/template.ts';
import { variablesOf } from '../../infra/tools/cost/assembled.ts';
import { type Bills, billsOf } from '../../infra/tools/cost/bills.ts';
import { withTables } from '../../infra/tools/cost/docs-tables.ts';
import type { Bill } from '../../infra/tools/cost/line.ts';
import { failedLife, roundsOf, usualLife } from '../../infra/tools/cost/lives.ts';
import { deployedTemplate, type Measured, measure } from '../../infra/tools/cost/measure.ts';
import { pricesFrom } from '../../infra/tools/cost/own-prices.ts';
import { prices } from '../../infra/tools/cost/prices.ts';
import { breakEvenDays, largestTable } from '../../infra/tools/cost/table-class.ts';
import { tableFacts } from '../../infra/tools/cost/template-facts.ts';
import { textOf } from '../../infra/tools/cost/text.ts';
import { providerNames } from '../fixtures/signing.ts';
import { synthesize } from '../infra/synthesized.ts';
import { sharedAssembly } from '../rigs/assembly.ts';

const quantityOf = ({ lines }: Bill, component: string) =>
  lines.filter(line => line.component === component).reduce((sum, { quantity }) => sum + quantity, 0);
const usdOf = ({ lines }: Bill, component: string) =>
  lines.filter(line => line.component === component).reduce((sum, { usd }) => sum + usd, 0);

describe('the bill of a small run', () => {
  let template: Template;
  let measured: Measured;
  let bills: Bills;

  beforeAll(async () => {
    const assembly = await sharedAssembly();
    template = readAssembly(assembly).template;
    const calls = { eventsPerCall: 1, idleRuns: 2, refusedCalls: 20 };
    measured = await measure({ provider: 'sendgrid', emails: 10, failures: 1, ...calls, assembly });
    bills = billsOf(measured, 1_000, prices);
    // A busy machine takes long to synthesize and to come to rest.
  }, 400_000);

  const withMore = (resources: Template['Resources']): Bills =>
    billsOf(
      { ...measured, template: deployedTemplate({ ...template, Resources: { ...template.Resources, ...resources } }) },
      1_000,
      prices,
    );

  it('has five calls an email', () => {
    expect(measured.events).toBe(50);
    expect(quantityOf(bills.emails, 'gateway')).toBe(5_000);
    expect(quantityOf(bills.emails, 'ingest function, invocations')).toBe(5_000);
  });

  it('has at least one write for each event, and one entry in each index of an account and a reference', () => {
    expect(quantityOf(bills.emails, 'emails table, writes')).toBeGreaterThanOrEqual(5_000);
    for (const index of ['byAccount', 'byRecipient', 'byReference']) {
      expect(quantityOf(bills.emails, `emails table, index ${index}`)).toBe(1_000);
    }
  });

  it('counts the units that the meter counted', () => {
    const ingest = Object.keys(measured.used.functions).find(name => name.startsWith('Ingest'))!;
    const units = measured.used.units
      .filter(row => row.caller === ingest && row.kind === 'write')
      .reduce((sum, row) => sum + row.units, 0);
    const billed = bills.emails.lines
      .filter(({ component, basis }) => component.startsWith('emails table') && basis.endsWith('by ingest'))
      .reduce((sum, { quantity }) => sum + quantity, 0);
    expect(billed).toBeCloseTo((units / 10) * 1_000);
  });

  it('keeps each email for the days of the setting', () => {
    const emails = measured.stored.find(({ table }) => table === largestTable(measured))!;
    expect(emails.items).toBe(10);
    expect(emails.itemByteDays / emails.itemBytes).toBeCloseTo(400, 0);
    expect(emails.indexBytes).toBeGreaterThan(3 * 100 * 10);
  });

  it('is the sum of its lines', () => {
    for (const { lines, usd } of Object.values(bills) as Bill[]) {
      expect(usd).toBeGreaterThan(0);
      expect(lines.reduce((sum, line) => sum + line.usd, 0)).toBeCloseTo(usd, 10);
    }
  });

  it('is twice as high for the calls of twice as many emails', () => {
    const twice = billsOf(measured, 2_000, prices);
    expect(usdOf(twice.emails, 'gateway')).toBeCloseTo(2 * usdOf(bills.emails, 'gateway'));
    expect(twice.idle.usd).toBe(bills.idle.usd);
  });

  it('grows by 0.10 with one more metric in an alarm, and by 0.50 with a composite alarm', () => {
    const alarm = { Type: 'AWS::CloudWatch::Alarm', Properties: { MetricName: 'Refused' } };
    expect(withMore({ More: alarm }).idle.usd - bills.idle.usd).toBeCloseTo(0.1);
    const Metrics = [{ MetricStat: {} }, { MetricStat: {} }, { Expression: 'm0 / m1' }];
    const expression = { Type: 'AWS::CloudWatch::Alarm', Properties: { Metrics } };
    expect(withMore({ More: expression }).idle.usd - bills.idle.usd).toBeCloseTo(0.2);
    const composite = { Type: 'AWS::CloudWatch::CompositeAlarm', Properties: { AlarmRule: '' } };
    expect(withMore({ More: composite }).idle.usd - bills.idle.usd).toBeCloseTo(0.5);
  });

  it('grows by 0.40 with one more secret, and with the fourth dashboard', () => {
    const secret = { Type: 'AWS::SecretsManager::Secret', Properties: {} };
    expect(withMore({ More: secret }).idle.usd - bills.idle.usd).toBeCloseTo(0.4);
    const dashboard = { Type: 'AWS::CloudWatch::Dashboard', Properties: {} };
    const own = Object.values(template.Resources).filter(({ Type }) => Type === dashboard.Type).length;
    const upTo = (count: number) =>
      withMore(Object.fromEntries(Array.from({ length: count - own }, (_, index) => [`More${index}`, dashboard])));
    expect(upTo(3).idle.usd).toBeCloseTo(bills.idle.usd);
    expect(upTo(4).idle.usd - bills.idle.usd).toBeCloseTo(3);
  });

  it('has a line for the events of changes, and no call of a URL where there is none', () => {
    // Nine emails change four times: their second open changes nothing. The bounced one changes five times.
    expect(quantityOf(bills.emails, 'events, published')).toBeCloseTo(4_100);
    expect(usdOf(bills.emails, 'events, published')).toBeCloseTo(0.0041);
    expect(quantityOf(bills.emails, 'events, calls of eventsUrl')).toBe(0);
  });

  it('has a line for the daily digest: a letter and an event a day', () => {
    expect(quantityOf(bills.idle, 'daily digest, letters to support')).toBeCloseTo(30.4);
    expect(quantityOf(bills.idle, 'daily digest, published')).toBeCloseTo(30.4);
    expect(quantityOf(bills.idle, 'daily digest, calls of eventsUrl')).toBe(0);
  });

  it('has a call of each event for eventsUrl, at a fifth of its price', () => {
    const url = { events: true, eventsUrl: 'https://billing.example.com/mail-events' };
    const parts = Object.entries(synthesize(url).Resources).filter(([id]) => template.Resources[id] === undefined);
    const more = withMore(Object.fromEntries(parts));
    for (const [bill, name] of [
      [more.emails, 'events'],
      [more.idle, 'daily digest'],
    ] as const) {
      const published = quantityOf(bill, `${name}, published`);
      expect(quantityOf(bill, `${name}, calls of eventsUrl`)).toBeCloseTo(published);
      expect(usdOf(bill, `${name}, calls of eventsUrl`)).toBeCloseTo(usdOf(bill, `${name}, published`) / 5);
    }
  });

  it('has no such line for a deployment with neither events nor a digest', () => {
    const { Daily: _, ...functions } = Object.fromEntries(
      Object.entries(measured.idle.functions).map(([name, use]) => [name.startsWith('Daily') ? 'Daily' : name, use]),
    );
    const off = {
      ...measured,
      template: deployedTemplate(synthesize() as unknown as Template),
      used: { ...measured.used, busEvents: 0 },
      idle: { ...measured.idle, functions, busEvents: 0 },
    };
    const { emails, idle } = billsOf(off, 1_000, prices);
    const lines = [...emails.lines, ...idle.lines].map(({ component }) => component);
    expect(lines.filter(component => /^daily digest|^events|eventsUrl/.test(component))).toEqual([]);
  });

  it('counts the runs of the daily function by the day, and those of the others every five minutes', () => {
    const [daily] = Object.keys(measured.idle.functions).filter(name => name.startsWith('Daily'));
    const { [daily!]: own, ...functions } = measured.idle.functions;
    expect(own!.invocations).toBe(2);
    const without = billsOf({ ...measured, idle: { ...measured.idle, functions } }, 1_000, prices);
    const invocations = (bill: Bills) => quantityOf(bill.idle, 'functions, invocations');
    expect(invocations(bills) - invocations(without)).toBeCloseTo(30.4);
  });

  it('takes the scheduled runs from the template, and counts those of the functions that they call', () => {
    const runs = (30.4 * 24 * 60) / 5;
    expect(quantityOf(bills.idle, 'gateway')).toBeCloseTo(runs, 0);
    expect(quantityOf(bills.idle, 'functions, invocations')).toBeGreaterThanOrEqual(3 * runs);
  });

  it('has the gateway, the function and its log for calls that nobody signed, and no table', () => {
    expect(quantityOf(bills.refused, 'gateway')).toBe(1e6);
    expect(quantityOf(bills.refused, 'ingest function, invocations')).toBe(1e6);
    expect(usdOf(bills.refused, 'ingest function, compute')).toBeGreaterThan(0);
    expect(bills.refused.lines.filter(({ component }) => component.includes('table'))).toEqual([]);
  });

  it('counts each metric once, and those at rest apart', () => {
    const [line] = bills.reporting.lines;
    expect(line!.quantity).toBe(measured.used.metrics.filter(metric => !measured.idle.metrics.includes(metric)).length);
    expect(line!.basis).toContain('sendgrid');
    expect(quantityOf(bills.idle, 'metrics at rest')).toBeGreaterThanOrEqual(measured.idle.metrics.length);
  });

  it('knows from which retention on the class for infrequent access costs less', () => {
    const days = breakEvenDays(measured, largestTable(measured), prices);
    expect(days).toBeGreaterThan(100);
    expect(days).toBeLessThan(300);
    const of = (TableClass: string, retention: number) => {
      const [name] = Object.keys(tableFacts(measured.template));
      const table = template.Resources[name!]!;
      const resources = {
        ...template.Resources,
        [name!]: { ...table, Properties: { ...table.Properties, TableClass } },
      };
      const stored = measured.stored.map(size => ({
        ...size,
        itemByteDays: size.itemBytes * retention,
        indexByteDays: size.indexBytes * retention,
      }));
      const changed = { ...measured, stored, template: deployedTemplate({ ...template, Resources: resources }) };
      return billsOf(changed, 1e6, prices).emails.usd;
    };
    expect(of('STANDARD_INFREQUENT_ACCESS', days * 1.3)).toBeLessThan(of('STANDARD', days * 1.3));
    expect(of('STANDARD_INFREQUENT_ACCESS', days * 0.7)).toBeGreaterThan(of('STANDARD', days * 0.7));
  });

  it('has a line of text for each line, the dearest first, and the sum in its title', () => {
    const [title, first, ...rest] = textOf(bills.idle);
    expect(title).toBe(`a month at rest: $${bills.idle.usd.toFixed(2)}`);
    expect(rest.length).toBe(bills.idle.lines.length);
    expect(first).toContain(Math.max(...bills.idle.lines.map(({ usd }) => usd)).toFixed(2));
  });

  it('has tables for the page of costs, whose rows amount to their sums', () => {
    const page = withTables('before\n<!-- npm run cost -- --write-docs: begin -->\nold\n<!-- end -->\nafter', bills);
    expect([page.startsWith('before\n'), page.endsWith('\nafter')]).toEqual([true, true]);
    expect(page).not.toContain('old');
    for (const table of page.split('\n\n').filter(part => part.includes('**sum**'))) {
      const amounts = [...table.matchAll(/\| \**([\d.]+)\** \|$/gm)].map(([, amount]) => Number(amount));
      const sum = amounts.pop()!;
      expect(Math.abs(amounts.reduce((total, amount) => total + amount, 0) - sum)).toBeLessThan(0.05);
    }
  });
});

describe('the settings of a bill', () => {
  const bySettings = (settings: Readonly<Record<string, unknown>>) => {
    const given = variablesOf(readConfig({ mailtrail: settings }, {}));
    return readConfig({ mailtrail: settings }, { ...given, ...localSettings(settings, given) });
  };

  it('are those of the deployment: events and the digest are off, although they are on on this machine', () => {
    expect(readConfig({}, localSettings({}, {}))).toMatchObject({ events: true, dailyDigestHour: 7 });
    const { events, dailyDigestHour } = bySettings({});
    expect({ events, dailyDigestHour }).toEqual({ events: false, dailyDigestHour: undefined });
  });

  it('have events and the digest on where the deployment has them on', () => {
    const settings = { events: true, dailyDigestHour: 0, providers: ['sendgrid'] };
    expect(bySettings(settings)).toMatchObject(settings);
  });
});

describe('the life of an email in a bill', () => {
  it.each(providerNames)('has events of its own for %s, five where the provider reports so many', provider => {
    const rounds = roundsOf({ provider, emails: 2, failures: 1, firstNumber: 1_000, now: Date.UTC(2026, 0, 2) });
    const bodies = rounds.flatMap(({ events }) => events.map(({ body }) => body.toString()));
    expect(new Set(bodies).size).toBe(bodies.length);
    expect(usualLife(provider).length).toBeLessThanOrEqual(5);
    expect(failedLife(provider)).toContain('hard_bounced');
  });

  it('ends for SendGrid with a second open and a click, and for a failed email with a bounce', () => {
    expect(usualLife('sendgrid')).toEqual(['enqueued', 'delivered', 'opened', 'opened', 'link_clicked']);
    expect(failedLife('sendgrid')).toEqual(['enqueued', 'deferred', 'deferred', 'deferred', 'hard_bounced']);
    expect(usualLife('sendgrid', 0)).toEqual(['enqueued', 'delivered', 'link_clicked']);
  });
});

describe('own prices', () => {
  const fileOf = (content: string) => {
    const file = join(mkdtempSync(join(tmpdir(), 'mailtrail-test-')), 'prices.json');
    writeFileSync(file, content);
    return file;
  };

  it('take the place of list prices, for the same amount', () => {
    const own = pricesFrom(fileOf('{ "gatewayRequests": 1.11 }'));
    expect(own.gatewayRequests).toEqual({ ...prices.gatewayRequests, usd: 1.11 });
    expect(own.secrets).toEqual(prices.secrets);
    expect(pricesFrom(undefined)).toBe(prices);
  });

  it.each([
    ['of no name', '{ "lunch": 1 }'],
    ['below zero', '{ "secrets": -1 }'],
    ['in no JSON', 'secrets: 1'],
  ])('%s are refused', (_what, content) => {
    expect(() => pricesFrom(fileOf(content))).toThrow('--prices: ');
  });
});
