/**
 * The page being written: what is on it, the column (in characters), whether only indentation and list markers
 * stand on the current line, and whether the last thing written was a blank.
 */
export function createPage() {
  const parts: string[] = [];
  let column = 0;
  let blank = true;
  let onlyIndentation = true;
  const put = (text: string) => {
    parts.push(text);
    column += [...text].length;
  };
  return {
    text: () => parts.join(""),
    column: () => column,
    atLineStart: () => onlyIndentation,
    raw: put,
    inLine() {
      onlyIndentation = false;
    },
    lineStarted() {
      blank = true;
    },
    endWord() {
      blank = false;
      onlyIndentation = false;
    },
    /** A text, separated from what stands before it on the line. */
    word(text: string) {
      if (!blank) put(" ");
      put(text);
      blank = false;
      onlyIndentation = false;
    },
    /** `-`, `?` or an explicit `:`; what follows may start on the same line, as if after indentation. */
    marker(text: string) {
      if (!blank) put(" ");
      put(text);
      blank = false;
    },
    lineBreak(character: string) {
      parts.push(character);
      column = 0;
      onlyIndentation = true;
    },
    /** Goes to `indent` on this line where that is still possible, else on a new one. */
    startLine(indent: number) {
      if (!onlyIndentation || column > indent || (column === indent && !blank)) {
        parts.push("\n");
        column = 0;
      }
      if (column < indent) put(" ".repeat(indent - column));
      blank = true;
      onlyIndentation = true;
    },
  };
}

export type Page = ReturnType<typeof createPage>;
