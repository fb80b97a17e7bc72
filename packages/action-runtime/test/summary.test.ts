import { describe, expect, test } from "@jest/globals";
import type { GitHubEvent } from "../src/event.ts";
import { linksOf } from "../src/links.ts";
import { failureSummary, type PublicationFacts, publicationSummary } from "../src/summary.ts";

const event: GitHubEvent = {
  name: "push",
  pushed: { kind: "tag", name: "0.1.2" },
  sha: "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
  repository: { owner: "Octo-Org", name: "site" },
  serverUrl: "https://github.com",
  actor: "ada",
  payloadEpoch: undefined,
  runId: 4242,
};

describe("the links of a publication", () => {
  test("lead to the commit, the run and the package", () => {
    expect(linksOf(event, { registry: "ghcr.io", name: "octo-org/site/content" })).toEqual({
      commit: "https://github.com/Octo-Org/site/commit/0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
      run: "https://github.com/Octo-Org/site/actions/runs/4242",
      package: "https://github.com/Octo-Org/site/pkgs/container/site%2Fcontent",
    });
  });

  test("lead to the package on an Enterprise Server too", () => {
    const there = { ...event, serverUrl: "https://git.example.com" };
    const { package: page } = linksOf(there, {
      registry: "containers.git.example.com",
      name: "octo-org/site",
    });
    expect(page).toBe("https://git.example.com/Octo-Org/site/pkgs/container/site");
  });

  test.each([
    { registry: "quay.io", name: "octo-org/site" },
    { registry: "ghcr.io", name: "somebody/site" },
  ])("lead to no package for %j, of which GitHub shows no page in this repository", (repository) => {
    expect(linksOf(event, repository).package).toBeUndefined();
  });
});

const facts: PublicationFacts = {
  what: "content",
  outcome: "published",
  name: "ghcr.io/octo-org/site/content:0.1.2",
  reference: "ghcr.io/octo-org/site/content:0.1.2@sha256:1234",
  links: linksOf(event, { registry: "ghcr.io", name: "octo-org/site/content" }),
  uploadedBytes: 17_000,
  seconds: 0.466,
  aliases: [{ tag: "latest", outcome: "moved" }],
  usage: "spin up --from-registry ghcr.io/octo-org/site/content@sha256:1234",
  refusal: undefined,
  details: "2 files.",
};

describe("the summary of a publication", () => {
  test("has links, what can be copied, and the action's own part", () => {
    expect(publicationSummary(facts)).toBe(`### Content: published

[<code>ghcr.io/octo-org/site/content:0.1.2</code>](${facts.links.package}), [commit](${facts.links.commit}), [run](${facts.links.run}), 16.6 KiB sent in 0.47 s.

| Alias | Outcome |
| --- | --- |
| <code>latest</code> | moved |

\`\`\`sh
spin up --from-registry ghcr.io/octo-org/site/content@sha256:1234
\`\`\`

<details><summary>Reference with digest</summary>

\`\`\`text
ghcr.io/octo-org/site/content:0.1.2@sha256:1234
\`\`\`

</details>

2 files.
`);
  });

  test("shows why a dry run would be refused, and what differs as a list", () => {
    const refusal =
      "It points at a.\nWhat differs:\n  - a|b<c>.md (changed)\n  - d.md (added)\nUse a new tag.";
    expect(publicationSummary({ ...facts, refusal })).toContain(
      "<p>It points at a.</p><p>What differs:</p><ul><li>a|b&lt;c&gt;.md (changed)</li><li>d.md (added)</li></ul><p>Use a new tag.</p>",
    );
  });
});

test("the summary of a failure is its message, where nothing counts as Markdown, and its causes", () => {
  expect(failureSummary("content", "No `<b>` in *x*.", ["EACCES: denied"])).toBe(
    "### Content: failed\n\n<p>No `&lt;b&gt;` in *x*.</p>\n<p>Caused by: EACCES: denied</p>\n",
  );
});

test("no line of a message is empty to Markdown, which would end the HTML around it", () => {
  expect(failureSummary("content", 'No "a\r\r![x](https://example.com)".', [])).toBe(
    '### Content: failed\n\n<p>No "a</p><p>![x](https://example.com)".</p>\n',
  );
});
