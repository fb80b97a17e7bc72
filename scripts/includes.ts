/**
 * A guide with the files that it includes: the code block between `<!-- include <path> -->` and `<!-- /include -->` is the file,
 * from its first line that is not a comment of the file's own.
 *
 * @param read the text of a file, by its path from the repository's root.
 * @throws Error naming the path when the file does not exist or the block does not end.
 */
export function withIncludes(markdown: string, read: (path: string) => string): string {
  return markdown.replace(
    /<!-- include (\S+) -->\n(?:[\s\S]*?<!-- \/include -->)?/g,
    (block, path: string) => {
      if (!block.endsWith("<!-- /include -->"))
        throw new Error(`The block that includes ${path} does not end.`);
      const language = /\.([a-z]+)$/.exec(path)?.[1] ?? "";
      const text = read(path).replace(/^(#.*\n)*/, "");
      return `<!-- include ${path} -->\n\`\`\`${language}\n${text.trimEnd()}\n\`\`\`\n<!-- /include -->`;
    },
  );
}
