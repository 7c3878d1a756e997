/** A message; one with a number has a form for each plural of its language. */
export type Message = string | Partial<Record<Intl.LDMLPluralRule, string>>;

/** Messages by their key, and texts of the API by their code, such as `status.invalid.label`. */
export type MessageTable = Readonly<Record<string, Message>>;
