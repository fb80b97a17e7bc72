import type { ChartFile } from "../chart/walk.ts";

export interface Mistake {
  /** Counted from 1. */
  readonly line: number;
  /** A clause. */
  readonly message: string;
}

/** Keywords that begin what an `end` ends (text/template, "Actions"). */
const openers = new Set(["if", "range", "with", "define", "block"]);

/**
 * What is wrong with the form of a template, found without an engine: actions, comments, strings and parentheses that do
 * not end, blocks without an `end`. A `}}` outside of an action is text to Go, so it is not a mistake.
 *
 * @returns undefined where nothing is.
 */
export function mistakeIn({ bytes }: ChartFile): Mistake | undefined {
  const text = new TextDecoder().decode(bytes);
  const at = (offset: number, message: string): Mistake => ({
    line: text.slice(0, offset).split("\n").length,
    message,
  });
  const open: number[] = [];
  let from = 0;
  for (;;) {
    const start = text.indexOf("{{", from);
    if (start < 0) break;
    const action = readAction(text, start);
    if ("mistake" in action) return at(start, `the action ${action.mistake}`);
    from = action.end;
    if (openers.has(action.keyword)) open.push(start);
    if (action.keyword === "end" && open.pop() === undefined) {
      return at(start, "{{ end }} ends nothing");
    }
  }
  const unended = open.at(-1);
  return unended === undefined ? undefined : at(unended, "the block that begins here has no {{ end }}");
}

type Action =
  | { readonly end: number; readonly keyword: string }
  /** What is wrong, as the end of a clause. */
  | { readonly mistake: string };

/** Strings: those in quotes end on their line, those in backticks may span lines (text/template). */
const text = /"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*'|`[^`]*`/y;

function readAction(template: string, start: number): Action {
  const comment = /\{\{(?:-[ \t\r\n])?\/\*/y;
  comment.lastIndex = start;
  if (comment.test(template)) return readComment(template, comment.lastIndex);
  const keyword = /^-?\s*([a-z]+)\b/.exec(template.slice(start + 2, start + 200))?.[1] ?? "";
  let parentheses = 0;
  for (let at = start + 2; at < template.length; ) {
    const character = template.charAt(at);
    if (template.startsWith("}}", at)) {
      return parentheses === 0 ? { end: at + 2, keyword } : { mistake: 'lacks a ")"' };
    }
    if (character === "{" || character === "}") return { mistake: 'does not end in "}}"' };
    if (character === "(") parentheses += 1;
    if (character === ")") parentheses -= 1;
    if (parentheses < 0) return { mistake: 'has one ")" too many' };
    if (/["'`]/.test(character)) {
      text.lastIndex = at;
      if (!text.test(template))
        return { mistake: `has a string that begins with ${character} and does not end` };
      at = text.lastIndex;
    } else at += 1;
  }
  return { mistake: 'does not end in "}}"' };
}

function readComment(template: string, start: number): Action {
  const end = template.indexOf("*/", start);
  const close = /(?:[ \t\r\n]-)?\}\}/y;
  close.lastIndex = end + 2;
  if (end < 0 || !close.test(template)) return { mistake: 'is a comment that does not end in "*/}}"' };
  return { end: close.lastIndex, keyword: "" };
}
