/**
 * Shortens texts of a history by a table of frequent phrases, since an item above 1 KB costs two write units. A general
 * compression would not do: its output differs between versions and platforms, and equal events need equal elements.
 */

/** Begins the code of a phrase. */
export const codeMark = '~';

/** Divides the fields of a history element. No shortened text holds it. */
export const divider = '|';

/**
 * Phrases by their code. Stored elements hold the codes: never change or remove an entry. An added one is read by this
 * version and later ones. It gives events that are stored already another
 * element. A note, or a machine's event, that comes again may then be stored twice; readers show it once.
 */
export const phrases: Readonly<Record<string, string>> = {
  '~': codeMark,
  '!': divider,
  // Browsers
  A: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/',
  B: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/',
  C: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/',
  D: 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/',
  E: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)',
  F: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)',
  G: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64',
  H: 'Mozilla/5.0 (X11; Linux x86_64',
  I: 'Mozilla/5.0 (iPhone; CPU iPhone OS ',
  J: 'Mozilla/5.0 (iPad; CPU OS ',
  K: 'Mozilla/5.0 (Linux; Android ',
  L: 'Mozilla/5.0 (',
  M: 'Mozilla/5.0',
  N: '.0.0.0 Safari/537.36',
  O: '.0.0.0 Mobile Safari/537.36',
  P: '.0.0.0 Safari/537.36 Edg/',
  Q: ') AppleWebKit/537.36 (KHTML, like Gecko) Chrome/',
  R: ' like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)',
  S: ' Mobile/15E148',
  T: ' Safari/604.1',
  U: ' Safari/605.1.15',
  V: ' Version/',
  W: ') Gecko/20100101 Firefox/',
  X: ' Thunderbird/',
  // Proxies of mailbox providers, and mail programs
  Y: 'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)',
  Z: 'YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html',
  a: 'Mozilla/4.0 (compatible; ms-office; MSOffice ',
  b: 'Microsoft Outlook',
  // Replies of mail servers
  c: '250 2.0.0 OK',
  d: '250 2.0.0 Ok: queued as ',
  e: '250 2.6.0 ',
  f: ' - gsmtp',
  g: 'Queued mail for delivery',
  h: '.prod.outlook.com',
  i: ' [InternalId=',
  j: ', Hostname=',
  k: ' bytes in ',
  l: 'queued as ',
  m: '550 5.1.1 ',
  n: '550-5.1.1 ',
  o: '550 5.7.1 ',
  p: '550 5.4.1 ',
  q: '452-4.2.2 ',
  r: '552-5.2.2 ',
  s: "The email account that you tried to reach does not exist. Please try double-checking the recipient's email address for typos or unnecessary spaces. ",
  t: 'The email account that you tried to reach ',
  u: 'For more information, go to https://support.google.com/mail/?p=',
  v: 'https://support.google.com/mail/?p=',
  w: 'Recipient address rejected: ',
  x: 'ser unknown',
  y: ' (in reply to RCPT TO command)',
  z: ' (in reply to end of DATA command)',
  '0': ' said: ',
  '1': 'temporarily ',
  '2': 'Message received',
  '3': 'mailbox',
  // Links
  '4': 'https://www.',
  '5': 'https://',
  '6': '?utm_source=',
  '7': '&utm_medium=email',
  '8': '&utm_campaign=',
  '9': '&utm_content=',
  // Providers' names of events
  '(': 'Microsoft.Communication.EmailDeliveryReportReceived',
  ')': 'Microsoft.Communication.EmailEngagementTrackingReportReceived',
  '*': 'app.email.',
  '+': 'activity.',
  ',': 'email.',
  '.': 'message',
};

const codes = new Map(Object.entries(phrases).map(([code, phrase]) => [phrase, codeMark + code]));

/** Any phrase, the longest first. */
const anyPhrase = new RegExp(
  [...codes.keys()]
    .sort((a, b) => b.length - a.length)
    .map(phrase => phrase.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'))
    .join('|'),
  'g',
);

const anyCode = new RegExp(`${codeMark}(.)`, 'gs');

/** Replaces each phrase by its code. */
export function shortened(text: string): string {
  return text.replace(anyPhrase, phrase => codes.get(phrase)!);
}

/**
 * Reads a text that {@link shortened} has written. A code of a later version stays as it is.
 *
 * @param more further phrases by their code
 */
export function spelledOut(text: string, more: Readonly<Record<string, string>> = {}): string {
  if (!text.includes(codeMark)) return text;
  return text.replace(anyCode, (whole, code: string) => phrases[code] ?? more[code] ?? whole);
}
