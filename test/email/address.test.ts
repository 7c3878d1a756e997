import { domainToASCII } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressesIn, addressOf, isAddress, mailboxOf, shownAddress } from '../../shared/email/address.ts';
import { emailIdOf, isRecipient } from '../../shared/email/event.ts';
import { character } from '../rigs/arbitrary-text.ts';
import { cpuMsOf } from '../rigs/cpu-time.ts';
import { runs } from '../rigs/runs.ts';

const addresses = (header: string) => addressesIn(header).map(addressOf);

describe('the addresses of a header', () => {
  it.each([
    ['jane@example.com', ['jane@example.com']],
    ['Jane <Jane@Example.com>', ['jane@example.com']],
    [
      '"Doe, Jane" <jane@example.com>, joe@example.com,<mei@example.com>',
      ['jane@example.com', 'joe@example.com', 'mei@example.com'],
    ],
    ['jane@example.com (Jane, at work), joe@example.com', ['jane@example.com', 'joe@example.com']],
    ['"a\\"b, c"@example.com', ['"a\\"b, c"@example.com']],
    ['(a (nested, odd \\) ) comment) jane@example.com, joe@example.com', ['jane@example.com', 'joe@example.com']],
    ['"odd (x)"@example.com, joe@example.com', ['"odd (x)"@example.com', 'joe@example.com']],
    ['', ['']],
    // Neither a quote in a comment nor an empty place in the list is more than it seems.
    ['(a " b) jane@example.com, (Joe, at work) joe@example.com', ['jane@example.com', 'joe@example.com']],
    [', jane@example.com, ,joe@example.com,', ['jane@example.com', 'joe@example.com']],
  ])('%j are %j', (header, expected) => {
    expect(addresses(header)).toEqual(expected);
  });

  it('are parsed in a header of up to 5,000 characters, and a longer one is kept as it is', () => {
    const padded = (length: number) => `${'x'.repeat(length - 36)} <Jane@Example.com>, Joe@example.com`;
    const [first, second] = addressesIn(padded(5_000));
    expect([addressOf(first!), addressOf(second!)]).toEqual(['jane@example.com', 'joe@example.com']);
    expect(addressesIn(padded(5_001))).toEqual([padded(5_001)]);
    const alone = (length: number) => `${'X'.repeat(length - 19)} <Jane@Example.com>`;
    expect(alone(5_000)).toHaveLength(5_000);
    expect(addressOf(alone(5_000))).toBe('jane@example.com');
    expect(addressOf(` ${alone(5_001)}`)).toBe(alone(5_001).toLowerCase());
  });

  it.each([
    '<',
    '"\\"',
    '(',
    '()',
    '((\\',
    ',',
    'a@b,',
    '.',
    '?',
    'mailto:',
    'xn--',
    'ü.',
    '\u200b',
    ' \u202a',
    '"a"',
    'mailto:\u202a',
    '<mailto:',
    '\u200c\u202a',
  ])('many %j take no time', text => {
    const spent = cpuMsOf(() => {
      for (const many of [text.repeat(20_000), text.repeat(1_000).slice(0, 4_998), `a@${text.repeat(1_000)}@`]) {
        addressesIn(many);
        addressOf(many);
        mailboxOf(many.slice(0, 4_998));
      }
    });
    expect(spent).toBeLessThan(500);
  });
});

describe('one address', () => {
  it.each([
    'jane@example.com',
    '"odd, name; (x)"@example.com',
    'jane@[192.0.2.1]',
    'jane@[IPv6:2001:db8::1]',
    'ü@bücher.example',
  ])('can be %s', text => {
    expect(isAddress(text)).toBe(true);
  });

  it.each(['', 'jane', '<>', 'a@b.example;', 'team: a@b.example', 'a@b, c@d', 'a b@c', '@example.com', 'jane@'])(
    'cannot be %j',
    text => {
      expect(isAddress(text)).toBe(false);
    },
  );
});

