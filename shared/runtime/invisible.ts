/** Invisible characters, by kind. The modules that parse and show texts decide how each kind is treated. */

/** Each kind in the syntax of a regular expression's character class. */
const kinds = {
  /** Characters without width, which copy and paste adds to an address. */
  widthless: String.raw`\u00ad\u061c\u180e\u200b\u200e\u200f\u2060-\u2065\ufeff`,
  /**
   * Also without width, but they change the domain in some scripts: https://www.unicode.org/reports/tr46/#Deviations
   */
  joiners: String.raw`\u200c\u200d`,
  /** Characters that change the direction of text; programs put them around a copied address. */
  directions: String.raw`\u202a-\u202e\u2066-\u206f`,
  /** Invisible copies of ASCII. */
  tags: String.raw`\u{e0000}-\u{e007f}`,
} as const;

const { widthless, joiners, directions, tags } = kinds;

/** All characters without width. */
export const invisible = new RegExp(`[${widthless}${joiners}]`, 'g');

/** Characters without width and without meaning in a domain. */
export const invisibleButJoiners = new RegExp(`[${widthless}]`, 'g');

/** A character to strip from either end of a text. */
export const surrounding = new RegExp(String.raw`[\s${widthless}${joiners}${directions}]`);

/** All characters that reorder or hide the text around them. */
export const disguises = new RegExp(`[${widthless}${joiners}${directions}${tags}]`, 'gu');
