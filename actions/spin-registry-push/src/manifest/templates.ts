/** A piece of a string that application variables may be written into. */
export type TemplatePart =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "variable"; readonly name: string };

/**
 * Splits a template: what stands between `{{` and the next `}}` is, trimmed, the name of a variable. `{{`
 * cannot be escaped, and a lone `}}` is literal.
 *
 * @returns undefined where a `{{` is not closed.
 */
export function parseTemplate(template: string): readonly TemplatePart[] | undefined {
  const parts: TemplatePart[] = [];
  let rest = template;
  for (let open = rest.indexOf("{{"); open >= 0; open = rest.indexOf("{{")) {
    const close = rest.indexOf("}}", open + 2);
    if (close < 0) return undefined;
    if (open > 0) parts.push({ kind: "literal", text: rest.slice(0, open) });
    parts.push({ kind: "variable", name: rest.slice(open + 2, close).trim() });
    rest = rest.slice(close + 2);
  }
  if (rest !== "") parts.push({ kind: "literal", text: rest });
  return parts;
}
