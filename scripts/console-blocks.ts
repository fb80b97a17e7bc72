/** A console block of a document: between `<!-- run <name> -->` and `<!-- /run -->`. */
const block = /<!-- run ([^\n]+?) -->\n[\s\S]*?<!-- \/run -->/g;

/** Names of the runs that a document shows. */
export function runsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(block)].map(([, name = ""]) => name);
}

/**
 * A document with what the runs printed.
 *
 * @param printed the text of a block by its name, `$ command` first.
 * @param kept names of blocks that stay as they are.
 * @throws Error naming a run that nobody makes.
 */
export function withRuns(
  markdown: string,
  printed: ReadonlyMap<string, string>,
  kept: readonly string[] = [],
): string {
  return markdown.replace(block, (before, name: string) => {
    if (kept.includes(name)) return before;
    const text = printed.get(name);
    if (text === undefined) throw new Error(`scripts/docs.ts makes no run "${name}".`);
    return `<!-- run ${name} -->\n\`\`\`console\n${text.trimEnd()}\n\`\`\`\n<!-- /run -->`;
  });
}
