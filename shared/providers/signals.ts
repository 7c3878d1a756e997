/**
 * Signals of failure: what a mail server's reply, and a provider's own label, say of why a delivery failed. All providers
 * share these tables, and no adapter reads a reply for itself.
 *
 * Providers put a generic "hard" or x.0.0 on full mailboxes, block lists and SPF failures, while the server wrote the
 * cause in words. So: a code that says just what happened, then words, then the provider's precise label, then words and
 * codes that say little, and a generic label last. Words that servers are known to send under a wrong code beat it.
 */

import { type Cause, causes, type Failure, type FailureStatus, failureBy } from '../causes.ts';
import { lookUp } from '../look-up.ts';
import { beginningOf } from '../text.ts';
import { folded, phraseFinder, type Words, wordsOf } from './phrases.ts';
import { enhancedCodesIn, maxReplyLength, replyCodeIn, type SmtpReply } from './smtp-reply.ts';

/**
 * What a provider's own label says: a cause where the provider defines it precisely, which counts as words do; a status
 * where it is generic ("hard", "permanent"), which only decides where nothing else does.
 */
export type Label = Cause | FailureStatus;

/** Subject and detail of an enhanced status code, or a range of details: RFC 3463, 5248, 7372, 7505 and the IANA registry. */
type CodeRange = `${number}.${number}` | `${number}.${number}-${number}`;

/** Codes that say just what happened, whatever the class. */
const codeSignals = [
  ['1.1', 'unknown_user'],
  ['1.2', 'unknown_domain'],
  ['1.3', 'unknown_user'],
  ['1.4', 'unknown_user'],
  ['1.6', 'unknown_user'],
  ['1.7-8', 'sender_rejected'],
  // The registry says "null MX"; large hosts use it for a mailbox that does not exist, and words tell them apart.
  ['1.10', 'unknown_user'],
  // Exchange Online: https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online
  ['1.90', 'rate_limited'],
  ['1.350-351', 'unknown_user'],
  ['2.1', 'disabled_account'],
  ['2.2', 'mailbox_full'],
  ['2.3', 'too_large'],
  ['2.121-122', 'rate_limited'],
  ['3.1', 'system'],
  ['3.2', 'not_accepting'],
  ['3.4', 'too_large'],
  ['3.5', 'system'],
  ['4.1-2', 'network'],
  ['4.4', 'unknown_domain'],
  ['4.5', 'network'],
  ['4.6', 'loop'],
  ['4.7', 'expired'],
  ['4.14', 'loop'],
  ['4.300', 'expired'],
  ['4.310', 'unknown_domain'],
  ['4.312', 'network'],
  ['4.316-317', 'expired'],
  ['7.13', 'disabled_account'],
  ['7.17', 'unknown_user'],
  ['7.20-24', 'authentication_failed'],
  ['7.25', 'reverse_dns'],
  ['7.26-27', 'authentication_failed'],
  ['7.28', 'rate_limited'],
  ['7.57', 'relay_denied'],
  ['7.64', 'relay_denied'],
  ['7.124', 'policy'],
  ['7.133-136', 'policy'],
  ['7.509', 'authentication_failed'],
  ['7.511', 'blocked'],
  ['7.515', 'authentication_failed'],
  ['7.606-649', 'blocked'],
  ['7.705', 'blocked'],
  ['7.708', 'blocked'],
] as const satisfies readonly (readonly [CodeRange, Cause])[];

/** Where nothing says more, the subject of a permanent code. */
const subjectSignals: Readonly<Record<string, Cause>> = { 5: 'protocol', 6: 'protocol', 7: 'policy' };

/** Gateways write it in front of everything. */
const emptyDetail = '5.0';

/** Where nothing says more, the reply code. https://www.rfc-editor.org/rfc/rfc5321#section-4.2.3 */
const replyCodeSignals: Readonly<Record<string, Cause>> = {
  421: 'system',
  451: 'system',
  452: 'system',
  521: 'not_accepting',
  522: 'mailbox_full',
  552: 'mailbox_full',
  556: 'unknown_domain',
};

interface WordSignal {
  readonly cause: Cause;
  /** Any of these phrases is said... */
  readonly says?: readonly string[];
  /** ...or these letters stand anywhere, as in a link, a name with dots, or a language that has no blanks. */
  readonly has?: readonly string[];
  /** ...and these letters nowhere... */
  readonly lacks?: readonly string[];
  /** ...and in the same sentence none of these phrases is. */
  readonly unless?: readonly string[];
  /** The reply's class, where it matters. */
  readonly class?: '4' | '5';
  /** Whether it holds only of what was answered to the sender's address, or only of all else. */
  readonly ofSender?: boolean;
  /** Specific codes that are known to stand beside these words and to be wrong: subjects, or subject and detail. */
  readonly over?: readonly string[] | 'any';
}

const who =
  'user*|username|userid|recipient*|mailbox*|addres*|addressee|account*|rcpt|rcptto|person|member|customer|alias*|usr|inbox';
const box = 'mailbox*|inbox|account*|mailfolder|folder|user*|recipient*|maildir|mail|box|storage';
const notThere = 'unknown|nonexist*|inexistent|invalid|unrouteable|unroutable|undeliverable|misspelled|nonexistant';

/** The sending side: its addresses, hosts and names can be unknown, invalid or refused, too. */
const sendingSide = [
  'sender*|helo|ehlo|spf|dkim|dmarc|client|ptr|rdns|originat*|envelope|mailfrom|submitter',
  'from domain|address|header',
  'ip address',
  'your|sending|outgoing email|mail account|mailbox|user|quota|limit',
  'your|sending|outgoing account|mailbox|user|quota|limit|email|mail',
  'blocked you|your',
  'mail from',
  'return path',
  'reverse dns',
  'header*|signature*',
  'absender*|expediteur*|emetteur|remitente|mittente|remetente|afzender|nadawc*',
  `your ip|domain|host|server|network|mta|address|account`,
];
const recipientSide = ['recipient*|rcpt|mailbox*|addressee|destinat*'];

