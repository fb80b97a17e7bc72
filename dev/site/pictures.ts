// What screenshots are taken of that is not a page of the site.
import MarkdownIt from "markdown-it";
import { pageOf } from "../../.github/actions/page/src/markdown.ts";
import type { Report } from "../../.github/actions/page/src/report.ts";

/** The page of a run as GitHub shows a job summary, written by the code that writes it. */
export function jobSummary(reports: readonly Report[]): string {
  const commit = "8d2f1c0a4b7e95d3f6a1c2b8e0d94f7a5c3b6e1d";
  const page = pageOf(reports, [], {
    url: "https://github.com/octo-org/site/actions/runs/7",
    commit,
    commitUrl: `https://github.com/octo-org/site/commit/${commit}`,
  });
  return `<!DOCTYPE html><meta charset="utf-8"><title>Job summary</title><style>
    body { font: 16px/1.5 system-ui, sans-serif; color: #1f2328; margin: 32px; max-width: 60rem }
    a { color: #0969da; text-decoration: none } h3 { margin: 0 0 16px }
    table { border-collapse: collapse; margin-bottom: 16px; display: block; overflow-x: auto } th, td { border: 1px solid #d1d9e0; padding: 6px 13px; text-align: left }
    code { font: 85% ui-monospace, monospace; background: #818b981f; padding: .2em .4em; border-radius: 6px }
    pre { background: #f6f8fa; border-radius: 6px; padding: 16px; overflow-x: auto; font-size: 14px } pre code { background: none; padding: 0 }
  </style>${new MarkdownIt({ html: true }).render(page)}`;
}

/** What is shown where a page of the site is shared: 1200 × 630 pixels. */
export function socialPicture(title: string, about: string, mark: string): string {
  return `<!DOCTYPE html><meta charset="utf-8"><title>${title}</title><style>
    body { margin: 0; width: 1200px; height: 630px; box-sizing: border-box; padding: 96px; background: #fbfaf6; color: #1d1c22; font-family: system-ui, "DejaVu Sans", sans-serif;
      display: flex; flex-direction: column; justify-content: center; border-bottom: 24px solid #0b6e69 }
    svg { width: 140px; height: 140px } h1 { font-size: 84px; margin: 32px 0 20px; letter-spacing: -2px } p { font-size: 40px; line-height: 1.35; margin: 0; color: #5b5866 }
  </style>${mark}<h1>${title}</h1><p>${about}</p>`;
}
