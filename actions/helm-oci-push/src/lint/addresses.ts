/**
 * Addresses as Helm checks them, with asaskevich/govalidator. Its expressions are long; these are never stricter, so
 * that no chart is refused that Helm accepts.
 */

/** RFC 5321, sections 4.5.3.1.1 and 4.5.3.1.2. */
const longestEmail = 64 + 1 + 255;

/** A source or an icon: anything with a scheme (`IsRequestURL`). */
export function isRequestUrl(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]*:[^\p{Cc}]*$/u.test(text);
}

/** A maintainer's page: the scheme may be missing (`IsURL`). */
export function isUrl(text: string): boolean {
  return /^[^\s.][^\s]{3,}$/.test(text) && /[.:]|localhost/.test(text);
}

export function isEmail(text: string): boolean {
  return text.length <= longestEmail && /^[^@]+@[^\s@]+\.[^\s@]+$/.test(text);
}