/** The first that holds decides. */
const wordSignals = [
  // What a provider says of its own lists: it did not try.
  {
    cause: 'suppressed',
    says: [
      'suppression list',
      'suppressed sending|address|recipient|by|due|because',
      'previously bounced|complained|unsubscribed|blocked',
      'not delivering',
      'bounced|unsubscribed|reporting|complained address',
      'marked inactive',
      'inactive recipients',
      'recipient .. unsubscribed',
    ],
    over: 'any',
  },
  // The sender's proofs.
  {
    cause: 'authentication_failed',
    says: [
      'dmarc|dkim|spf',
      'sender id fail*|check|pra|not',
      'sender .. unauthenticated',
      'antispoof*|spoof*|spoofed|spoofing',
      'anti spoofing',
      'unauthenticated email|mail|message*|sender*',
      'authentication checks failed',
      'domain authentication',
      'not pass authentication',
      'fail* authentication checks',
      'sending server not authorized',
    ],
    has: ['openspf', 'spf.pobox', 'dmarc'],
    over: 'any',
  },
  {
    cause: 'reverse_dns',
    says: [
      'reverse dns|lookup|resolution|hostname|name|address|record',
      'rdns|ptr|fcrdns|reversedns',
      'ptr record|records|lookup',
      'ip name lookup failed',
      'helo|ehlo .. invalid|reject*|not|fqdn|syntax|required|mismatch|bad|failed|resolve*',
      'invalid|bad|need|reject*|bogus .. helo|ehlo',
      'not find your hostname',
      'not find your reverse hostname',
      'not resolve your ip|address|hostname',
      'hostname not resolve|match',
      'ip|client not .. dns',
      'no hostname',
      'not mail exchanger',
    ],
    has: ['(dns:nr)'],
    over: ['1.8', '2.1', '4'],
  },
  {
    cause: 'virus',
    says: [
      'virus|viruses|malware|trojan|worm|phishing|phish',
      'infected',
      'executable attachment|file*|content',
      'mcspamsignature|viren',
    ],
    unless: ['not|no virus'],
    over: ['2', '3'],
  },
  // The user's own mails, before limits on connections.
  {
    cause: 'mailbox_full',
    says: [
      `${box} .. full|overfull|overquota|overflowing|overdrawn`,
      'mailboxfull|overquota',
      'full mailbox|inbox',
      `exceed*|over|beyond|above|out .. quota*`,
      'quota .. exceed*|full|reached|over|overflow*|violation|violated|limit|depasse*|excede*|superad*|superat*|overschreden|uberschritten|ueberschritten|excedid*|ultrapassad*|atingid*|bereikt|erreicht|atteint|erschopft|erschoepft',
      'exceed* .. storage|disk|mailbox*|diskspace',
      'storage|disk|diskspace .. exceed*|full|exhausted|exausted',
      'mailbox|inbox|account|user .. exceed* .. size|limit|space|storage|allowed|quota|allocation|maximum|capacity|allocated',
      'mailbox size limit|exceed*|reached',
      'mailbox|account .. not|insufficient|no|out|low .. space|storage',
      'insufficient|not .. enough|disk|storage .. space .. mailbox|account|user|recipient',
      'not enough space|storage|room',
      'insufficient disk space|quota|storage',
      'insufficient mailbox space|storage|quota',
      'mail box .. space|full',
      'user too many messages on server',
      'user|mailbox|account|recipient .. too many messages .. server|mailbox|inbox',
      `${box} .. over .. limit|storage|quota|allocation`,
      'over allocation|quota|allowed .. mailbox|account|user|limit',
      'no room in|for mailbox|inbox|user|message',
      'out storage|space|disk',
      'no space left .. mailbox|user*',
      'max|maximum mailbox|inbox size',
      // German
      'postfach|benutzerpostfach|mailbox|konto|speicher*|briefkasten|empfangerpostfach|empfaengerpostfach|mailkonto|benutzerkonto|posteingang ... voll|uberfullt|ueberfuellt|uberlaufen',
      'speicherplatz|kontingent|speicherlimit|postfachgrosse|postfachgroesse|postfachlimit|speicherkontingent ... uberschritten|ueberschritten|erschopft|erschoepft|erreicht|aufgebraucht|voll|ausgeschopft|ausgeschoepft',
      'nicht|kein ... genugend|genuegend|ausreichend|freier ... speicher*|platz',
      'zu viele mails|nachrichten',
      'limit|limite|grosse|groesse ... uberschritten|ueberschritten',
      // French
      'depasse* ... quota|capacite|espace',
      'boite|boites|messagerie|bal|mailbox|compte|repertoire ... pleine|plein|saturee|sature|remplie|surchargee',
      'quota|espace|limite|capacite ... depasse*|atteint*|sature*|insuffisant*|epuise*|plein',
      // Spanish and Portuguese
      'buzon|casilla|bandeja|cuenta|correo|caixa|conta|mailbox|carpeta ... lleno|llena|cheio|cheia|lotado|lotada|saturad*',
      'cuota|cota|quota|espacio|espaco|almacenamiento|armazenamento|limite|capacidad|capacidade ... excedid*|superad*|ultrapassad*|atingid*|insuficiente|agotad*|esgotad*|excedeu|sobrepasad*|alcanzad*',
      'excede|excedido|excedeu|supera|superado|superou|sobrepasa|ultrapassou ... cuota|cota|quota|espacio|espaco|almacenamiento|limite',
      'sin espacio|espaco',
      'sem espaco',
      // Italian
      'superat* ... quota|limite|spazio|capacita',
      'casella|cassetta|mailbox|account|posta ... pien*|satur*|esaurit*',
      'quota|spazio|limite|capacita ... superat*|esaurit*|insufficiente|raggiunt*|eccedut*',
      // Dutch
      'overschreden|overschrijdt ... quotum|quota|limiet',
      'postvak|postbus|mailbox|brievenbus|inbox|account ... vol',
      'quotum|quota|opslag*|schijfruimte|ruimte ... overschreden|bereikt|vol|onvoldoende|op',
      'onvoldoende ... ruimte|opslag*',
      // Polish
      'skrzynk*|konto|konta|skrzynce ... pelna|pelne|pelny|przepelnion*|zapelnion*|przekroczon*',
      'przekroczon*|przekroczyl* ... limit*|pojemnosc*|quot*|miejsc*|przestrzen*',
      'pojemnosc|limit|quota ... przekroczon*|wyczerpan*',
      'brak miejsca',
    ],
    has: [
      'quotaexceeded',
      'overquota',
      'mailboxfull',
      // Japanese
      'メールボックスがいっぱい',
      'メールボックスが一杯',
      '容量を超',
      '容量が超',
      '容量超過',
      '容量オーバー',
      '容量がいっぱい',
      '容量が一杯',
      '容量不足',
      '空き容量',
      '満杯',
      'がいっぱいです',
      // Chinese
      '邮箱已满',
      '信箱已满',
      '邮箱满',
      '邮箱容量',
      '超过容量',
      '超過容量',
      '容量限制',
      '容量已满',
      '空间已满',
      '空间不足',
      '容量不足',
      '存储空间',
      '超出配额',
      '超过配额',
      '超出容量',
      '郵箱已滿',
      '信箱已滿',
      '郵件信箱已滿',
      '空間不足',
      '容量已滿',
      '超出配額',
    ],
    unless: [
      'daily|hourly|sending|outgoing|connection|rate|messages|sender .. quota',
      'sender|sending .. mailbox|account|user|quota',
      'sending limit',
      'quota .. per',
      'not full',
    ],
    over: 'any',
  },
  {
    cause: 'rate_limited',
    says: [
      'receiving mail|email|messages .. rate',
      'too many|much .. connection*|session*|recipient*|rcpt*|message*|mail|mails|email*|request*|concurrent|recent',
      'too many .. per|from .. ip|hour|minute|second|connection|session|day',
      'too many messages|recipients|connections|emails|mails',
      'too fast|frequent|frequently|quickly',
      'rate|frequency|connection|concurrency|volume|sending|hourly|daily .. limit*|exceed*|throttl*',
      'message rate|limit|quota .. exceed*|reached',
      'rate|frequency|volume too high',
      'limit* .. rate|frequency',
      'limit* .. per hour|minute|day',
      'limit .. number .. messages|connections|recipients|emails',
      'max|maximum .. messages|connections|recipients|emails|concurrent .. exceed*|reached|per',
      'max|maximum number .. connections|sessions|messages|recipients',
      'exceed* .. rate|messages|connections|recipients .. limit|per|hour|minute',
      'exceed* limit .. messages|emails|recipients|connections',
      'exceed* .. maximum number',
      'maximum concurrent connections',
      'concurrent connection*|session* .. limit*|exceed*|many',
      'throttl*',
      'rate limit*|limited|control*|throttled|exceed*',
      'rate limit*',
      'ratelimit*|throttling',
      'unusual rate|sending|activity|volume',
      'excessive|unexpected volume|traffic|rate|number',
      'unexpected volume',
      'sending|send too many|much|quickly|fast',
      'frequency limited|limit*|exceed*',
      'slow down',
      'daily|hourly|minute* .. quota|limit',
      'over rate|sending|message limit|quota',
      'outgoing|sending|sender .. quota|limit',
      'max defers|failures',
      'quota .. per hour|day|minute',
      'zu viele verbindungen|empfanger|anfragen',
      'trop de connexions|messages|destinataires|connection',
    ],
    has: ['频率', '頻率', '送信数'],
    unless: [
      'hop*',
      'received headers',
      'timeout|timed',
      'too many errors',
      'too many .. unknown|unrecognized|invalid|bad',
    ],
    over: ['2', '3', '4'],
  },
  {
    cause: 'too_large',
    says: [
      'message|mail|email|size|data|attachment*|content|file|body .. too large|big',
      'message|mail|email|data|body|content too long',
      'too large|big .. message|mail|email|attachment*|size|limit',
      'message|mail|email|data|content .. size|length .. exceed*|limit|maximum|reached|larger|too|above|over|greater|achieved|threshold|not accepted',
      'message|mail|email|attachment* .. exceed* .. size|limit|maximum|length|fixed|allowed|bytes|mb|kb',
      'exceed* .. message|mail|email|attachment|fixed|maximum|max .. size|length|limit',
      'size .. exceed* .. limit|maximum|max|allowed|fixed|administrative',
      'exceed* .. size limit',
      'exceed* maximum|allowed|max .. size',
      'max* message|mail|email size|length',
      'message larger|bigger|greater than',
      'larger than .. limit|maximum|allowed|max|size|system',
      'oversize*',
      'message size limit|limits|restriction*',
      'over size',
      'length .. content|message|data .. maximum|limit*|exceed*|threshold',
      'nachricht|mail .. zu gross',
      'message|courriel|mail trop volumineux|gros|grand',
      'mensaje|mensagem|correo demasiado|muito grande',
      'messaggio|email troppo grande',
      'bericht te groot',
      'wiadomosc .. za|zbyt duza',
    ],
    has: [
      'recipsizelimit',
      'sizelimit',
      'messagetoolarge',
      'メッセージサイズ',
      '邮件过大',
      '邮件太大',
      '超过大小',
      '郵件過大',
    ],
    unless: ['mailbox size'],
    over: ['2', '3'],
  },
  // What stands on lists.
  {
    cause: 'blocked',
    says: [
      'dnsbl*|rbl|rbls|rbl*|drbl*|sbl|xbl|dbl|pbl|surbl|uribl|bl',
      'dnsbl|rbl|rhsbl',
      'black list|listed|lists|listing',
      'block list|listed|lists|listing',
      'deny list|listed',
      'blacklist*|blocklist*|blocklisted|denylist*|denyip|blacklisting',
      'listed at|by',
      'ip|ip#|host|domain|client|server|network|sender|connecting|you|your .. listed',
      'on|in .. black|block|deny|spam|spammer list|lists|database',
      'spam list|database|blocklist',
      'block* using|by|list|due|for|at|because|ip|from',
      'ip|ip#|host|client|network|server|connection*|mta|range|relay|connecting .. blocked|banned|blacklisted|barred|blocklisted',
      'client host|address|ip rejected|refused|denied',
      'ip|ip# .. rejected|barred',
      'rejected .. ip|ip#',
      'blocked|banned|blacklisted|barred .. ip|client|host|network|server',
      'spamhaus|spamcop|sorbs|senderscore|uceprotect|cloudmark|invaluement|hostkarma|abusix|mailspike|nixspam|manitu|spamrl|njabl|ordb|cbl|senderbase',
      'poor|bad|low|negative|reputation|suspicious .. reputation|score',
      'reputation .. low|poor|bad|sender|ip|domain|score|problem*|issue*',
      'reputation',
      'banned|ban',
      'blocked for abuse|spam',
      'abuse|spam|spamming|abusive .. ip|host|network|server|source|system',
      'ip .. spammer*|abuse|spam',
      'spammer*|spamming',
      'not allowed connect|send',
      'not allow* .. connect*',
      'no access from|for',
      'go away',
      'service refuse*',
      'bounce attacks',
      'not accepting connections',
      'access .. mail|email system .. reject*|denied',
      'your access submit .. reject*',
      'connection* .. not accepted|allowed|permitted|refused from|blocked',
      'not accept* .. connections|mail|email .. from .. your|ip|host|network|server|such|dynamic|residential',
      'connections|mail|email|messages not accepted from|dynamic|servers|ip',
      'mail|messages|email|message from ip#|host# .. reject*|refused|denied|not|blocked|sent',
      'invalid ip for sending',
      'ip not allowed|authorized|permitted',
      'host|server|network not allowed|authorized|permitted|welcome',
      'dynamic ip|address|pool|dialup|range',
      'dialup|residential .. ip|address|host|not|reject*|blocked',
      'geographical|country|geoip|countries .. reject*|block*|location|denied',
      'dial up ip|address|host|pool',
      'delist|delisting|delisted|unblock|whitelist',
      'request|for removal',
      'remove* .. list',
      'part their network on our block',
      'permanent failure ... blocked',
      // German
      'ip|server|mailserver|host|absender|adresse ... gesperrt|blockiert|gelistet|geblockt',
      'sperrliste|blockliste|blockierliste|sperrlisten',
      'schwarz* liste',
      // French
      'ip ... bloquee|bloque|blacklistee|refusee',
      'adresse ip ... bloquee|bloque|blacklistee|refusee|listee',
      'serveur ... bloque|blackliste',
      'liste noire|noires',
      // Spanish, Portuguese, Italian
      'ip|servidor|dominio|endereco|direccion|server|indirizzo ... bloquead*|bloccat*|listad*',
      'lista negra|nera|negras|bloqueo|bloqueio',
      // Dutch
      'ip|server|mailserver|afzender ... geblokkeerd|geweigerd|geblacklist',
      'zwarte lijst',
      // Polish
      'ip|serwer|adres|nadawc* ... zablokowan*|blokowan*',
      'czarn* lis*',
    ],
    has: [
      'spamhaus',
      'spamcop',
      'sorbs.net',
      'dnsbl',
      '.rbl.',
      '/rbl',
      'rbl.',
      'denyip',
      '(hvu:',
      '(dyn:',
      '[tss09]',
      'denylist',
      'blacklist',
      'blocklist',
      'barracudacentral',
      'senderscore',
      'senderbase',
      'junkemailfilter',
      'uceprotect',
      'surbl.org',
      'uribl.com',
      'backscatterer',
      'csi.cloudmark',
      '(s3150)',
      '(bl)',
      '[bl2',
      '#bl0',
      'ip_address_blocked',
      // Japanese
      'ブラックリスト',
      'ブロックリスト',
      'ブロックされ',
      '受信拒否',
      '接続を拒否',
      '送信元が拒否',
      '規制され',
      // Chinese
      '黑名单',
      '黑名單',
      '被拦截',
      '被屏蔽',
      '被封',
      '封锁',
      '封鎖',
      '封禁',
      '拒收',
      '列入',
      '被攔截',
      '拒绝连接',
      'ip被',
    ],
    unless: [
      'mailbox|user|account .. blocked',
      'not blocked',
      'relay* .. denied|not|prohibited',
      'content*|attachment*|file|url|link',
      'connection refused by',
      'policy',
      'allowed senders',
    ],
    over: ['1.8', '2', '3'],
  },
  // The sender's address, before the recipient's.
  {
    cause: 'sender_rejected',
    says: [
      'sender*|mailfrom|envelope|originator .. reject*|refused|denied|invalid|unknown|unverified|unresolvable|bad|illegal|missing|mismatch*|forbidden|blacklisted|blocked|bogus',
      'sender*|mailfrom|envelope|originator .. not|must .. exist|found|resolve|valid|verif*|allowed|permitted|authori*|accepted|correct|match',
      'invalid|unknown|bad|unverified|unresolvable|illegal|bogus|forged|malformed .. sender*|originator',
      'sender domain .. not|must|unknown|invalid|unresolv*|bogus',
      'domain .. sender .. not|unknown|invalid|unresolv*',
      'sender verify|verification|callout failed|fail*',
      'verif* .. sender .. fail*',
      'mail from .. refused|reject*|denied|invalid',
      'mail from .. domain|command|address .. not|failed',
      'mail from .. must|same|equal|match',
      'refus* .. sender|envelope',
      'sender .. null|no mx',
      'mail from|mailfrom .. mismatch*|invalid|not|domain',
      'from domain|address|header .. invalid|missing|required',
      'from header|address .. not',
      'return path .. reject*|invalid|not',
      'null sender',
      'sender*|address .. not .. approved|preapproved',
      'unrouteable|unroutable sender',
      'unsigned dsn',
      'backscatter',
      'verified sender identity',
      'from address .. not match',
      'no valid from',
      'invalid from',
      'envelope sender|from .. must|invalid|reject*|not|domain',
      'not accept* .. from|sender .. domain|address|you',
      'bounce|null sender|messages .. not accepted|reject*',
      'badmailfrom',
      'manually blocked senders',
      'blocked sender*',
      'email address not verified',
      'identities failed check',
      'ungultig* absender*',
      'ungueltig* absender*',
      'absender* .. abgelehnt|abgewiesen|ungultig*|ungueltig*|unbekannt|nicht|existiert',
      'expediteur|emetteur .. refuse*|invalide|inconnu*|rejete*|interdit|bloque*|non|inexistant*',
      'remitente|remetente .. rechazad*|invalid*|no|nao|bloquead*|rejeitad*|desconocid*|desconhecid*|recusad*',
      'mittente .. rifiutat*|non|sconosciut*|invalid*|respint*|bloccat*',
      'afzender .. geweigerd|ongeldig|onbekend|niet',
      'nadawc* .. odrzucon*|nieznan*|nieprawidlow*|nie',
    ],
    has: ['发件人', '發件人', '寄件人', '寄件者', '送信者', '送信元アドレス', '送信元ドメイン'],
    unless: ['rate|frequency|limit*|throttl*', 'recipient .. not|unknown|invalid', 'not want*'],
    over: ['1', '4.4'],
  },
  // Postfix says so while it asks the recipient's own server: https://www.postfix.org/ADDRESS_VERIFICATION_README.html
  { cause: 'system', says: ['address verification .. progress', 'unverified address'], class: '4' },
  // Nobody there.
  {
    cause: 'unknown_user',
    says: [
      'recipient address|addresses rejected access denied',
      'recipient address rejected .. user unknown',
      'not .. active|current|existing address',
    ],
    over: ['4.1', '7'],
  },
  {
    cause: 'unknown_domain',
    says: [
      'domain .. recipient .. not .. exist*|found|resolve*|valid',
      'recipient|destination domain|host .. not|unknown|invalid|nonexist*',
      'destination system',
      'recipient address rejected .. domain|host .. not|unknown|invalid',
      'bad destination host|domain',
      'nxdomain',
      'invalid|unknown|nonexist* domain .. recipient',
    ],
    over: ['1', '4', '7'],
  },
  {
    cause: 'unknown_domain',
    says: [
      'no such domain|host',
      'null mx',
      'nxdomain',
      'host|host#|domain|hostname|domainname|mx .. not found|exist|resolve|known|valid|exists',
      'host|domain .. unknown|nonexist*|unresolv*|unrouteable',
      'illegal|nonexist* host|domain|hosts',
      'existent hosts|domain|host',
      'host|domain lookup failed',
      'unknown|invalid|bad|nonexist* domain|host|hostname',
      'no mx',
      'no dns|mail .. record*|host|found',
      'no .. mx record*',
      'mx|dns record* .. not found|missing|invalid',
      'no valid|usable mx|mail servers|exchanger*|hosts',
      'no mail hosts|servers|exchanger*',
      'unrouteable|unroutable mail|domain',
      'name or|service not known|found',
      'name service error',
      'not find|resolve .. domain|host|mx',
      'domain .. existiert nicht|unbekannt gefunden',
      'domaine .. inconnu|inexistant|introuvable',
      'dominio .. inexistente|desconocido|desconhecido|inesistente|sconosciuto',
      'dominio .. no|nao|non existe|esiste|encontrado|trovato',
      'domein .. onbekend|bestaat niet',
      'domena .. nie istnieje|nieznana',
    ],
    has: ['域名不存在', '域名无法解析', '域名错误', '網域不存在', 'ドメインが存在', 'ドメインが見つか'],
    lacks: ['发件人', '發件人', '寄件人', '寄件者', '送信者', '送信元'],
    unless: [
      ...sendingSide,
      'user*|mailbox*|account*|addressee|member|recipient*|person|address .. not|unknown|invalid',
      'unknown|invalid|no .. user*|mailbox*|account*|recipient*|person|address',
      'relay*',
      'url|urls|link|links|uri|subject|message|content',
      'timeout|timed|temporar*|try',
      'tenant|customer',
    ],
    ofSender: false,
    over: ['1.1', '1.10', '4', '7'],
  },
  {
    cause: 'moved',
    says: [
      'user|mailbox|recipient|account|address|person .. moved|relocated',
      'moved permanently',
      'new address|email .. please|@',
      'changed .. address',
      'please try|use @',
      'address .. changed',
    ],
    unless: sendingSide,
    ofSender: false,
    over: ['1.6'],
  },
  {
    cause: 'disabled_account',
    says: [
      `${who} .. disabled|suspended|inactive|deactivated|discontinued|expired|closed|terminated|locked|frozen|cancel*|archived|deleted|dormant|retired|deprovisioned|inactivity|removed|abandoned|decommissioned`,
      'user*|mailbox*|account*|inbox .. blocked|banned|barred',
      'disabled|suspended|inactive|deactivated|discontinued|expired|closed|locked|frozen|archived|deleted|cancel*|terminated .. user*|recipient*|mailbox*|account*|addressee|inbox|email',
      `${who} .. not activ*|enabled`,
      'no longer active|use|used|employed|works|available|monitored|accepts|working|with|supported|service|in',
      'not longer active|valid',
      'left company|organization|organisation',
      'no longer .. company|employ*|organization|works',
      'reject* inactive',
      'not active|activated',
      'extended absence|inactivity',
      'due inactivity',
      // German
      'postfach|konto|benutzer*|mailbox|account|empfanger|empfaenger|adresse|kunde ... gesperrt|deaktiviert|stillgelegt|inaktiv|geschlossen|abgeschaltet|geloscht|geloescht|gekundigt|gekuendigt',
      'postfach|konto|benutzer*|mailbox|account ... nicht ... aktiv|freigeschaltet',
      'deaktivierte*|gesperrte*|inaktive*|geschlossene* ... postfach|konto|benutzer*|mailbox|empfanger',
      // French
      'compte|boite|boites|destinataire|utilisateur|adresse|messagerie ... desactive*|suspendu*|ferme*|bloque*|archive*|inactif|inactive|inactifs|resilie*|supprime*|cloture*|expire*',
      // Spanish
      'cuenta|usuario|buzon|casilla|destinatario|direccion ... desactivad*|deshabilitad*|suspendid*|inactiv*|bloquead*|cancelad*|cerrad*|inhabilitad*|eliminad*|desabilitad*|caducad*',
      // Portuguese
      'conta|usuario|utilizador|caixa|destinatario|endereco ... desativad*|desactivad*|desabilitad*|suspens*|inativ*|bloquead*|encerrad*|cancelad*|inativa|excluid*',
      // Italian
      'casella|account|utente|destinatario|indirizzo ... disabilitat*|disattivat*|sospes*|inattiv*|bloccat*|chius*|scadut*|cancellat*',
      // Dutch
      'account|postbus|postvak|mailbox|gebruiker|ontvanger|adres ... uitgeschakeld|geblokkeerd|opgeheven|gedeactiveerd|inactief|afgesloten|opgeschort|gesloten|verwijderd|vervallen',
      // Polish
      'konto|skrzynk*|uzytkownik*|adres*|odbiorc* ... zablokowan*|wylaczon*|nieaktywn*|zawieszon*|zamkniet*|usuniet*|dezaktywowan*|skasowan*',
    ],
    has: [
      'p=disableduser',
      'accountdisabled',
      'accountinactive',
      'mailboxdisabled',
      // Japanese
      '利用停止',
      '停止中',
      '停止され',
      '無効になって',
      '無効化',
      '凍結',
      '解約',
      '休止',
      'アカウントが無効',
      '使用されていません',
      // Chinese
      '已停用',
      '被禁用',
      '已禁用',
      '禁用',
      '冻结',
      '已注销',
      '被锁定',
      '未激活',
      '停用',
      '已過期',
      '已过期',
      '被停用',
      '鎖定',
    ],
    unless: [
      ...sendingSide,
      'ip|host|server|domain|network|message|connection|mail .. blocked|banned',
      'try|process',
      'license|licence',
      'not available',
    ],
    ofSender: false,
    over: ['4.1', '7'],
  },
  {
    cause: 'not_accepting',
    says: [
      'not accept .. mail|email|messages',
      'not accept* .. any|incoming .. mail|email|messages',
      'not receive|receiv* .. mail|email',
      'host|server|domain|system|machine .. not accept* .. mail|email|messages|smtp',
      'no longer accept* .. mail|email|messages',
    ],
    unless: [
      'sender*|from|you*|client|ip|policy|header*|address*|dynamic|spam|unauthenticated|content|attachment*',
      'user*|mailbox*|recipient*|relay*',
      'currently|temporar*|try|later|time|now',
    ],
    class: '5',
    ofSender: false,
    over: ['1.10', '3.2'],
  },
  {
    cause: 'unknown_user',
    says: [
      `${notThere}|no|bad|wrong|illegal|incorrect|unrecognized user*|username|recipient*|rcptto|rcpt|mailbox*|addressee|account*|alias*|person|member`,
      `${notThere} or|local|email|remote|destination .. user*|username|recipient*|mailbox*|addressee|account*|person|address`,
      'no known|valid|existing|local|matching user*|recipient*|mailbox*|account*|person|addres*',
      `${notThere}|bad|wrong|illegal|incorrect|nonexist* address*|email|destination|local`,
      'no such .. user*|recipient*|mailbox*|addres*|addressee|account*|person|alias*|member|customer|id|local|email|subscriber|name|inbox',
      'no user|mailbox|account|recipient*|valid|inbox|person|subscriber|local .. here|name|found|with|exist*|address*|called|by|recipient*|mailbox*',
      'no valid recipient*|rcpt|addres*|mailbox*',
      `${who} .. ${notThere}`,
      `${who} .. not .. exist*|found|known|recogni*|valid|listed|there|registered|our|correct|present|belong*|here|defined|in`,
      `${who} not account|mailbox|user|customer|on|at|from|local|hosted`,
      'user*|mailbox*|account*|recipient*|addres* no longer exist*|here',
      'address lookup failed|fail*',
      'lookup .. fail*|not found .. recipient|address|user|mailbox',
      'not .. known|valid|our|local|legal|correct|existing .. user*|recipient*|mailbox*|customer*|address*|account*|email',
      'not have .. account|mailbox|user|inbox|address',
      'not have .. account|mailbox',
      'not our customer|user',
      'not registered',
      'no mail box',
      'user missing',
      'not handle|accept|host mail for .. user|recipient|address',
      'user not|no .. exist*',
      'recipient not|no .. exist*|found|known',
      'not listed in',
      'email account .. not exist',
      'no one|person|user|body .. name|here|exist*',
      'not find|locate .. user*|mailbox*|recipient*|address*|account*|person|email',
      'not find .. email|mailbox',
      'unknown local part',
      'unknown|local part|user in|table|local|virtual',
      'user .. relay|local|virtual .. table',
      'not exist|exists|found|listed .. server|system|directory|table|here',
      'marked as|invalid .. address*|user*|recipient*|mailbox*',
      'address* .. marked .. invalid',
      'misspelled|misspelt',
      'mailbox not found|available|exist|here',
      'unknown address',
      'bad address|destination|recipient|mailbox syntax|address',
      'bad|malformed|illegal address|recipient|mailbox syntax',
      'not .. rfc .. address',
      'recipient verif* fail*',
      'not deliver mail for',
      'undeliverable address',
      'unverified address',
      'address verification .. progress|fail*',
      'not deliverable recipient|user|mailbox',
      'destin* not exist|valid|found|known|unknown',
      'wrong recipient*|address|user|email',
      'user mailbox not',
      // German
      'gibt es nicht',
      'adressat* ... unbekannt|nicht',
      'benutzer*|empfanger*|empfaenger*|postfach|adresse|mailadresse|emailadresse|konto|teilnehmer|mailbox|nutzer|kennung ... existiert|unbekannt*|nicht|ungultig|ungueltig|falsch ... nicht|gefunden|vorhanden|bekannt|existiert|unbekannt*|ungultig*|ungueltig*|zustellbar',
      'benutzer*|empfanger*|empfaenger*|postfach|adresse|mailadresse|emailadresse|konto|teilnehmer|nutzer|kennung ... unbekannt*|ungultig|ungueltig|falsch',
      'unbekannte*|ungultige*|ungueltige*|falsche* ... benutzer*|empfanger*|empfaenger*|adresse*|postfach|nutzer|teilnehmer|konto|mailadresse',
      'kein* ... benutzer|postfach|empfanger|empfaenger|konto|nutzer|mailbox',
      // French
      'utilisateur*|destinataire*|adresse*|boite*|compte*|usager|abonne ... inconnu*|inexistant*|invalide*|introuvable*|incorrect*|errone*',
      'utilisateur*|destinataire*|adresse*|boite*|compte* ... non|pas trouve*|valide|existe|existante',
      'existe|existent pas|plus',
      'aucun* ... utilisateur|boite|destinataire|compte',
      'inconnu* ... utilisateur|destinataire|adresse',
      // Spanish
      'usuario*|destinatario*|buzon*|direccion|cuenta*|casilla|correo ... desconocid*|inexistente*|invalid*|incorrect*|erronea',
      'usuario*|destinatario*|buzon*|direccion|cuenta*|casilla|correo ... no ... existe*|encontrad*|valid*|encontro|encuentra|registrad*|reconocid*',
      'no ... encontrado|encontrada ... usuario|destinatario|buzon|direccion|cuenta',
      'no existe* ... usuario|destinatario|buzon|direccion|cuenta|casilla|dicha|persona|ese|esa|el|la|tal|correo',
      // Portuguese
      'usuario*|utilizador*|destinatario*|caixa|endereco|conta ... desconhecid*|inexistente*|invalid*|incorret*|incorreto',
      'usuario*|utilizador*|destinatario*|caixa|endereco|conta ... nao ... existe*|encontrad*|valid*|cadastrad*|foi',
      'nao existe* ... usuario|utilizador|destinatario|caixa|endereco|conta',
      // Italian
      'utente*|destinatari*|casella|indirizz*|account|mailbox|utenza ... sconosciut*|inesistent*|invalid*|errat*',
      'utente*|destinatari*|casella|indirizz*|account|utenza ... non ... esiste|esistente|trovat*|valid*|attiv*|riconosciut*',
      'non ... trovare|trovat*|esiste ... indirizzo|utente|casella|destinatario|account',
      // Dutch
      'gebruiker*|ontvanger*|postbus|postvak|adres|mailbox|account|mailadres|geadresseerde ... onbekend|niet|ongeldig|onjuist',
      'onbekende|ongeldige|ongeldig|onbekend|geen ... gebruiker*|ontvanger*|adres|postbus|postvak|mailbox|account|mailadres',
      // Polish
      'uzytkownik*|odbiorc*|adres*|kont*|skrzynk* ... nieznan*|nieprawidlow*|bledn*|niepoprawn*|niewlasciw*',
      'uzytkownik*|odbiorc*|adres*|kont*|skrzynk* ... nie ... istniej*|znalezion*|znaleziono|odnaleziono|ma|figuruje',
      'nieznan*|nieprawidlow*|bledn* ... uzytkownik*|odbiorc*|adres*|skrzynk*|kont*',
      'brak takiego|takiej|uzytkownika|adresata|konta|adresu',
      'nie ma|istnieje ... takiego|takiej|uzytkownik*|kont*|adres*|skrzynk*|odbiorc*',
    ],
    has: [
      'recipnotfound',
      'recipientnotfound',
      'answer=6596',
      'p=nosuchuser',
      'unknown_user',
      'usernotfound',
      'usrunknown',
      'no_such_user',
      // Japanese
      '存在しません',
      '存在しない',
      '宛先不明',
      'あて先不明',
      '宛先が見つか',
      'ユーザが見つか',
      'ユーザーが見つか',
      'アドレスが見つか',
      '該当するユーザ',
      '不明なユーザ',
      'ユーザー不明',
      'ユーザ不明',
      '無効なアドレス',
      '無効な宛先',
      '宛先が無効',
      '宛先不正',
      '登録されていません',
      // Chinese
      '不存在',
      '查无此',
      '没有此',
      '没有该',
      '没有这个',
      '沒有此',
      '沒有這個',
      '查無此',
      '无此用户',
      '無此用戶',
      '无此邮箱',
      '用户未找到',
      '找不到用户',
      '找不到收件人',
      '找不到該',
      '未知用户',
      '未知收件人',
      '收件人无效',
      '收件人地址无效',
      '无效的收件人',
      '地址错误',
      '不存在的',
      '收件人未知',
      '无效用户',
    ],
    lacks: ['发件人', '發件人', '寄件人', '寄件者', '送信者', '送信元', '域名', '網域', 'ドメイン'],
    unless: [
      ...sendingSide,
      'relay* .. denied|not|access|prohibited',
      'excessive|many',
      'attachment*|character*|command*|subject',
      'rule|rules',
    ],
    ofSender: false,
    over: ['1.2', '4.1', '7'],
  },
  {
    cause: 'relay_denied',
    says: [
      'relay*|relaying .. denied|not|prohibited|disallow*|forbidden|refused|reject*|unauthorized|deny|access|disabled|restricted|denies',
      'not|no|refuse*|deny|denied|unable|prohibited|unauthorized|open|invalid .. relay*',
      'not .. configured .. relay|let',
      'as relay',
      'we|server not relay',
      'not .. local|our domain|host|host#',
      'not .. gateway',
      'must authenticate|login|log|auth',
      'login fail*|failed',
      'authentication required|needed|mandatory',
      'smtp auth* required|needed',
      'requires authentication',
      'check mail before sending',
      'rcpthosts',
      'pop before|authentication',
      'not authenticated',
      'sending domain not verified|configured',
      'email address not verified',
      'not authorized|permitted|allowed .. send|relay .. through|from|as|domain',
    ],
    unless: ['group|list|distribution|members'],
    over: ['1.2', '4.1'],
  },
  {
    cause: 'loop',
    says: [
      'mail|message|routing|forwarding|loop .. loop*|looping',
      'loop detected|mail',
      'hop count|limit',
      'configured in loop',
      'hopcount|loops',
      'too many hops|received|hop',
      'lowest numbered mx record points local',
      'maximum hop*',
    ],
    over: ['4'],
  },
  {
    cause: 'spam_content',
    says: [
      'spam|junk|unsolicited|ube|uce|bulk|spamtrap|spamming|spammy|antispam',
      'anti spam',
      'spam*',
      'gtube',
      'content* .. reject*|denied|blocked|refused|filter*|banned|unacceptable|restrict*|scan*|violation|prohibited',
      'content* .. not .. accept*|allow*|permit*',
      'reject*|denied|blocked|banned|filtered|refused|forbidden|prohibited|offensive|suspicious|objectionable .. content|contents|body',
      'banned|prohibited|suspicious content|subject|link*|url*|words',
      'url|link|links|domain|uri .. in|within|found .. message|body|content',
      'mass mailer|mailing|mailings',
      'classified|considered|detected|identified|scored|flagged|marked as .. spam|junk',
      'message filtered',
      'content filter*',
      'unwanted|commercial|advert* .. mail|email|message|content',
      'als spam|unerwunschte',
      'contenu .. refuse|rejete|interdit|bloque',
      'contenido .. rechazado|bloqueado|no',
    ],
    has: [
      'help_spam',
      'antispam',
      'spam_',
      'notspam',
      '垃圾邮件',
      '垃圾郵件',
      '迷惑メール',
      'スパム',
      'dt:spm',
      'mi:spb',
    ],
    unless: ['not spam'],
    over: ['2.1'],
  },
  {
    cause: 'policy',
    says: [
      'attachment* .. prohibited|illegal|blocked|reject*|denied|banned|disallowed|unacceptable|guidelines',
      'attachment* .. not .. allow*|permit*|accept*',
      'illegal|prohibited|banned|blocked|forbidden|unacceptable|dangerous .. attachment*|file',
      'file|attachment type|types|extension',
      'potential security issue',
      'security polic*|issue|reason*|policy|restriction*',
      'polic* reason*|violation*|restriction*|reject*|block*|deny|denied|prohibit*|refus*',
      'due|local|by|against|violat*|our|because|site|server|company|administrative|organization|corporate .. polic*',
      'polic*',
      'aup|acceptable use',
      'administrat* prohibit*|prohibition|denied|reject*|block*|lock*|restrict*',
      'not authorized|authorised .. send|deliver*|submit|recipient|user|mailbox|group|list',
      'delivery not authorized|authorised|allowed',
      'reject* by recipient*|user*|destination|admin*|remote|rule|filter|system|domain',
      'mail|message|email|envelope reject*|denied|refused|blocked by|due|because',
      'senders .. outside|external',
      'outside|external|anonymous senders|sender',
      'user|recipient refused|rejected|declined',
      'user|recipient not .. want|accept',
      'refused receive',
      'not want .. mail|email',
      'non member|members',
      'members only',
      'not accept* .. attachment*',
      'sender not .. allowed|senders list|authorized',
      'allowed senders list',
      'restricted recipient|address|group|mailbox|distribution|from',
      'prohibited|restricted|forbidden .. by|from',
      'not permitted|authorized send|deliver|mail',
      'discarded|filtered|dropped by',
      'only accept* .. from',
      'restricted',
      'only .. internal|authenticated|authorized|members .. senders|sender|post|send',
      'envelope blocked',
      'message filtered|denied|refused|blocked',
      'mail|message|email not accepted .. reason*|policy',
      'richtlinie*|abgelehnt|abgewiesen|zuruckgewiesen|verweigert',
      'politique .. securite|refuse|filtrage|rejet*',
      'politica*',
      'beleid|polityk*',
    ],
    unless: ['temporar* deferred', 'rate|throttl*|quota|too many'],
    over: ['4.1'],
  },
  {
    cause: 'protocol',
    says: [
      'rfc .. compliant|compliance|violation|conform*|comply',
      'not rfc',
      'not .. rfc .. compliant|conform*|comply',
      'bare lf|cr|newline|newlines|linefeed|linefeeds|line',
      'invalid character*',
      'barelf',
      'missing|no|invalid|multiple|duplicate|malformed|bad|required .. header*',
      'header* .. missing|invalid|malformed|required|duplicate|not|multiple|syntax|too long',
      'syntax error|errors',
      'command .. not|unrecognized|unknown|out|unexpected|syntax',
      'bad sequence|command',
      'protocol error|violation*',
      'missing .. from|date|subject',
      'need',
      'fully qualified',
      'multiple addresses .. from',
      'line too long',
      'lines longer',
      '8bit|smtputf8|8bitmime|starttls|tls .. required|not|must|need*',
      'must issue starttls',
      'mime .. error|invalid|malformed|not|bad',
      'pipelining',
      'non ascii|encoded',
      'improper use',
      'too many unrecognized|bad|unknown .. command*',
    ],
    unless: ['mailbox|recipient|address syntax'],
    class: '5',
  },
  {
    cause: 'greylisted',
    says: ['greylist*|graylist*|grey|gray|postgrey', 'greylisting|graylisting'],
    has: ['greylist', 'graylist'],
  },
  {
    cause: 'expired',
    says: [
      'expired .. hours|days|minutes|queue|sitting|after',
      'attempted .. hours|days',
      'queue period|lifetime',
      'hours|days .. queue',
      'message expired|too old',
      'retry timeout|time exceeded|exceed*',
      'retry time not reached',
      'deliver* expired|time out',
      'giving up',
      'failing for long time',
      'in queue too long',
      'queue too long',
      'not deliver* .. minutes|hours|days|seconds|day|hour',
      'unable deliver* .. minutes|hours|days|seconds|day|hour|attempts',
      'unable deliver .. after',
      'failed .. attempts',
      'delivery failed .. attempts',
      'max* .. retries|attempts|lifetime|retry',
      'undeliverable .. days|hours',
      'delivery time expired|exceeded',
      'message lifetime',
      'time allowed live exceeded',
      'too old',
    ],
    over: ['3', '4'],
  },
  {
    cause: 'network',
    says: [
      'connection|connect|session|operation|network|dns|lookup|conversation|command|read|write|data|socket|server|host|response|timeout .. timed|timeout|refused|reset|lost|dropped|closed|failed|aborted|broken|unreachable|interrupted',
      'timed out',
      'lookup fail*|failure',
      'name server .. reply|response',
      'dialing|dial tcp',
      'i o timeout',
      'timeout .. exceeded|waiting|while|connect*|error',
      'time out',
      'not|unable|failed .. connect|reach|contact|establish .. host*|server*|remote|domain|mx|destination|mail|recipient*',
      'unable connect',
      'failed connect',
      'not connect|reach',
      'connection refused|lost|reset|closed|dropped|failed|timed',
      'no route',
      'network unreachable|error|problem',
      'host|host#|server|network|destination unreachable|down',
      'host|host#|server|network|destination not responding|reachable|answer*|respond',
      'unreachable|socketerror',
      'no answer|response',
      'temporary dns|lookup|name fail*|error',
      'dns .. temporar*|timeout|servfail|fail*|error',
      'name server .. fail*|timeout|error',
      'certificate .. failed|expired|invalid|verify',
      'servfail|econnrefused|etimedout|ehostunreach|enotfound|econnreset',
      'tls .. failed|handshake|negotiation|error',
      'lost connection',
      'broken pipe',
    ],
    has: ['socketerror', 'タイムアウト', '连接超时', '無法連接', '无法连接', '接続できません'],
    unless: ['mail from .. mismatch*', 'spf'],
    over: ['3'],
  },
  {
    cause: 'system',
    says: [
      'resource* .. unavailable|insufficient|exhausted|low|busy|not|limited',
      'insufficient .. resource*|memory|system|storage',
      'system resource*|error|busy|problem|failure|full|not|storage',
      'server|system|service|host|mta .. busy|overload*|unavailable|down|maintenance|shutting',
      'server|system|service|host .. not available|ready',
      'service not available|unavailable|currently',
      'not available|unavailable|busy .. now|currently|moment|time',
      'internal|configuration|software|server|database|processing|local|ldap|backend|disk error|failure|exception|problem|fault',
      'out disk|memory|space',
      'disk full|error|space',
      'no space|disk',
      'please|later retry|try',
      'overload*|overloaded|busy',
      'maintenance|shutdown|shutting',
      'closing|close transmission|connection|channel',
      'license expired',
      'too many errors',
      'misconfigur*|not configured',
      'transport error',
      'mailer error',
      'not|unable create|open|write|lock .. file|mailbox|directory|folder|output',
    ],
    has: ['一時的', '暂时', '系统繁忙', '系統忙', '稍后', '稍後', 'しばらく'],
    unless: ['reputation|spam|block*|blacklist*|polic*', 'client host'],
  },
] as const satisfies readonly WordSignal[];