describe('one mailbox', () => {
  it.each([
    'info@müller.de',
    'info@xn--mller-kva.de',
    'INFO@XN--MLLER-KVA.DE',
    'Info@MÜLLER.De',
    'info@mu\u0308ller.de',
    'info@müller.de.',
    'info@müller\u3002de',
    'info@müller\uff0ede\uff61',
    '"info"@müller.de',
    '"in\\fo"@müller.de',
    'in\u200bfo@mül\u200dler.de\ufeff',
    'info@m\u00adüller.de',
    '\u00a0info@müller.de\u2003',
    '\u202ainfo@müller.de\u202c',
    'mailto:info@müller.de',
    'MAILTO:info@müller.de?subject=Hello',
    'info(at work)@müller.de (Müller (the younger))',
    'Müller <info@müller.de> (at work)',
    '"Müller, Info" <mailto:info@müller.de>',
    'mailto:\u202ainfo@müller.de',
    '\u200c\u202ainfo@müller.de\u202c\u200d',
    'mailto:\u200b mailto:\u202a info@müller.de\u202c?subject=Hello',
    'mail\u200cto:info@müller.de',
    '\u202ainfo\u202c @ \u202amüller.de\u202c',
    'mailto:<info@müller.de>',
    'mailto:<info@müller.de>?subject=Hello',
    '<mailto:info@müller.de>',
    '\u202a< \u2066mailto: info@müller.de\u2069 >\u202c',
    'INFO@xn--mller-kva.de',
    'info@xn--mller-kva.DE',
    '"info" @müller.de',
    `${'mailto:'.repeat(20)}info@müller.de`,
  ])('is %j', spelled => {
    expect(addressOf(spelled)).toBe('info@xn--mller-kva.de');
  });

  it.each([
    ['a quoted local part that needs its quotes', '"Jane \\"J\\" Doe"@example.com', '"jane \\"j\\" doe"@example.com'],
    ['with escapes that say nothing', '"jane\\ doe"@example.com', '"jane doe"@example.com'],
    ['a comment that is none', '"jane (x)"@example.com', '"jane (x)"@example.com'],
    ['an address of the network', 'jane@[IPv6:2001:DB8::1]', 'jane@[ipv6:2001:db8::1]'],
    ['a domain that is none', 'Jane@xn--a.example', 'jane@xn--a.example'],
    ['a domain of numbers', 'jane@0x7f.1', 'jane@0x7f.1'],
    ['a domain of numbers in wide digits', 'jane@１２７.０.０.１２', 'jane@１２７.０.０.１２'],
    ['a domain with a number in front', 'jane@müller.2go.de', 'jane@xn--mller-kva.2go.de'],
    ['a quote within the local part', 'x"jane"@example.com', 'x"jane"@example.com'],
    ['a quote that ends within the local part', '"jane"x@example.com', '"jane"x@example.com'],
    ['a domain with an escape', 'jane@ex%61mple.com', 'jane@ex%61mple.com'],
    ['letters that are separators', 'jane@a\uff08b\uff09.com', 'jane@a\uff08b\uff09.com'],
    ['a comment that does not end', 'jane(x@example.com', 'jane(x@example.com'],
    ['text turned around', 'ja\u202ene@example.com', 'ja\u202ene@example.com'],
  ])('keeps %s', (_, spelled, expected) => {
    expect(addressOf(spelled)).toBe(expected);
  });

  it.each([
    ['text follows its brackets', 'Jane <jane@example.com> and Joe'],
    ['a comment ends before it begins', 'jane@example.com) (work'],
    ['another domain follows its quotes', '"jane"@exa@mple.com'],
  ])('is none if %s', (_, written) => {
    expect(isRecipient(addressOf(written))).toBe(false);
  });

  it('is not one of several: a display name in front of it is no part of its spelling', () => {
    expect(mailboxOf(' mailto:"Jane"@EXAMPLE.com. ')).toBe('jane@example.com');
    for (const alone of [
      '<jane@example.com>',
      '<mailto:Jane@example.com>',
      'mailto:<jane@example.com>?subject=Hello',
    ]) {
      expect(mailboxOf(alone)).toBe('jane@example.com');
    }
    for (const several of [
      'Jane <jane@example.com>',
      '"josé" <josé@example.com>',
      'a@example.com, Joe <joe@example.com>',
      '<a@example.com>, <joe@example.com>',
    ]) {
      expect(isRecipient(mailboxOf(several))).toBe(false);
    }
  });

  /** A mailbox apart from its spelling. Each text has the form in which it is compared. */
  interface Mailbox {
    readonly local: string;
    readonly domain: string;
  }
  const atoms = "abjz09._+-=~!#$%&*{}|?/^`'üéñ例И".split('');
  const odd = [...' (),:;@[]"\\', 'mailto:', ...atoms];
  const local = fc.oneof(
    fc.string({ unit: fc.constantFrom(...atoms), minLength: 1, maxLength: 8 }),
    fc.string({ unit: fc.constantFrom(...odd), minLength: 1, maxLength: 8 }),
  );
  const label = fc.oneof(
    fc.stringMatching(/^[a-z]([a-z0-9-]{0,4}[a-z0-9])?$/).filter(text => !/^..--/.test(text)),
    fc.constantFrom('müller', 'straße', 'café', '例え', 'пример', 'ελλας', 'españa'),
  );
  const mailbox = fc.record<Mailbox>({
    local,
    domain: fc.tuple(label, label, fc.constantFrom('de', 'com', 'example', 'рф')).map(labels => labels.join('.')),
  });
  const inCapitals = (text: string) =>
    [...text]
      .map(letter => (letter.toUpperCase().toLowerCase() === letter && letter !== 'σ' ? letter.toUpperCase() : letter))
      .join('');
  const escaped = (text: string) => text.replace(/["\\]/g, '\\$&');
  const isOdd = (text: string) => /[ (),:;@"\\]/.test(text);
  const spelling = ({ local, domain }: Mailbox) =>
    fc
      .record({
        quotes: fc.boolean(),
        escapes: fc.boolean(),
        capitals: fc.boolean(),
        form: fc.constantFrom('NFC', 'NFD'),
        domain: fc.constantFrom(domain, domainToASCII(domain), inCapitals(domain), domain.normalize('NFD')),
        dot: fc.constantFrom('.', '\u3002', '\uff0e', '\uff61'),
        root: fc.boolean(),
        pasted: fc.constantFrom('', '', '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\u00ad'),
        around: fc.constantFrom(
          ['', ''],
          [' \u00a0', '\ufeff'],
          ['\u202a', '\u202c'],
          ['(x (y) \\) ")', ' (z)'],
          ['mailto:', ''],
          ['mailto:', '?subject=a'],
          ['"Doe, Jane" <', '>'],
          ['Jane (O"Hara) <mailto:', '> (work)'],
        ),
      })
      .map(how => {
        let name = how.capitals ? inCapitals(local) : local;
        if (how.escapes && (how.quotes || isOdd(local))) name = `"${name.replace(/[^üéñ例И]/g, '\\$&')}"`;
        else if (how.quotes || isOdd(local)) name = `"${escaped(name)}"`;
        const host = `${how.domain.replaceAll('.', how.dot)}${how.root ? how.dot : ''}`;
        const at = Math.floor(host.length / 2);
        // Between two halves of one letter nobody pastes anything.
        const pasted = how.domain === domain ? `${host.slice(0, at)}${how.pasted}${host.slice(at)}` : host;
        return `${how.around[0]}${name.normalize(how.form)}@${pasted}${how.around[1]}`;
      });
  const idOf = (recipient: string) => emailIdOf({ provider: 'ses', messageId: 'm', recipient: addressOf(recipient) });

  it('has one email of a message, however it is spelled', () => {
    fc.assert(
      fc.property(
        mailbox.chain(one => fc.tuple(spelling(one), spelling(one))),
        ([one, other]) => {
          expect(isRecipient(addressOf(one))).toBe(true);
          expect(addressOf(one)).toBe(addressOf(other));
          expect(idOf(one)).toBe(idOf(other));
        },
      ),
      { numRuns: runs(200) },
    );
  });

  it('never meets another one', () => {
    const near = (one: Mailbox) =>
      fc.oneof(
        mailbox,
        local.map(changed => ({ ...one, local: changed })),
        fc.constantFrom(' ', '"', '\\', '(x)', '.', '%', '+').map(more => ({ ...one, local: `${one.local}${more}` })),
        fc.constant({ ...one, domain: `a.${one.domain}` }),
        fc.constant({ ...one, domain: one.domain.replace('ß', 'ss').replace('ü', 'u') }),
      );
    const two = mailbox
      .chain(one => fc.tuple(fc.constant(one), near(one)))
      .filter(([one, other]) => one.local !== other.local || one.domain !== other.domain)
      .chain(([one, other]) => fc.tuple(spelling(one), spelling(other)));
    fc.assert(
      fc.property(two, ([one, other]) => {
        expect(idOf(one)).not.toBe(idOf(other));
      }),
      { numRuns: runs(200) },
    );
  });

  it('has a form that is its own, whatever was written', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '@',
        '.',
        '"',
        '\\',
        '(',
        ')',
        '<',
        '>',
        'mailto:',
        'xn--',
        '?',
        ' ',
        '\u200b',
        '\u200c',
        '\u200d',
        '\u202a',
        '\u2069',
        '\u3002',
        'ü',
        'u\u0308',
        'Σ',
        'İ',
        'ẞ',
      ),
      fc.string({ unit: character, maxLength: 3 }),
      fc.string({ unit: 'grapheme', maxLength: 3 }),
    );
    const text = fc
      .tuple(fc.array(piece, { maxLength: 6 }), fc.array(piece, { maxLength: 6 }))
      .map(([before, after]) => `${before.join('')}@${after.join('')}`);
    fc.assert(
      fc.property(text, written => {
        const form = addressOf(written);
        // Adapters read addresses, and events read them once more.
        expect(addressOf(form)).toBe(form);
        expect(mailboxOf(mailboxOf(written))).toBe(mailboxOf(written));
        if (!isRecipient(form)) return;
        expect(form).not.toMatch(/^[\s\u202a-\u202e]|[\s\u202a-\u202e]$/);
        expect(mailboxOf(form)).toBe(form);
        expect(addressOf(shownAddress(form))).toBe(form);
      }),
      { numRuns: runs(300) },
    );
  });
});

