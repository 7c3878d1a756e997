/** The recipes for changes that an existing installation would not survive. */

export const recipes = {
  indexes: [
    'DynamoDB changes no index in place, and CloudFormation adds or removes one index an update.',
    'Keep the index. Add another one with a new name, e.g. byRecipient2, and deploy it alone.',
    'Once it is ACTIVE, let readers use it, and deploy. Remove the old one in a third deployment.',
    'Then remove its entry from test/fixtures/stored/indexes.json, and say in CHANGELOG.md which versions to deploy in turn.',
  ],
  resources: [
    'CloudFormation would begin an empty resource beside the one with data, or write a secret anew.',
    'Keep logical id, name and kind. If data must move, add a second resource, copy, and switch readers later.',
    'Once nobody has data in the old one, remove its entry from test/fixtures/stored/resources.json, and say so in CHANGELOG.md.',
  ],
  forms: [
    'Installations hold this form: emails for the whole retention, messages for 28 days. A rollback reads the new one with the old code.',
    'Read the old form as before, and add what is new at its end, as an optional member.',
    'The identity of an event in the history is its id, time and attribution: then a redelivery is a duplicate when it is read.',
    'Never change what an earlier form says in test/fixtures/stored.',
  ],
} as const satisfies Record<string, readonly string[]>;

/** The text of a failing check. */
export function recipeFor(kind: keyof typeof recipes, breaks: readonly string[]): string {
  return [...breaks, ...recipes[kind]].join('\n  ');
}