/** Words that say little: they count where nothing else tells anything. */
const weakSignals = [
  { cause: 'sender_rejected', says: ['not|unknown|invalid|unresolvable'], ofSender: true },
  {
    cause: 'sender_rejected',
    says: ['sender|sending|your|outgoing domain|address|mailbox|host|account|user|quota|email', 'blocked you|your'],
  },
  // A server that answers is found by its domain's own records: these are the sender's.
  { cause: 'sender_rejected', says: ['invalid .. mx|dns .. record*'] },
  {
    cause: 'unknown_user',
    says: [
      'mailbox|account unavailable|not',
      'recipient unavailable|reject*|refused|not|denied|failed',
      'recipient|rcpt address|addresses reject*|refused|denied',
      'address reject*|not|refused|failed',
      'not exist|exists|found|known',
      '@ unknown|invalid',
      'no mailbox|recipient*|user',
    ],
    unless: [
      ...sendingSide,
      ...[
        'polic*|abuse|authori*|spam|security|content',
        'command|parameter|argument',
        'authenticat*|credential*|password|login',
      ],
    ],
    class: '5',
    ofSender: false,
  },
  {
    cause: 'system',
    says: [
      'system|server|resource*|service|mailbox|user|recipient|account|internal|local .. temporar*',
      'try again|later',
      'come back|again later',
      'try .. later',
      'resend .. later',
      'not complete|processed',
    ],
    unless: ['reputation|spam|block*|blacklist*|polic*', 'client host'],
  },
  {
    cause: 'system',
    says: ['mailbox|recipient unavailable|busy|locked', 'defer*|deferred'],
    class: '4',
  },
  {
    cause: 'protocol',
    says: [
      'invalid|unknown|missing|malformed|bad .. content|command|argument|arguments|mime|type|header|headers|parameter|parameters|message',
      'message id .. missing|invalid',
      'command .. precede',
    ],
    class: '5',
  },
  { cause: 'relay_denied', says: ['invalid|bad|wrong credentials|password|login'] },
  { cause: 'blocked', says: ['block*|blocked|banned', 'listed'] },
  {
    cause: 'policy',
    says: [
      'access denied',
      'reject*|denied|refused|refuse|deny|denies|forbidden|prohibited|disallowed|unacceptable|unauthorized|declined|unwanted',
      'not accepted|allowed|permitted|authorized|acceptable|authorised|wanted|welcome',
      'not accept|allow|permit',
    ],
    unless: recipientSide,
  },
] as const satisfies readonly WordSignal[];

