import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { createFetch } from "@spin-publisher/http";
import { createGitHub, type GitHub, openPullRequests, publishRelease, upsertComment } from "../src/index.ts";

type Answer = { readonly status?: number; readonly body: unknown };
const closers: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** GitHub's API as far as a test answers it; keeps what was asked. */
async function gitHub(
  answer: (method: string, path: string, body: unknown) => Answer,
): Promise<{ readonly github: GitHub; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const text = Buffer.concat(chunks).toString();
    const path = (request.url ?? "").replace("/repos/octo/site/", "");
    asked.push(`${request.method} ${path}${text === "" ? "" : ` ${text}`}`);
    expect(request.headers.authorization).toBe("Bearer ghs_x");
    const { status = 200, body } = answer(request.method ?? "", path, text === "" ? {} : JSON.parse(text));
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => server.close(() => resolve())));
  const { port } = server.address() as AddressInfo;
  const github = createGitHub({
    fetch: createFetch(),
    apiUrl: `http://127.0.0.1:${port}`,
    repository: "octo/site",
    token: "ghs_x",
  });
  return { github, asked };
}

const marker = "<!-- spin-publisher: what merging would publish -->";
const bot = { user: { type: "Bot" }, performed_via_github_app: null };

describe("the comment of a pull request", () => {
  test("is written once", async () => {
    const { github, asked } = await gitHub((method) => ({ body: method === "GET" ? [] : { id: 1 } }));
    expect(await upsertComment(github, 7, "page")).toBe("created");
    expect(asked[1]).toBe(`POST issues/7/comments ${JSON.stringify({ body: `${marker}\npage` })}`);
  });

  test("is updated where it is on the second page, and left alone where nothing changed", async () => {
    const others = Array.from({ length: 100 }, (_, id) => ({ id, body: "hello", ...bot }));
    const ours = { id: 500, body: `${marker}\nold`, ...bot };
    const { github, asked } = await gitHub((method, path) =>
      method === "GET" ? { body: path.endsWith("page=2") ? [ours] : others } : { body: {} },
    );
    expect(await upsertComment(github, 7, "new")).toBe("updated");
    expect(asked.at(-1)).toContain("PATCH issues/comments/500");
    expect(await upsertComment(github, 7, "old")).toBe("unchanged");
  });

  test("is not somebody's who quotes it", async () => {
    const quote = { id: 3, body: `${marker}\nmine`, user: { type: "User" }, performed_via_github_app: null };
    const { github } = await gitHub((method) => ({ body: method === "GET" ? [quote] : {} }));
    expect(await upsertComment(github, 7, "page")).toBe("created");
  });

  test("is written once although the answer to it was lost", async () => {
    const written: unknown[] = [];
    const { github } = await gitHub((method, _path, body) => {
      if (method === "GET") return { body: written };
      written.push({ id: 1, ...(body as object), ...bot });
      return { status: 502, body: { message: "Server Error" } };
    });
    expect(await upsertComment(github, 7, "page")).toBe("unchanged");
    expect(written).toHaveLength(1);
  });

  test("is tried again where GitHub only had no time for it", async () => {
    let refusals = 0;
    const { github } = await gitHub((method) => {
      if (method === "GET") return { body: [] };
      refusals += 1;
      return refusals === 1 ? { status: 503, body: { message: "Unavailable" } } : { body: { id: 1 } };
    });
    expect(await upsertComment(github, 7, "page")).toBe("created");
  });

  test("is not somebody's of whom GitHub says nothing", async () => {
    const { github } = await gitHub((method) => ({
      body: method === "GET" ? [{ id: 3, body: `${marker}\nmine` }] : {},
    }));
    expect(await upsertComment(github, 7, "page")).toBe("created");
  });

  test("fits GitHub's limit", async () => {
    const { github, asked } = await gitHub((method) => ({ body: method === "GET" ? [] : {} }));
    await upsertComment(github, 7, "x".repeat(100_000));
    expect(JSON.parse((asked[1] ?? "").replace(/^\S+ \S+ /, "")).body.length).toBeLessThan(65_536);
  });

  test("that may not be written says which permission is missing", async () => {
    const { github } = await gitHub((method) =>
      method === "GET"
        ? { body: [] }
        : { status: 403, body: { message: "Resource not accessible by integration" } },
    );
    await expect(upsertComment(github, 7, "page")).rejects.toThrow(
      'GitHub refused POST issues/7/comments with 403: Resource not accessible by integration; grant the job "pull-requests: write".',
    );
  });
});

