import type { Cause } from '../../../shared/status/causes.ts';

/** Replies as servers word them, by their cause. Where a language is not English, its name stands before. */
export const replies: Readonly<Record<Cause, readonly string[]>> = {
  unknown_user: [
    "554 delivery error: dd This user doesn't have an example.com account",
    '550 5.1.1 <jane@example.com>: Recipient address rejected: User unknown in virtual mailbox table',
    '550-5.1.1 The email account that you tried to reach does not exist. Please try double-checking',
    '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient jane@example.com not found by SMTP address lookup',
    '550 5.1.0 Address rejected: user unknown',
    '550 No such user here',
    '550 Unknown recipient',
    '550 mailbox not found',
    '550 Requested action not taken: mailbox unavailable',
    "553 sorry, that address doesn't exist",
    '553 5.3.0 <jane@example.com>... No such user here',
    '550-No such person at this address',
    "554 delivery error: dd This user doesn't have an example.com account (jane@example.com)",
    '550 5.4.1 Recipient address rejected: Access denied',
    '550 5.7.1 No such user!',
    '550 User (jane@example.com) unknown.',
    'User not listed in public Name & Address Book',
    'host mx.example.net[192.0.2.8] said: 550 5.1.1 Address rejected jane@example.com (in reply to RCPT TO command)',
    // German
    '550 Benutzer unbekannt',
    '550 Der Empfänger existiert nicht',
    '550 Unbekannter Empfänger',
    // French
    '550 5.1.1 <jane@example.com>: Utilisateur inconnu',
    "550 Cette adresse n'existe pas",
    '550 Boîte aux lettres inexistante',
    // Spanish
    '550 Usuario desconocido',
    '550 El destinatario no existe',
    '550 no existe dicha persona',
    // Italian
    '550 Utente sconosciuto',
    '550 Casella inesistente',
    "550 5.1.1 Non sono riuscito a trovare l'indirizzo e-mail",
    // Portuguese
    '550 Usuário desconhecido',
    '550 O destinatário não existe',
    '550 Caixa postal inexistente',
    // Dutch
    '550 Onbekende gebruiker',
    '550 Het e-mailadres bestaat niet: ontvanger onbekend',
    '550 Postbus niet gevonden',
    // Polish
    '550 Nieznany użytkownik',
    '550 Adres nie istnieje',
    '550 Nie ma takiego konta',
    // Japanese
    '550 宛先のメールアドレスは存在しません',
    '550 宛先不明',
    '550 ユーザが見つかりません',
    // Chinese
    '550 用户不存在',
    '550 收件人地址不存在',
    '550 查無此人',
  ],
  unknown_domain: [
    '550 5.1.2 Host unknown',
    '5.4.4 (unable to route: no mail hosts for domain)',
    'smtp; 5.4.4 Host or domain name not found. Name service error for name=exmaple.con type=MX',
    '550 5.1.0 Domain not found',
    'No MX for nowhere.example',
    'Host or domain name not found',
    "DNS Error: DNS type 'mx' lookup of exmaple.con responded with code NXDOMAIN Domain name not found",
    '550 The domain exmaple.con does not exist',
    '[internal] Domain does not exist',
    'No such domain',
  ],
  disabled_account: [
    '550 5.2.1 The email account that you tried to reach is disabled',
    '525 5.7.13 Disabled recipient address',
    '550 user suspended',
    '550 <jane@example.com>: inactive user',
    '551 <jane@example.com> is a deactivated mailbox',
    '550 Mailbox is frozen',
    // German
    '550 Das Postfach ist deaktiviert',
    '550 Benutzerkonto gesperrt',
    // French
    '550 Compte désactivé',
    '550 La boîte du destinataire est suspendue',
    // Spanish
    '550 Cuenta deshabilitada',
    '550 El usuario está suspendido',
    // Italian
    '550 Casella disabilitata',
    '550 Account sospeso',
    // Portuguese
    '550 Conta desativada',
    '550 Usuário suspenso',
    // Dutch
    '550 Account uitgeschakeld',
    '550 De mailbox is opgeheven',
    // Polish
    '550 Konto zablokowane',
    '550 Skrzynka jest nieaktywna',
    // Japanese
    '550 このアカウントは利用停止中です',
    '550 メールアドレスは無効になっています',
    // Chinese
    '550 该账号已停用',
    '550 用户已被冻结',
  ],
  moved: ['551 5.1.6 Recipient has moved', '551 User has moved to jane@example.org'],
  not_accepting: [
    '556 5.1.10 Domain example.com does not accept mail (nullMX)',
    '554 5.3.2 System not accepting network messages',
  ],
  mailbox_full: [
    '552 Mailbox full',
    '452 4.2.2 The email account that you tried to reach is over quota',
    '552 5.2.2 Mailbox full',
    '552 Requested mail action aborted: exceeded storage allocation',
    '552 5.1.1 <jane@example.com> over quota',
    '554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded',
    "552 5.3.4 user's mailbox quota exceeded",
    '550 user has too many messages on the server',
    // German
    '552 Das Postfach ist voll',
    '552 Speicherplatz überschritten',
    // French
    '552 Boîte aux lettres pleine',
    '552 Quota dépassé',
    // Spanish
    '552 El buzón está lleno',
    '552 Cuota excedida',
    // Italian
    '552 La casella è piena',
    '552 Quota superata',
    // Portuguese
    '552 A caixa postal está cheia',
    '552 Cota excedida',
    // Dutch
    '552 Het postvak is vol',
    '552 Quotum overschreden',
    // Polish
    '552 Skrzynka jest pełna',
    '552 Przekroczono limit pojemności',
    // Japanese
    '552 メールボックスがいっぱいです',
    '552 メールボックスの容量を超えています',
    // Chinese
    '552 收件人邮箱已满',
    '552 邮箱空间不足',
    '552 信箱已滿',
  ],
  too_large: [
    '552 5.2.3 Message length exceeds administrative limit',
    "552 5.3.4 Your message exceeded the receiver's message size limits",
    '452 4.3.4 Message too big',
    '552 Message size exceeds fixed limit',
    '550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient',
  ],
  rate_limited: [
    '550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages',
    '554 5.2.122 The recipient has exceeded their limit of messages per hour',
    '421 4.7.0 Our system has detected an unusual rate of unsolicited mail',
    '452 4.5.3 too many recipients',
    '550 Connection frequency limited',
    '451 4.7.1 throttled',
  ],
  greylisted: ['451 4.7.1 Greylisted for too long', '450 4.2.0 Greylisting in action, please come back later'],
  system: [
    '451 4.3.2 Please try again later',
    '452 4.3.1 Insufficient system resources',
    '421 Service not available, closing transmission channel',
    '451 4.3.0 Temporary server error',
  ],
  network: [
    '421 4.4.2 Connection dropped',
    'delivery temporarily suspended: connect to mx.example.com: Connection timed out',
    'Could not connect',
    '554 connection timed out while relaying',
    '554 5.4.1 connection timed out',
    'connect to mx.example.com[192.0.2.1]:25: No route to host',
  ],
  expired: [
    '4.4.7 Message expired: unable to deliver in 840 minutes',
    '550 5.4.317 Message expired, cannot connect to remote server',
    'retry timeout exceeded',
    'Could not deliver for the last 432000 seconds. Giving up.',
  ],
  loop: ['550 5.4.6 Routing loop detected', '554 too many hops', '554 5.4.14 Hop count exceeded - possible mail loop'],
  blocked: [
    '554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using a blocklist',
    '550 Your IP 192.0.2.1 is listed at zen.example.org',
    '550 blocked using bl.example.org',
    '550 5.2.1 Mailbox unavailable. Your IP address 192.0.2.1 is blacklisted',
    '554 Message refused: blacklisted',
    '550 5.7.606 Access denied, banned sending IP 192.0.2.1',
    "554 rejected due to the sending MTA's poor reputation",
    // German
    '550 Ihre IP-Adresse ist gesperrt',
    '554 IP 192.0.2.1 steht auf einer Sperrliste',
    // French
    '550 Adresse IP source bloquée pour incident de spam',
    '550 Votre serveur est sur liste noire',
    // Spanish
    '550 Su dirección IP está bloqueada',
    '550 IP 192.0.2.1 en lista negra',
    // Italian
    '550 Indirizzo IP bloccato',
    '550 Il server è in lista nera',
    // Portuguese
    '550 O IP 192.0.2.1 está bloqueado',
    '550 Servidor em lista negra',
    // Dutch
    '550 Uw IP-adres is geblokkeerd',
    '550 Server staat op de zwarte lijst',
    // Polish
    '550 Adres IP 192.0.2.1 jest zablokowany',
    '550 Serwer na czarnej liście',
    // Japanese
    '550 送信元IPアドレスがブロックされています',
    '550 ブラックリストに登録されたサーバです',
    // Chinese
    '550 您的IP在黑名单中',
    '554 IP地址被封禁',
    '550 寄件主機列於黑名單',
  ],
  authentication_failed: [
    '550 DMARC check failed',
    '550 SPF check failed',
    '550 5.7.1 SPF lookup timed out',
    '550-5.7.26 Unauthenticated email from example.com is not accepted due to the DMARC policy',
    '554 fails DMARC',
    '550 DKIM signature invalid',
    '550 Rejected by header based Anti-Spoofing policy: jane@example.com',
  ],
  sender_rejected: [
    '550 5.1.8 Sender address rejected: Domain not found',
    '450 4.1.8 Sender address rejected: Domain not found',
    '553 5.1.8 Sender address rejected: domain not found',
    '550 sorry, your envelope sender domain must exist',
    '550 Sender account unknown',
    '501 5.1.0 Emetteur invalide. Invalid Sender.',
  ],
  relay_denied: [
    '550 relaying denied',
    '554 5.5.4 Relay access denied',
    '550 relay not permitted',
    '550 5.7.64 TenantAttribution; Relay Access Denied',
  ],
  reverse_dns: [
    '571 No PTR Record found',
    '550 5.7.25 reverse DNS validation failed',
    '550 Your IP address 203.0.113.5 has invalid reverse DNS',
    '504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname',
  ],
  spam_content: [
    '550 spam detected',
    '554 5.6.0 Message scored as spam',
    '554 Spam message rejected',
    '550 5.7.1 message content rejected',
    '554 rejected due to spam URL in content',
  ],
  virus: ['554 rejected due to virus', '552 5.7.1 message infected with malware'],
  policy: [
    '550 5.7.1 Message rejected due to local policy',
    '554 rejected by policy',
    '550 5.7.133 Sender not authenticated for this group: only authenticated senders',
    '552 5.7.0 Our system detected an illegal attachment on your message',
    '550 5.7.9 Rejected',
    '550 Administrative prohibition',
  ],
  protocol: [
    '554 5.6.0 message is not RFC 5322 compliant',
    '500 5.5.2 syntax error',
    '550 bare LF received',
    '554 5.6.1 Body type not supported',
  ],
  suppressed: [],
  unspecified: [
    '500 5.0.0 failed',
    '450 4.0.0 failed',
    '554 delivery error',
    '550 5.5.0 Requested action not taken',
    '250 2.0.0 OK',
  ],
};