describe('an address as people read it', () => {
  it.each([
    ['info@xn--mller-kva.de', 'info@müller.de'],
    ['info@xn--strae-oqa.de', 'info@straße.de'],
    ['info@xn--r8jz45g.jp', 'info@例え.jp'],
    ['info@xn--e1afmkfd.xn--p1ai', 'info@пример.рф'],
    ['info@xn--hxajbheg2az3al.xn--qxam', 'info@παράδειγμα.ελ'],
    ['jane@example.com', 'jane@example.com'],
  ])('is %s in letters', (address, shown) => {
    expect(shownAddress(address)).toBe(shown);
  });

  it.each([
    ['Cyrillic that looks like Latin', 'аррӏе.com'],
    ['a letter of another script among Latin ones', 'pаypal.com'],
    ['a Latin letter that looks like another', 'ıcloud.com'],
    ['Latin in front of Chinese', 'a例.jp'],
    ['Latin behind Chinese', '例a.jp'],
    ['Latin in front of Cyrillic', 'aпример.рф'],
    ['Latin behind Cyrillic', 'примерa.рф'],
    ['Latin in front of Greek', 'aελλας.ελ'],
    ['Latin behind Greek', 'ελλαςa.ελ'],
    ['text that runs from right to left', 'דוגמה.com'],
  ])('stays in ASCII where it could be taken for another: %s', (_, domain) => {
    const address = addressOf(`info@${domain}`);
    expect(address).toMatch(/^info@[a-z0-9.-]+$/);
    expect(shownAddress(address)).toBe(address);
  });

  it('stays as it is where its domain is none', () => {
    expect(shownAddress('jane@xn--a.example')).toBe('jane@xn--a.example');
    expect(shownAddress('xn--a@1.2')).toBe('xn--a@1.2');
  });
});