export const allSignals: readonly WordSignal[] = [...wordSignals, ...weakSignals];

let finder: ReturnType<typeof phraseFinder> | undefined;

/**
 * Where a text speaks of each signal's phrases, then of each one's exceptions, in the same order. The phrases are compiled
 * with the first bounce: a cold start that brings none need not wait for them.
 */
function spokenOf(words: Words): ReturnType<ReturnType<typeof phraseFinder>> {
  finder ??= phraseFinder([...allSignals.map(({ says = [] }) => says), ...allSignals.map(({ unless = [] }) => unless)]);
  return finder(words);
}

/** The causes of single codes, and those of ranges. */
const causeByCode = new Map<string, Cause>(
  codeSignals.flatMap(([range, cause]) => {
    const [, subject, from, to] = /^(\d+)\.(\d+)(?:-(\d+))?$/.exec(range)!;
    const details = Array.from({ length: Number(to ?? from) - Number(from) + 1 }, (_, index) => Number(from) + index);
    return details.map(detail => [`${subject}.${detail}`, cause] as const);
  }),
);

/** Causes whose words are unmistakable, and so is a label that says the same. */
const beatsEveryCode: ReadonlySet<Cause> = new Set(
  allSignals.filter(({ over }) => over === 'any').map(({ cause }) => cause),
);

