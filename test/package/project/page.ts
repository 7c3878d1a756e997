import 'mailtrail/elements';

const list = document.querySelector('mailtrail-emails')!;
list.getToken = async () => 'token';
list.filter = { status: 'invalid', attention: 'act' };
list.messages = { empty: 'No invoice has been sent yet.' };
document.addEventListener('mailtrail-resend', ({ detail: { email } }) => {
  const recipient: string = email.recipient;
  console.log(recipient, email.status);
});
// @ts-expect-error: a filter has no such name.
list.filter = { statuses: 'invalid' };