describe("the release of a tag", () => {
  const notes = { tag: "0.1.2", page: "the page", changes: "the changes" };

  test("is a draft before it is published", async () => {
    const { github, asked } = await gitHub((method, path) => {
      if (path.startsWith("releases/tags/")) return { status: 404, body: {} };
      return { body: method === "GET" ? [] : { id: 9 } };
    });
    expect(await publishRelease(github, notes)).toBe("created");
    expect(asked.map((line) => line.replace(/\?.*/, ""))).toEqual([
      "GET releases/tags/0.1.2",
      "GET releases",
      `POST releases ${JSON.stringify({ tag_name: "0.1.2", name: "0.1.2", draft: true, body: "" })}`,
      `PATCH releases/9 ${JSON.stringify({ body: "the changes\n\nthe page", draft: false, prerelease: false, make_latest: "legacy" })}`,
    ]);
  });

  test("continues the draft of a run that was killed", async () => {
    const { github, asked } = await gitHub((method, path) => {
      if (path.startsWith("releases/tags/")) return { status: 404, body: {} };
      return { body: method === "GET" ? [{ id: 4, draft: true, tag_name: "0.1.2" }] : {} };
    });
    await publishRelease(github, notes);
    expect(asked.filter((line) => line.startsWith("POST"))).toEqual([]);
    expect(asked.at(-1)).toContain("PATCH releases/4");
  });

  test("is one draft although the answer to its creation was lost", async () => {
    const drafts: unknown[] = [];
    const { github, asked } = await gitHub((method, path) => {
      if (path.startsWith("releases/tags/")) return { status: 404, body: {} };
      if (method === "GET") return { body: drafts };
      if (method === "PATCH") return { body: {} };
      drafts.push({ id: 4, draft: true, tag_name: "0.1.2" });
      return { status: 502, body: { message: "Server Error" } };
    });
    await publishRelease(github, notes);
    expect(drafts).toHaveLength(1);
    expect(asked.at(-1)).toContain("PATCH releases/4");
  });

  test("that is there already stays as it is", async () => {
    const { github, asked } = await gitHub(() => ({ body: { id: 1 } }));
    expect(await publishRelease(github, notes)).toBe("already present");
    expect(asked).toHaveLength(1);
  });

  test.each([
    ["0.2.0-rc.1", true, "false"],
    ["v0.2.0-rc.1", true, "false"],
    ["chart-1.0.3", false, "false"],
    ["chart-1.0.3-rc.1", true, "false"],
  ])("%s is a pre-release: %s; latest: %s", async (tag, prerelease, latest) => {
    const { github, asked } = await gitHub((method, path) =>
      path.startsWith("releases/tags/")
        ? { status: 404, body: {} }
        : { body: method === "GET" ? [] : { id: 9 } },
    );
    await publishRelease(github, { ...notes, tag });
    expect(JSON.parse((asked.at(-1) ?? "").replace(/^\S+ \S+ /, ""))).toMatchObject({
      prerelease,
      make_latest: latest,
    });
  });
});

test("open pull requests are read from every page", async () => {
  const numbers = Array.from({ length: 130 }, (_, index) => ({ number: index + 1 }));
  const { github, asked } = await gitHub((_method, path) => ({
    body: path.endsWith("page=2") ? numbers.slice(100) : numbers.slice(0, 100),
  }));
  expect((await openPullRequests(github)).size).toBe(130);
  expect(asked).toEqual([
    "GET pulls?state=open&per_page=100&page=1",
    "GET pulls?state=open&per_page=100&page=2",
  ]);
});

test("a list that is refused is an error, never an empty one", async () => {
  const { github } = await gitHub(() => ({ status: 404, body: { message: "Not Found" } }));
  await expect(openPullRequests(github)).rejects.toThrow("GitHub has no pulls?state=open");
});

test("a list that is longer than what is read is an error, never a part of it", async () => {
  const page = Array.from({ length: 100 }, (_, index) => ({ number: index }));
  const { github, asked } = await gitHub(() => ({ body: page }));
  await expect(openPullRequests(github)).rejects.toThrow("GitHub lists more than 10000 pulls?state=open");
  expect(asked).toHaveLength(100);
});