/** Where a transcript names the command that was answered: it says nothing itself, but whose turn it was. */
const commands = [
  ['unknown address error', null],
  ['in reply to mail from command', 'sender'],
  ['after mail from:', 'sender'],
  ['did not like our mail from:', 'sender'],
  ['[mail_from]', 'sender'],
  ['in reply to rcpt to command', null],
  ['after rcpt to:', null],
  ['did not like our rcpt to:', null],
  ['[rcpt_to]', null],
  ['in reply to end of data command', null],
  ['in reply to data command', null],
  ['after end of data', null],
  ['after initial connection', null],
  ['refused to talk to me', null],
] as const satisfies readonly (readonly [string, 'sender' | null])[];

/** Most replies are no transcript. */
const isTranscript = new RegExp(commands.map(([words]) => words.replaceAll(/[[\]]/g, '\\$&')).join('|'));

/** The letters of each signal's `has`, as they stand in folded text. */
const lettersOf = allSignals.map(({ has = [] }) => has.map(folded));

const someLetters = new RegExp(
  allSignals
    .flatMap(({ has = [] }) => has)
    .map(letters => folded(letters).replaceAll(/[^a-z0-9\u0080-\uffff]/g, '\\$&'))
    .join('|'),
);

/** What is spoken of in a reply. */
interface Spoken {
  readonly text: string;
  /** Whether the letters of any signal stand in it. */
  readonly hasLetters: boolean;
  readonly isAscii: boolean;
  readonly ofSender: boolean;
  readonly sentences: ReadonlyMap<number, number[]>;
}

