import type { MessageTable } from './message.ts';

const messages: MessageTable = {
  emails: 'E-Mails',
  search: 'Empfänger oder Referenz',
  searchHint: 'Eine ganze Adresse oder eine ganze Referenz, zum Beispiel eine Rechnungsnummer',
  find: 'Suchen',
  needsAction: 'Zu erledigen',
  needsActionCount: 'Zu erledigen ({count})',
  needsActionMany: 'Zu erledigen ({count}+)',
  late: 'Überfällig',
  lateHint: 'Wartet länger als üblich auf eine Meldung',
  status: 'Status',
  statusCount: 'Status ({count})',
  period: 'Zeitraum',
  from: 'Von',
  to: 'Bis',
  clear: 'Filter aufheben',
  csv: 'Als CSV laden',
  csvProgress: { one: 'Bisher {count} E-Mail. Abbrechen', other: 'Bisher {count} E-Mails. Abbrechen' },
  csvDone: { one: 'Die Datei enthält {count} E-Mail.', other: 'Die Datei enthält {count} E-Mails.' },
  csvFailed: 'Die Datei konnte nicht erstellt werden. Versuchen Sie es noch einmal.',
  loading: 'E-Mails werden geladen',
  more: 'Mehr anzeigen',
  searchedPart: 'Im bisher durchsuchten Teil gibt es keinen Treffer. „Mehr anzeigen“ sucht weiter.',
  truncated: 'Diese Referenz hat zu viele E-Mails, um alle zu zeigen. Suchen Sie nach dem Empfänger.',
  end: 'Das sind alle E-Mails.',
  endFiltered: 'Das sind alle passenden E-Mails.',
  emptyFiltered: 'Keine E-Mail passt. Prüfen Sie die Schreibweise, oder heben Sie die Filter auf.',
  emptyReference:
    'Keine E-Mail hat die Referenz „{reference}“. Geben Sie die ganze Adresse oder die ganze Referenz ein.',
  emptyRecipient: 'Es ist keine E-Mail an {recipient} erfasst.',
  emptyAct: 'Keine E-Mail braucht Ihr Zutun.',
  empty: 'Es ist noch keine E-Mail erfasst. E-Mails erscheinen hier, sobald sie versendet sind.',
  noSubject: 'Kein Betreff erfasst',
  noStatus: 'Noch kein Status',
  justNow: 'gerade eben',
  reported: '{time} gemeldet',
  changed: '{recipient}: {status}',
  changedMany: { one: '{count} E-Mail hat sich geändert.', other: '{count} E-Mails haben sich geändert.' },
  back: 'Zurück zur Liste',
  email: 'E-Mail',
  loadingEmail: 'Die E-Mail wird geladen',
  reference: 'Referenz',
  account: 'Konto',
  sent: 'Gesendet',
  onlyNotes: 'Bisher sind nur Notizen erfasst. Sie sagen nichts über die Zustellung.',
  sentAgain: 'Wird sie noch einmal gesendet?',
  whatToDo: 'Was zu tun ist',
  nothingToDo: 'Im Moment ist nichts zu tun.',
  askRecipient:
    'Seit längerer Zeit als üblich kam nichts Neues. Fragen Sie den Empfänger auf anderem Weg, ob die E-Mail angekommen ist.',
  forAccount: 'Für die Nutzer des Kontos:',
  resend: 'Erneut senden',
  resendAfterFix: 'Behoben: erneut senden',
  handle: 'Als erledigt markieren',
  handleNote: 'Notiz (freiwillig)',
  handleDone: '{recipient}: als erledigt markiert',
  handleForbidden:
    'Mit Ihrer Anmeldung können Sie E-Mails nicht als erledigt markieren. Fragen Sie Ihre Administration.',
  handleFailed: 'Die E-Mail konnte nicht als erledigt markiert werden. Versuchen Sie es noch einmal.',
  handled: 'Erledigt',
  handledBy: 'Erledigt von {by}',
  resendOf: 'Erneute Sendung von {email}',
  resentAs: 'Erneut gesendet als {email}',
  resentDelivered: 'Erneut gesendet als {email} und zugestellt',
  why: 'Warum',
  because: '{provider} meldete „{event}“ am {time}.',
  becauseOfApp: 'Ihre Anwendung meldete „{event}“ am {time}.',
  becauseUnnamed: '{provider} meldete es am {time}.',
  reply: 'Antwort im Original',
  doesNotProve: 'Was das nicht beweist',
  caveats: 'Gut zu wissen',
  timeline: 'Verlauf',
  note: 'Notiz',
  sentAgainAs: 'Erneut gesendet als {email}',
  sendsAgain: 'Sendet {email} erneut',
  successorDelivered: 'Die erneut gesendete E-Mail wurde zugestellt: {email}',
  silent: { one: '{count} Tag ohne Meldung', other: '{count} Tage ohne Meldung' },
  silentSince: { one: 'Seit {count} Tag keine Meldung', other: 'Seit {count} Tagen keine Meldung' },
  attempt: 'Versuch {count}',
  sending: 'Sendung {count}',
  atLeast: 'Mindestens {count}-mal, zuletzt',
  byHuman: 'Durch eine Person',
  byMachine: 'Durch ein Programm: Das ändert keinen Status',
  byUnknown: 'Durch eine Person oder ein Programm: nicht bekannt',
  ambiguous: 'Die Meldung nennt keinen von mehreren Empfängern.',
  not_addressed: 'Die E-Mail wurde nicht an diese Adresse gesendet.',
  providerTime: 'Der Anbieter nannte eine Zeit in der Zukunft: {time}. Die Meldung kam zu der oben genannten Zeit an.',
  clickUrl: 'Link',
  userAgent: 'Browser oder Programm',
  newEvents: { one: '{count} neues Ereignis im Verlauf.', other: '{count} neue Ereignisse im Verlauf.' },
  details: 'Einzelheiten',
  emailId: 'E-Mail-ID',
  messageId: 'Nachrichten-ID',
  provider: 'Anbieter',
  tags: 'Schlagwörter',
  updatedAt: 'Letzte Meldung',
  copy: 'Kopieren',
  copyName: 'Kopieren: {name}',
  copied: 'Kopiert: {name}',
  unknownStatus: 'Status unbekannt',
  noEmail: 'Keine E-Mail',
  newestOf: 'neueste von {count}',
  newestOfMore: 'neueste von mehr als {count}',
  retry: 'Noch einmal versuchen',
  signed_out: 'Sie sind abgemeldet. Melden Sie sich wieder an, um die E-Mails zu sehen.',
  forbidden: 'Mit Ihrer Anmeldung können Sie diese E-Mails nicht sehen. Fragen Sie Ihre Administration.',
  not_found: 'Diese E-Mail gibt es nicht, oder Sie dürfen sie nicht sehen.',
  no_account: 'Dieses Konto gibt es nicht, oder Sie dürfen es nicht sehen.',
  offline: 'Es besteht keine Verbindung. Die E-Mails erscheinen, sobald sie wieder da ist.',
  busy: 'Der Dienst kann gerade nicht antworten. Versuchen Sie es gleich noch einmal.',
  invalid: 'Die Suche ist nicht gültig. Geben Sie eine ganze Adresse ein, zum Beispiel jane@example.com.',
  invalid_filter: 'Dieser Filter ist nicht gültig. Heben Sie die Filter auf.',
  broken: 'Bei uns ist etwas schiefgegangen. Versuchen Sie es gleich noch einmal.',

  'status.enqueued.label': 'In der Warteschlange',
  'status.enqueued.meaning': 'Die E-Mail wartet beim Mailserver und wurde noch nicht gesendet.',
  'status.enqueued.resolution':
    'Wird sie nicht in angemessener Zeit gesendet, prüfen Sie den Mailserver. Senden Sie sie dann erneut.',
  'status.enqueued.resolutionForAccount':
    'Wird sie nicht in angemessener Zeit gesendet, senden Sie sie erneut. Hilft das nicht, informieren Sie den Support.',
  'status.enqueued.doesNotProve': 'Dass die E-Mail dem Server des Empfängers übergeben wurde oder übergeben wird.',
  'status.sent.label': 'Gesendet',
  'status.sent.meaning':
    'Die E-Mail wurde gesendet. Der Server des Empfängers hat noch nicht geantwortet. Sobald er antwortet, ändert sich der Status.',
  'status.sent.doesNotProve': 'Dass der Server des Empfängers die E-Mail angenommen hat.',
  'status.deferred.label': 'Aufgeschoben',
  'status.deferred.meaning':
    'Der Server des Empfängers konnte die E-Mail noch nicht annehmen, zum Beispiel wegen einer technischen Störung. Der Status ändert sich erst, wenn sich dieser Server wieder meldet. Manche E-Mails bleiben daher aufgeschoben, andere werden zugestellt.',
  'status.deferred.sentAgain': 'Der Anbieter versucht es weiter.',
  'status.deferred.doesNotProve': 'Dass die E-Mail verloren ist: Ein späterer Versuch kann gelingen.',
  'status.delivered.label': 'Zugestellt',
  'status.delivered.meaning': 'Der Server des Empfängers hat die E-Mail angenommen. Es ist nichts zu tun.',
  'status.delivered.doesNotProve':
    'Dass die E-Mail im Posteingang liegt oder dass jemand sie gesehen hat: Der Server kann sie noch aussortieren oder löschen.',
  'status.soft_bounced.label': 'Vorerst unzustellbar',
  'status.soft_bounced.meaning':
    'Die Zustellung ist aus einem vorübergehenden Grund gescheitert, zum Beispiel wegen eines vollen Postfachs oder einer zu großen Datei.',
  'status.soft_bounced.resolution':
    'Erreichen Sie den Empfänger auf anderem Weg. Bitten Sie ihn, sein Postfach und dessen Einstellungen zu prüfen, zum Beispiel den freien Platz und die erlaubte Größe.',
  'status.soft_bounced.sentAgain': 'Meist innerhalb weniger Tage.',
  'status.soft_bounced.doesNotProve': 'Dass die Adresse falsch ist: Eine spätere E-Mail kann ankommen.',
  'status.hard_bounced.label': 'Unzustellbar',
  'status.hard_bounced.meaning':
    'Die Zustellung ist aus einem dauerhaften Grund gescheitert, zum Beispiel weil es die Domain nicht gibt oder ihr Server keine E-Mails annimmt.',
  'status.hard_bounced.resolution':
    'Erreichen Sie den Empfänger auf anderem Weg. Prüfen Sie die E-Mail-Adresse und ihre Domain.',
  'status.hard_bounced.sentAgain': 'Nicht von selbst.',
  'status.hard_bounced.doesNotProve':
    'Dass der Empfänger nicht per E-Mail erreichbar ist: Der Server kann eigene Gründe haben, oder die Weiterleitung an eine andere Adresse ist gescheitert.',
  'status.invalid.label': 'Adresse ungültig',
  'status.invalid.meaning': 'Der Mailserver des Empfängers hat geantwortet, dass es die E-Mail-Adresse nicht gibt.',
  'status.invalid.resolution': 'Wenden Sie sich auf anderem Weg an den Empfänger. Prüfen Sie die E-Mail-Adresse.',
  'status.invalid.sentAgain': 'Nicht von selbst.',
  'status.invalid.doesNotProve':
    'Dass es die Adresse nie gab: Sie kann geschlossen sein, oder der Server kann sich irren.',
  'status.rejected.label': 'Abgelehnt',
  'status.rejected.meaning':
    'Der Mailserver oder der E-Mail-Dienst hat die E-Mail abgelehnt. Typische Ursachen sind falsche Einstellungen, eine frühere Rückmeldung oder Beschwerde, eine Richtlinie oder das Netz.',
  'status.rejected.resolution':
    'Prüfen Sie die Anmeldung am SMTP-Server und die Einstellungen des E-Mail-Dienstes. Senden Sie die E-Mail dann erneut.',
  'status.rejected.resolutionForAccount':
    'Prüfen Sie die Adresse, und informieren Sie den Support. Erreichen Sie den Empfänger inzwischen auf anderem Weg.',
  'status.rejected.sentAgain': 'Von Hand, sobald die Ursache behoben ist.',
  'status.rejected.doesNotProve':
    'Dass die Adresse falsch ist: Der Server des Empfängers wurde vielleicht nie gefragt.',
  'status.opened.label': 'Geöffnet',
  'status.opened.meaning': 'Der Empfänger hat die E-Mail geöffnet.',
  'status.opened.doesNotProve':
    'Dass eine Person sie gelesen hat: Auch Programme laden Bilder und sind nicht immer zu erkennen.',
  'status.link_clicked.label': 'Link angeklickt',
  'status.link_clicked.meaning':
    'Der Empfänger hat einen Link in der E-Mail angeklickt, zum Beispiel um eine Rechnung anzusehen oder zu bezahlen.',
  'status.link_clicked.doesNotProve':
    'Dass der Empfänger geklickt oder bezahlt hat: Vielleicht folgte ein Schutzprogramm dem Link, oder jemand, der die E-Mail von ihm bekam.',
  'status.marked_spam.label': 'Als Spam markiert',
  'status.marked_spam.meaning': 'Der Empfänger hat die E-Mail als Spam markiert.',
  'status.marked_spam.resolution':
    'Senden Sie nichts mehr an diese Adresse. Fragen Sie den Empfänger auf anderem Weg, wie er von Ihnen hören möchte.',
  'status.marked_spam.sentAgain': 'Nein.',
  'status.marked_spam.doesNotProve':
    'Dass er Ihre Rechnungen nie haben will: Manche klicken auf „Spam“ statt auf „Löschen“.',

  'cause.unknown_user.label': 'Adresse unbekannt',
  'cause.unknown_user.text': 'Der Server des Empfängers kennt die Adresse nicht.',
  'cause.unknown_user.whatToDo':
    'Der Server des Empfängers kennt die Adresse nicht. Fragen Sie den Empfänger auf anderem Weg nach der richtigen. Berichtigen Sie sie, und senden Sie erneut.',
  'cause.unknown_domain.label': 'Domain unbekannt',
  'cause.unknown_domain.text': 'Die Domain der Adresse gibt es nicht, oder sie nimmt keine E-Mails an.',
  'cause.unknown_domain.whatToDo':
    'Die Domain hinter dem @ gibt es nicht, oder sie nimmt keine E-Mails an. Prüfen Sie ihre Schreibweise, oder fragen Sie den Empfänger auf anderem Weg nach seiner Adresse.',
  'cause.disabled_account.label': 'Postfach abgeschaltet',
  'cause.disabled_account.text': 'Das Postfach des Empfängers ist abgeschaltet oder nicht mehr in Gebrauch.',
  'cause.disabled_account.whatToDo':
    'Das Postfach ist abgeschaltet oder nicht mehr in Gebrauch. Fragen Sie den Empfänger auf anderem Weg nach einer Adresse, die er nutzt. Senden Sie dann erneut.',
  'cause.moved.label': 'Adresse geändert',
  'cause.moved.text': 'Der Empfänger hat jetzt eine andere Adresse.',
  'cause.moved.whatToDo':
    'Der Empfänger hat jetzt eine andere Adresse. Fragen Sie ihn auf anderem Weg danach. Berichtigen Sie sie, und senden Sie erneut.',
  'cause.not_accepting.label': 'Nimmt keine E-Mails an',
  'cause.not_accepting.text': 'Der Server des Empfängers nimmt keine E-Mails an.',
  'cause.not_accepting.whatToDo':
    'Der Server des Empfängers nimmt keine E-Mails an. Fragen Sie den Empfänger auf anderem Weg nach einer Adresse anderswo. Berichtigen Sie sie, und senden Sie erneut.',
  'cause.mailbox_full.label': 'Postfach voll',
  'cause.mailbox_full.text': 'Das Postfach ist voll.',
  'cause.mailbox_full.whatToDo':
    'Das Postfach ist voll. Bitten Sie den Empfänger, Platz zu schaffen, oder erreichen Sie ihn auf anderem Weg.',
  'cause.too_large.label': 'Zu groß',
  'cause.too_large.text': 'Die E-Mail ist größer, als der Server des Empfängers erlaubt.',
  'cause.too_large.whatToDo':
    'Die E-Mail ist zu groß für den Server des Empfängers. Verkleinern Sie sie, zum Beispiel mit einem Link statt eines Anhangs. Senden Sie sie dann erneut.',
  'cause.too_large.whatToDoForAccount':
    'Die E-Mail ist zu groß für den Server des Empfängers. Verkleinern Sie sie, und senden Sie sie erneut, oder senden Sie das Dokument auf anderem Weg.',
  'cause.rate_limited.label': 'Zu viele auf einmal',
  'cause.rate_limited.text':
    'Beim Empfänger oder seinem Server kamen zu viele E-Mails oder Verbindungen auf einmal an.',
  'cause.rate_limited.whatToDo':
    'Zu viele E-Mails oder Verbindungen kamen auf einmal an. An der Adresse liegt es nicht: Warten Sie, und senden Sie dann erneut.',
  'cause.greylisted.label': 'Auf später vertröstet',
  'cause.greylisted.text': 'Der Server des Empfängers bat um einen späteren Versuch.',
  'cause.greylisted.whatToDo':
    'Der Server des Empfängers bat um einen späteren Versuch. An der Adresse liegt es nicht: Warten Sie, und senden Sie dann erneut.',
  'cause.system.label': 'Server gestört',
  'cause.system.text': 'Der Server des Empfängers hatte eine technische Störung.',
  'cause.system.whatToDo':
    'Der Server des Empfängers hatte eine technische Störung. Senden Sie später erneut. Bleibt es dabei, bitten Sie den Empfänger, seinen Administrator zu informieren.',
  'cause.network.label': 'Verbindung gescheitert',
  'cause.network.text': 'Die Verbindung zum Server des Empfängers ist gescheitert.',
  'cause.network.whatToDo':
    'Die Verbindung zum Server des Empfängers ist gescheitert. Senden Sie später erneut. Bleibt es dabei, bitten Sie den Empfänger, seinen Administrator zu informieren.',
  'cause.expired.label': 'Versuche aufgegeben',
  'cause.expired.text': 'Die E-Mail konnte nicht rechtzeitig zugestellt werden.',
  'cause.expired.whatToDo':
    'Die E-Mail konnte nicht rechtzeitig zugestellt werden. Senden Sie später erneut, oder erreichen Sie den Empfänger auf anderem Weg.',
  'cause.loop.label': 'E-Mail im Kreis',
  'cause.loop.text': 'Die E-Mail lief zwischen Servern im Kreis.',
  'cause.loop.whatToDo':
    'Die E-Mail lief zwischen Servern im Kreis. Erreichen Sie den Empfänger auf anderem Weg. Bitten Sie ihn, seinen Administrator zu informieren.',
  'cause.blocked.label': 'Absender gesperrt',
  'cause.blocked.text':
    'Der Server des Empfängers sperrt den sendenden Server oder die Domain, zum Beispiel wegen einer Sperrliste oder ihres Rufs.',
  'cause.blocked.whatToDo':
    'Der Server des Empfängers sperrt den sendenden Server oder die Domain. Bitten Sie Ihren E-Mail-Anbieter, die Sperre aufheben zu lassen. Senden Sie dann erneut.',
  'cause.blocked.whatToDoForAccount':
    'Der Server des Empfängers sperrt den Server, der Ihre E-Mails sendet. An der Adresse liegt es nicht: Informieren Sie den Support, und erreichen Sie den Empfänger auf anderem Weg.',
  'cause.authentication_failed.label': 'Absender nicht bestätigt',
  'cause.authentication_failed.text':
    'Der Server des Empfängers konnte nicht bestätigen, dass die E-Mail von ihrem Absender kommt.',
  'cause.authentication_failed.whatToDo':
    'Die E-Mail hat die Prüfungen von SPF, DKIM oder DMARC für Ihre Domain nicht bestanden. Berichtigen Sie das DNS, und senden Sie dann erneut.',
  'cause.authentication_failed.whatToDoForAccount':
    'Der Server des Empfängers konnte nicht bestätigen, dass die E-Mail von ihrem Absender kommt. An der Adresse liegt es nicht: Informieren Sie den Support, und erreichen Sie den Empfänger auf anderem Weg.',
  'cause.sender_rejected.label': 'Absender abgelehnt',
  'cause.sender_rejected.text': 'Der Server des Empfängers hat die Adresse oder die Domain des Absenders abgelehnt.',
  'cause.sender_rejected.whatToDo':
    'Der Server des Empfängers hat die Adresse oder die Domain des Absenders abgelehnt. Prüfen Sie, ob es beide gibt und ob sie E-Mails annehmen. Senden Sie dann erneut.',
  'cause.sender_rejected.whatToDoForAccount':
    'Der Server des Empfängers hat die Adresse abgelehnt, von der die E-Mail kam. Informieren Sie den Support, und erreichen Sie den Empfänger auf anderem Weg.',
  'cause.relay_denied.label': 'Nicht weitergeleitet',
  'cause.relay_denied.text': 'Ein Mailserver leitet E-Mails von diesem Absender oder an diese Domain nicht weiter.',
  'cause.relay_denied.whatToDo':
    'Ein Mailserver leitet E-Mails von diesem Absender oder an diese Domain nicht weiter. Prüfen Sie die SMTP-Einstellungen und die Schreibweise der Domain. Senden Sie dann erneut.',
  'cause.relay_denied.whatToDoForAccount':
    'Ein Mailserver hat die E-Mail nicht weitergeleitet. Prüfen Sie die Schreibweise der Adresse. Ist sie richtig, informieren Sie den Support.',
  'cause.reverse_dns.label': 'Servername ungültig',
  'cause.reverse_dns.text': 'Der öffentliche Name des sendenden Servers fehlt oder ist ungültig.',
  'cause.reverse_dns.whatToDo':
    'Der Name des sendenden Servers im Reverse DNS oder in seiner Begrüßung fehlt oder ist ungültig. Berichtigen Sie PTR-Eintrag und HELO-Namen, und senden Sie dann erneut.',
  'cause.reverse_dns.whatToDoForAccount':
    'Der Server des Empfängers vertraut dem Server nicht, der Ihre E-Mails sendet. An der Adresse liegt es nicht: Informieren Sie den Support, und erreichen Sie den Empfänger auf anderem Weg.',
  'cause.spam_content.label': 'Für Spam gehalten',
  'cause.spam_content.text': 'Ein Spamfilter hielt die E-Mail für Spam.',
  'cause.spam_content.whatToDo':
    'Ein Spamfilter hielt die E-Mail für Spam. Prüfen Sie ihre Links und ihren Text, und senden Sie dann erneut. Oder bitten Sie den Empfänger, Ihre Adresse zuzulassen.',
  'cause.spam_content.whatToDoForAccount':
    'Ein Spamfilter hielt die E-Mail für Spam. Bitten Sie den Empfänger auf anderem Weg, Ihre Adresse zuzulassen. Senden Sie dann erneut.',
  'cause.virus.label': 'Für einen Virus gehalten',
  'cause.virus.text': 'Ein Virenscanner meldete einen Virus in der E-Mail.',
  'cause.virus.whatToDo':
    'Ein Virenscanner meldete einen Virus in der E-Mail. Prüfen Sie Anhänge und Links. Senden Sie dann ohne schädliche erneut.',
  'cause.virus.whatToDoForAccount':
    'Ein Virenscanner meldete einen Virus in der E-Mail. Prüfen Sie die Dateien, die Sie angehängt haben. Sind sie harmlos, informieren Sie den Support.',
  'cause.policy.label': 'Durch Richtlinie abgelehnt',
  'cause.policy.text': 'Der Server des Empfängers hat die E-Mail wegen seiner Richtlinie abgelehnt.',
  'cause.policy.whatToDo':
    'Der Server des Empfängers hat die E-Mail wegen seiner Richtlinie abgelehnt. Beheben Sie, was die Begründung nennt, oder bitten Sie den Empfänger, Ihre Adresse zulassen zu lassen. Senden Sie dann erneut.',
  'cause.policy.whatToDoForAccount':
    'Der Server des Empfängers hat die E-Mail wegen seiner Richtlinie abgelehnt. Bitten Sie den Empfänger auf anderem Weg, Ihre Adresse zulassen zu lassen, oder informieren Sie den Support.',
  'cause.protocol.label': 'E-Mail fehlerhaft',
  'cause.protocol.text': 'Der Server des Empfängers hat das Format der E-Mail oder eines Befehls abgelehnt.',
  'cause.protocol.whatToDo':
    'Ein Server hat das Format der E-Mail oder eines Befehls abgelehnt. Lassen Sie Ihre Techniker die Begründung lesen und den Fehler beheben. Senden Sie dann erneut.',
  'cause.protocol.whatToDoForAccount':
    'Ein Server hat die Form der E-Mail abgelehnt. An der Adresse liegt es nicht: Informieren Sie den Support, und erreichen Sie den Empfänger auf anderem Weg.',
  'cause.suppressed.label': 'Vom Anbieter gestoppt',
  'cause.suppressed.text': 'Der E-Mail-Anbieter hat die E-Mail nicht gesendet: Er sendet nichts mehr an diese Adresse.',
  'cause.suppressed.whatToDo':
    'Die Adresse steht auf der Sperrliste des E-Mail-Anbieters, meist nach einer unzustellbaren E-Mail, einer Beschwerde oder einer Abmeldung. Vergewissern Sie sich, dass die Adresse stimmt und der Empfänger Ihre E-Mails möchte. Nehmen Sie sie von der Liste, und senden Sie dann erneut.',
  'cause.suppressed.whatToDoForAccount':
    'Der E-Mail-Anbieter sendet nichts mehr an diese Adresse, meist nach einer unzustellbaren E-Mail, einer Beschwerde oder einer Abmeldung. Fragen Sie den Empfänger auf anderem Weg, ob sie stimmt und ob er Ihre E-Mails möchte. Informieren Sie dann den Support.',
  'cause.unspecified.label': 'Keine Ursache genannt',
  'cause.unspecified.text': 'Die Meldung nennt keine Ursache.',

  'caveat.temporary_failure_after_delivery':
    'Der Server des Empfängers nahm die E-Mail zuerst an und meldete später einen vorübergehenden Fehler. Vielleicht liegt sie nicht im Posteingang.',
  'caveat.receipt_after_failure':
    'Eine Person hat die E-Mail geöffnet oder einen Link angeklickt, nachdem die Zustellung gescheitert war. Oft war nur eine Weiterleitung unzustellbar.',
  'caveat.no_news_since': 'Zu dieser E-Mail wurde länger als üblich nichts gemeldet.',
  'caveat.one_of_several_recipients':
    'Die Nachricht hatte mehrere Empfänger, und ein Ereignis nannte keinen davon. Es steht als Notiz bei jeder E-Mail und ändert keinen Status.',
  'caveat.not_addressed':
    'Die Nachricht wurde nicht an diese Adresse gesendet. Der Anbieter nannte sie, oft weil die ursprüngliche Adresse dorthin weiterleitet.',
  'caveat.message_not_known':
    'Der Anbieter meldete eine Adresse, aber keine Nachricht. Suchen Sie nach anderen E-Mails an dieselbe Adresse.',
  'caveat.account_conflict':
    'Ereignisse dieser E-Mail nannten verschiedene Konten. Sie bleibt bei dem Konto, das zuerst genannt wurde.',
};

/** Actions that serve the people of an account as well. */
const actions = Object.entries(messages).flatMap(([code, text]) =>
  /\.(?:whatToDo|resolution)$/.test(code) ? [[`${code}ForAccount`, text]] : [],
);

/** German: the messages of the elements, and the texts of the API by their codes. */
export const table: MessageTable = { ...Object.fromEntries(actions), ...messages };
