import { describe, expect, test } from "@jest/globals";
import { failedJobs } from "../src/jobs.ts";
import { escapeMarkdown, pageOf } from "../src/markdown.ts";
import { parseReports, type Report } from "../src/report.ts";

const run = {
  url: "https://github.com/octo/site/actions/runs/7",
  commit: "8d2f1c0a".padEnd(40, "0"),
  commitUrl: "https://github.com/octo/site/commit/8d2f1c0a",
};

const report: Report = {
  kind: "content",
  reference: `ghcr.io/octo/site/content:0.1.2@sha256:${"a".repeat(64)}`,
  tag: "0.1.2",
  digest: `sha256:${"a".repeat(64)}`,
  changed: true,
  dryRun: false,
  wouldBeRefused: false,
  uploadedBytes: 2048,
  differences: [],
  page: "https://github.com/octo/site/pkgs/container/site%2Fcontent",
  commands: ["spin up --from-registry ghcr.io/octo/site/content:0.1.2"],
};

describe("the page says", () => {
  test("what was published, with links, digests and commands", () => {
    const page = pageOf([report], [], run);
    expect(page).toContain("### Published");
    expect(page).toContain(
      "| content | [ghcr.io/octo/site/content:0.1.2](https://github.com/octo/site/pkgs/container/site%2Fcontent) | `sha256:aaaaaaaaaaaa…` | published, 2.0 KiB sent |",
    );
    expect(page).toContain("```console\nspin up --from-registry ghcr.io/octo/site/content:0.1.2\n```");
    expect(page).toContain("From commit [`8d2f1c0a`](https://github.com/octo/site/commit/8d2f1c0a)");
  });

  test.each<[string, Partial<Report>, readonly string[], string]>([
    ["that nothing changed", { changed: false }, [], "### Nothing changed"],
    ["what merging would do", { dryRun: true }, [], "### What merging would publish"],
    ["that it would be refused", { dryRun: true, wouldBeRefused: true }, [], "### This would be refused"],
    ["what failed", {}, ["site"], "Failed: `site`."],
  ])("%s", (_name, part, failed, expected) => {
    expect(pageOf([{ ...report, ...part }], failed, run)).toContain(expected);
  });

  test("which job failed where nothing was published", () => {
    const page = pageOf([], ["site"], run);
    expect(page).toContain("### Not everything worked");
    expect(page).not.toContain("| What |");
  });

  test("that nothing was published where no action reported anything, as in a run that was cancelled", () => {
    expect(pageOf([], [], run)).toContain("### Nothing was published");
  });

  test("what changed, and how many more did", () => {
    const differences = Array.from({ length: 40 }, (_, index) => `changed: page-${index}.md`);
    const page = pageOf([{ ...report, differences }], [], run);
    expect(page).toContain("Changed in the content: 40");
    expect(page).toContain("- and 10 more");
    expect(page.match(/page-\d+/g)).toHaveLength(30);
  });

  test("no command in a dry run: there is nothing to use yet", () => {
    expect(pageOf([{ ...report, dryRun: true }], [], run)).not.toContain("console");
  });
});

test.each([
  ["<img src=x onerror=alert(1)>", "&#60;img src=x onerror=alert&#40;1&#41;&#62;"],
  ["@everyone\n# big", "&#64;&#8203;everyone &#35;&#8203; big"],
  ["[a](https://example.com)", "&#91;a&#93;&#40;https&#58;//example.com&#41;"],
  ["www.example.com, #1 of octo/site#2", "www&#46;example.com, &#35;&#8203;1 of octo/site&#35;&#8203;2"],
])("the name of a file stays text: %j", (name, escaped) => expect(escapeMarkdown(name)).toBe(escaped));

describe("reports", () => {
  test("come one per line; steps that did not run leave empty ones", () => {
    expect(parseReports(`\n${JSON.stringify(report)}\n\n`)).toEqual([report]);
    expect(parseReports("")).toEqual([]);
  });
  test.each(["{", "[]", '{"kind":"content"}', '{"kind":"other","reference":"a","tag":"b","digest":"c"}'])(
    "are refused where they are none: %s",
    (line) => expect(() => parseReports(line)).toThrow('Input "reports"'),
  );
});

test("failed jobs are found in the needs context", () => {
  expect(failedJobs('{"site":{"result":"failure"},"smoke":{"result":"skipped"}}')).toEqual(["site"]);
  expect(failedJobs("")).toEqual([]);
});
