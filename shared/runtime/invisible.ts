/** Characters of which nothing is seen: what each kind of them is taken for is decided where texts are read and shown. */

/** As a character class of a regular expression has them. */
const kinds = {
  /** No width; they come along where an address is pasted. */
  widthless: String.raw`\u00ad\u061c\u180e\u200b\u200e\u200f\u2060-\u2065\ufeff`,
  /** No width either, but they make another domain in some scripts: https://www.unicode.org/reports/tr46/#Deviations */
  joiners: String.raw`\u200c\u200d`,
  /** They turn text around; programs put them around an address that is copied from them. */
  directions: String.raw`\u202a-\u202e\u2066-\u206f`,
  /** ASCII that is not shown. */
  tags: String.raw`\u{e0000}-\u{e007f}`,
} as const;

const { widthless, joiners, directions, tags } = kinds;

/** Whatever has no width. */
export const invisible = new RegExp(`[${widthless}${joiners}]`, 'g');

/** Whatever has no width and means nothing in a domain. */
export const invisibleButJoiners = new RegExp(`[${widthless}]`, 'g');

/** A character that is no part of a text at whose end it stands. */
export const surrounding = new RegExp(String.raw`[\s${widthless}${joiners}${directions}]`);

/** Whatever reorders or hides the text around it. */
export const disguises = new RegExp(`[${widthless}${joiners}${directions}${tags}]`, 'gu');
