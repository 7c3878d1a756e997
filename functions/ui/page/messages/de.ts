import type { Messages } from '../messages.ts';

export const table: Messages = {
  product: 'Mailtrail',
  skip: 'Zu den E-Mails springen',
  tagline: 'Ein ehrlicher Status je E-Mail.',
  signedOut: 'Melden Sie sich an, um die E-Mails zu sehen.',
  signIn: 'Anmelden',
  signOut: 'Abmelden',
  leaving: 'Anmeldung läuft …',
  unreachable: 'Der Anmeldedienst ist nicht erreichbar. Prüfen Sie die Verbindung und versuchen Sie es noch einmal.',
  cancelled: 'Die Anmeldung wurde abgebrochen.',
  failed:
    'Die Anmeldung ist fehlgeschlagen. Versuchen Sie es noch einmal. Hilft das nicht, fragen Sie Ihre Administration.',
  ended: 'Ihre Sitzung ist abgelaufen. Melden Sie sich wieder an, um hier weiterzumachen.',
  noAccount:
    'Ihre Anmeldung nennt kein Konto, daher gibt es nichts zu sehen. Bitten Sie Ihre Administration um Zugang.',
  support: 'Support',
  signedInAs: 'Angemeldet als {name}',
  allAccounts: 'Alle Konten',
  allEmails: 'E-Mails aller Konten',
  emailsOf: 'E-Mails von {account}',
  view: 'Ansicht',
  accountId: 'Konto-ID',
  open: 'Konto öffnen',
  machine: 'Dieser Rechner',
};
