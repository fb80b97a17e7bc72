// Generated parts of Markdown documents: what stands between a pair of markers.

/**
 * A document with fresh content between `<!-- name -->` and `<!-- /name -->`.
 *
 * @throws Error when it lacks the markers.
 */
export function between(readme: string, name: string, content: string): string {
  const [opening, closing] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const start = readme.indexOf(opening);
  const end = readme.indexOf(closing);
  if (start < 0 || end < start) throw new Error(`The markers ${opening} and ${closing} are missing.`);
  return `${readme.slice(0, start + opening.length)}\n${content}${readme.slice(end)}`;
}

/** A table with its columns aligned. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows].map((cells) => cells.map(cell));
  const widths = header.map((_title, column) =>
    Math.max(3, ...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => (cells[column] ?? "").padEnd(width)).join(" | ")} |\n`;
  const [titles = [], ...content] = lines;
  return [line(titles), line(widths.map((width) => "-".repeat(width))), ...content.map(line)].join("");
}

/** GitHub's Markdown ends a cell at every `|`, even inside code. */
function cell(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").replaceAll("|", "\\|");
}

export function code(text: string): string {
  return `\`${text}\``;
}
