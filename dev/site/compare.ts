// Compares what Bartholomew answered, a JSON object of path → { status, contentType, body } written by a program outside
// this repository, with what dev/site renders: node dev/site/compare.ts answers.json [base_url]
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Answer, siteRenderer } from "./render.ts";

/** Bodies without what carries no meaning: blank lines, and how characters are escaped. */
export function normalised({ status, contentType, body }: Answer): Answer {
  const text = body
    .replace(/&#x3D;/g, "=")
    .replace(/&#x27;|&#39;/g, "'")
    .replace(/&#x60;/g, "`")
    .replace(/(?<=>[^<]*)&quot;(?=[^<]*<)/g, '"')
    .replace(/ \/(>|&gt;)/g, "$1")
    .replace(/>\s+</g, "><")
    .replace(/&gt;\s+&lt;/g, "&gt;&lt;")
    .trim();
  return { status, contentType, body: text };
}

if (import.meta.main) {
  const [file = "", baseUrl] = process.argv.slice(2);
  const answers: Readonly<Record<string, Answer>> = JSON.parse(readFileSync(file, "utf8"));
  const render = siteRenderer(join(import.meta.dirname, "../../site"));
  for (const [path, answer] of Object.entries(answers)) {
    const [theirs, ours] = [
      normalised(answer),
      normalised(render(path, baseUrl === undefined ? {} : { baseUrl })),
    ];
    const equal = JSON.stringify(theirs) === JSON.stringify(ours);
    const at = [...theirs.body].findIndex((character, index) => character !== ours.body[index]);
    const around = (text: string) => JSON.stringify(text.slice(Math.max(0, at - 60), at + 60));
    console.log(
      `${equal ? "same" : "DIFFERS"}  ${theirs.status} ${theirs.contentType}  ${path}` +
        (equal
          ? ""
          : `\n  Bartholomew ${theirs.status} ${around(theirs.body)}\n  here        ${ours.status} ${around(ours.body)}`),
    );
    if (!equal) process.exitCode = 1;
  }
}