function spokenIn(reply: string): Spoken {
  let text = folded(reply);
  let ofSender = false;
  if (isTranscript.test(text)) {
    for (const [words, whose] of commands) {
      if (!text.includes(words)) continue;
      ofSender ||= whose === 'sender';
      text = text.replaceAll(words, ' . ');
    }
  }
  return {
    text,
    hasLetters: someLetters.test(text),
    isAscii: /^[ -~]*$/.test(text),
    ofSender,
    sentences: spokenOf(wordsOf(text)),
  };
}

function holds(index: number, { text, hasLetters, isAscii, ofSender, sentences }: Spoken, ofClass: string): boolean {
  const signal = allSignals[index]!;
  if (signal.class !== undefined && signal.class !== ofClass) return false;
  if (signal.ofSender !== undefined && signal.ofSender !== ofSender) return false;
  if (!isAscii && signal.lacks?.some(letters => text.includes(folded(letters)))) return false;
  if (hasLetters && lettersOf[index]!.some(letters => text.includes(letters))) return true;
  const said = sentences.get(index);
  if (said === undefined) return false;
  const excepted = sentences.get(allSignals.length + index);
  return excepted === undefined || said.some(sentence => !excepted.includes(sentence));
}

/** Whether words of a signal are known to stand under a code that says something else. */
function isOver({ over }: WordSignal, detail: string): boolean {
  if (over === undefined || over === 'any') return over === 'any';
  return over.some(code => detail === code || detail.startsWith(`${code}.`));
}

