/** The texts of an environment variable that lists them, separated by commas; none in an empty one. */
export function commaList(text: string): readonly string[] {
  return text.split(',').filter(one => one !== '');
}