/** What a reply tells; undefined for each thing that tells nothing. */
interface Evidence {
  /** The digit of the reply's class; empty where it has none. */
  readonly class: string;
  readonly ofWords: Cause | undefined;
  readonly ofCode: Cause | undefined;
  readonly weak: Cause | undefined;
  /** Whether code and words say little, but the same: then they say enough to doubt a label. */
  readonly weakAgree: boolean;
}

function evidenceIn(reply: SmtpReply): Evidence {
  const text = beginningOf(reply.text ?? '', maxReplyLength);
  const codes = [...(reply.enhancedCode ? [reply.enhancedCode] : []), ...enhancedCodesIn(text)];
  // A gateway that passes another server's reply on puts its own code in front.
  const specific = codes.findLast(code => causeByCode.has(code.slice(2)));
  const code = specific ?? codes[0] ?? '';
  const replyCode = reply.code ?? replyCodeIn(text) ?? '';
  const ofClass = code[0] ?? replyCode[0] ?? '';
  const detail = code.slice(2);
  const spoken = spokenIn(text);

  const byCode = causeByCode.get(detail);
  // A temporary code is none of a permanent cause.
  const ofCode =
    byCode !== undefined && (ofClass !== '4' || causes[byCode].status === 'soft_bounced') ? byCode : undefined;
  const said = wordSignals.find(
    (signal, index) =>
      holds(index, spoken, ofClass || '5') &&
      // Words may say the same as a specific code, or be known to stand beside it when it is wrong.
      (ofCode === undefined || signal.cause === ofCode || isOver(signal, detail)),
  );
  const found = { class: ofClass, ofWords: said?.cause, ofCode };
  if ((said?.cause ?? ofCode) !== undefined) return { ...found, weak: undefined, weakAgree: false };
  const hinted = weakSignals.find((_, index) => holds(wordSignals.length + index, spoken, ofClass || '5'))?.cause;
  const ofSubject =
    ofClass === '5' && detail !== emptyDetail ? lookUp(subjectSignals, detail.split('.', 1)[0]!) : undefined;
  const weakAgree =
    hinted !== undefined && ofSubject !== undefined && causes[hinted].status === causes[ofSubject].status;
  return { ...found, weak: hinted ?? ofSubject ?? lookUp(replyCodeSignals, replyCode), weakAgree };
}

/**
 * The failure that a reply and a label tell of.
 *
 * @param label of the provider; a generic one is the status of what nothing else tells of
 */
export function failureOf(reply: SmtpReply, label: Label): Failure {
  const { class: ofClass, ofWords, ofCode, weak, weakAgree } = evidenceIn(reply);
  const [ofLabel, generic] = isPrecise(label)
    ? ([label, 'soft_bounced'] as const)
    : ([undefined, label === 'unspecified' ? 'soft_bounced' : label] as const);
  const labelOverCode = ofLabel !== undefined && beatsEveryCode.has(ofLabel);
  const doubted = weakAgree && ofLabel !== undefined && causes[ofLabel].status !== causes[weak!].status;
  const cause = ofWords ?? (labelOverCode ? ofLabel : ofCode) ?? (doubted ? weak : ofLabel) ?? weak ?? 'unspecified';
  // A temporary code is reported as final once the tries are used up.
  return failureBy(cause, ofClass === '4' ? 'soft_bounced' : generic);
}

/** The cause that a reply tells of, also where it only put the email off; null where it tells of none. */
export function causeIn(reply: SmtpReply): Cause | null {
  if (!reply.text && !reply.enhancedCode && !reply.code) return null;
  const { ofWords, ofCode, weak } = evidenceIn(reply);
  return ofWords ?? ofCode ?? weak ?? null;
}

function isPrecise(label: Label): label is Exclude<Cause, 'unspecified'> {
  return label !== 'unspecified' && Object.hasOwn(causes, label);
}
