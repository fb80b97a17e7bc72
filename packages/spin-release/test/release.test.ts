import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { gzip, tar } from "@spin-publisher/archive";
import { createFetch, parseMirrors, type Retry } from "@spin-publisher/http";
import {
  type Answer,
  corrupted,
  hostileArchive,
  rateLimited,
  startUpstream,
  truncated,
  type Upstream,
  type UpstreamOptions,
  type UpstreamRequest,
} from "@spin-publisher/sandbox";
import { zipSync } from "fflate";
import {
  fetchVerifiedArchive,
  mirrorAt,
  parseVersionRequest,
  type Release,
  type ReleaseAccess,
  resolveRelease,
  type Target,
  unpackSpin,
} from "../src/index.ts";

jest.setTimeout(30_000);
const open: Upstream[] = [];
afterEach(async () => {
  for (const upstream of open.splice(0)) await upstream.close();
});

/** The stand-in GitHub, and how to reach it without waiting between attempts. */
async function gitHub(options: UpstreamOptions = {}): Promise<{ upstream: Upstream; access: ReleaseAccess }> {
  const upstream = await startUpstream(options);
  open.push(upstream);
  const retry = { firstDelay: 0, sleep: async () => {} };
  return {
    upstream,
    access: {
      fetch: createFetch({ mirrors: parseMirrors(upstream.mirrors), retry }),
      retry,
      token: "secret",
    },
  };
}

const resolve = (text: string, access: ReleaseAccess) => resolveRelease(parseVersionRequest(text), access);
const isApi = ({ host }: UpstreamRequest) => host === "api.github.com";
const linux: Target = { system: "linux", architecture: "amd64", static: false };
const v402: Release = { version: "4.0.2", tag: "v4.0.2", source: "request" };
const refuse = (answer: Answer) => ({
  answer: (request: UpstreamRequest, usual: Answer) => (isApi(request) ? answer : usual),
});

describe("latest", () => {
  test("is the highest stable version that the API lists, whatever was published after it", async () => {
    const { upstream, access } = await gitHub();
    expect(await resolve("latest", access)).toEqual({ version: "4.0.2", tag: "v4.0.2", source: "api" });
    expect(upstream.requests).toMatchObject([{ host: "api.github.com", authorization: "token secret" }]);
  });

  test("does not depend on which release is marked as the latest one", async () => {
    const { access } = await gitHub({ latest: "v3.6.3" });
    expect((await resolve("latest", access)).version).toBe("4.0.2");
  });

  test("is looked for on further pages where the first ones hold none", async () => {
    const candidates = Array.from({ length: 45 }, (_, number) => ({
      tag: `v5.0.0-rc.${number}`,
      prerelease: true,
      publishedAt: "2026-11-20T00:00:00Z",
    }));
    const stable = { tag: "v4.0.2", prerelease: false, publishedAt: "2026-06-23T00:00:00Z" };
    const { upstream, access } = await gitHub({ releases: [...candidates, stable] });
    expect((await resolve("latest", access)).version).toBe("4.0.2");
    expect(upstream.requests).toHaveLength(2);
  });

  test("is not a release that is marked as a pre-release although its tag looks stable", async () => {
    const { access } = await gitHub({
      releases: [
        { tag: "v9.0.0", prerelease: true, publishedAt: "2026-11-20T00:00:00Z" },
        { tag: "v4.0.2", prerelease: false, publishedAt: "2026-06-23T00:00:00Z" },
      ],
    });
    expect((await resolve("latest", access)).version).toBe("4.0.2");
  });

  test.each([
    [
      "403 with the limit used up",
      rateLimited({ resetAt: 1_800_000_000 }),
      "its rate limit is used up until 08:00 UTC",
    ],
    ["429", rateLimited({ status: 429, retryAfter: 60 }), "429: too many requests, the next one in 60 s"],
    ["403 from a firewall", { status: 403, body: "blocked" }, "answered 403"],
    ["502", { status: 502 }, "answered 502"],
  ])(
    "is read from the redirect of releases/latest when the API answers %s",
    async (_name, answer, because) => {
      const { upstream, access } = await gitHub(refuse(answer));
      const release = await resolve("latest", access);
      expect(release).toMatchObject({ version: "4.0.2", source: "redirect" });
      expect(release.because).toContain(because);
      expect(upstream.requests.map(({ host, authorization }) => [host, authorization])).toEqual([
        ["api.github.com", "token secret"],
        ["github.com", undefined],
      ]);
    },
  );

  test("is an error that says what to do when neither answers", async () => {
    const { access } = await gitHub({ answer: () => rateLimited() });
    await expect(resolve("latest", { ...access, token: "" })).rejects.toThrow(
      "page releases/latest does not say either. Set an exact version, or a token",
    );
  });

  test.each([
    ["another place", "https://evil.example/spinframework/spin/releases/tag/v9.9.9"],
    ["no address", "https://["],
    ["itself", "/spinframework/spin/releases/latest"],
    ["a tag that cannot be read", "/spinframework/spin/releases/tag/%E0%A4%A"],
  ])("is an error when the redirect leads to %s", async (_name, location) => {
    const { access } = await gitHub({
      answer: ({ path, host }, usual) => {
        if (host === "api.github.com") return rateLimited();
        return path.endsWith("/latest") ? { status: 302, headers: { location } } : usual;
      },
    });
    await expect(resolve("latest", access)).rejects.toThrow("does not say either");
  });

  test("follows a repository that was renamed", async () => {
    const renamed = "/new-home/spin/releases/latest";
    const { access } = await gitHub({
      answer: ({ path, host }, usual) => {
        if (host === "api.github.com") return rateLimited();
        if (path === renamed)
          return { status: 302, headers: { location: "/new-home/spin/releases/tag/v4.0.2" } };
        return path.endsWith("/latest") ? { status: 301, headers: { location: renamed } } : usual;
      },
    });
    expect(await resolve("latest", access)).toMatchObject({ version: "4.0.2", source: "redirect" });
  });

  test("is an error when the redirect leads to something that is not a stable release", async () => {
    const { access } = await gitHub({ ...refuse(rateLimited()), latest: "sdk/go/v2.2.1" });
    await expect(resolve("latest", access)).rejects.toThrow("does not say either");
  });

  test("is an error that names both hosts when nothing answers", async () => {
    const { access } = await gitHub();
    const unreachable = { ...access, fetch: async () => Promise.reject(new TypeError("fetch failed")) };
    await expect(resolve("latest", unreachable)).rejects.toThrow(
      "Cannot reach https://api.github.com or https://github.com. Check the network, or set ORIGIN_MIRRORS",
    );
  });

  test("is an error when the token is refused, because it was meant to work", async () => {
    const { access } = await gitHub(refuse({ status: 401, body: "{}" }));
    await expect(resolve("latest", access)).rejects.toThrow("refused the token (401). Omit the token");
  });

  test("is an error when the answer is not a list of releases", async () => {
    const { access } = await gitHub(
      refuse({ status: 200, body: "<html>sign in</html>", headers: { "content-type": "text/html" } }),
    );
    await expect(resolve("latest", access)).rejects.toThrow("did not answer with a list");
  });
});

describe("a range", () => {
  test.each([
    ["^3.4", "3.6.3"],
    ["~3.4", "3.4.1"],
    ["4", "4.0.2"],
    [">=4.1.0-rc.0", "4.1.0-rc.1"],
    ["2", "2.7.0"],
  ])("%s is met by %s", async (range, version) => {
    const { access } = await gitHub();
    expect(await resolve(range, access)).toMatchObject({ version, source: "api" });
  });

  test("considers every page of the list", async () => {
    const releases = Array.from({ length: 150 }, (_, number) => ({
      tag: `v3.${150 - number}.0`,
      prerelease: false,
      publishedAt: "2026-01-01T00:00:00Z",
    }));
    const { upstream, access } = await gitHub({ releases, spin: async () => Buffer.from("x") });
    expect((await resolve("~3.7", access)).version).toBe("3.7.0");
    expect(upstream.requests).toHaveLength(2);
  });

  test("that nothing meets is an error that lists what exists", async () => {
    const { access } = await gitHub();
    await expect(resolve("^9", access)).rejects.toThrow(
      "No release of Spin satisfies ^9; the newest releases are 4.1.0-rc.1, 4.0.2, 4.0.1",
    );
  });

  test("is met by the latest release where the API refuses and that is enough to know", async () => {
    const { access } = await gitHub(refuse(rateLimited()));
    expect(await resolve("^4.0.1", access)).toMatchObject({ version: "4.0.2", source: "redirect" });
    await expect(resolve("^3", access)).rejects.toThrow(
      "and the latest release, 4.0.2, does not satisfy it. Set an exact version",
    );
  });
});

test("an exact version is resolved without a request", async () => {
  const { upstream, access } = await gitHub();
  expect(await resolve("v3.4.1", access)).toEqual({ version: "3.4.1", tag: "v3.4.1", source: "request" });
  expect(upstream.requests).toEqual([]);
});

describe("a mirror", () => {
  test("is asked for everything, and never sent the token", async () => {
    const { upstream, access } = await gitHub();
    const host = mirrorAt(`${upstream.origin}/`);
    const mirrored = { ...access, fetch: createFetch({ mirrors: [] }), host };
    const release = await resolve("latest", mirrored);
    const { asset } = await fetchVerifiedArchive(release, [linux], mirrored);
    expect(asset.name).toBe("spin-v4.0.2-linux-amd64.tar.gz");
    expect(upstream.requests.map(({ host, authorization }) => ({ host, authorization }))).toEqual(
      upstream.requests.map(() => ({ host: "mirror", authorization: undefined })),
    );
  });

  test("without an API still finds the latest release", async () => {
    const { upstream, access } = await gitHub({
      answer: ({ path }, usual) => (path.startsWith("/repos/") ? { status: 404 } : usual),
    });
    const mirrored = { ...access, host: mirrorAt(upstream.origin) };
    expect(await resolve("latest", mirrored)).toMatchObject({ version: "4.0.2", source: "redirect" });
  });

  test.each(["mirror.example", "ftp://mirror.example"])("is not %s", (base) => {
    expect(() => mirrorAt(base)).toThrow(
      `A mirror must be a base URL such as https://mirror.example/github, but it is "${base}"`,
    );
  });

  test.each([
    "https://user:SECRET@mirror.example",
    "http://SECRET@mirror.example",
    "user:SECRET@mirror.example",
    "https://mirror.example/?token=SECRET",
    "https://mirror.example/#SECRET",
  ])("holds no secret, and one is not repeated: %s", (base) => {
    expect(() => mirrorAt(base)).toThrow(/without credentials, query or fragment/);
    expect(() => mirrorAt(base)).not.toThrow(/SECRET/);
  });
});

describe("an archive", () => {
  test("is the first of the wanted ones that the release has", async () => {
    const { access } = await gitHub();
    const missing: Target = { system: "windows", architecture: "arm64", static: false };
    const { asset, bytes } = await fetchVerifiedArchive(
      v402,
      [missing, { ...linux, static: true }, linux],
      access,
    );
    expect(asset.name).toBe("spin-v4.0.2-static-linux-amd64.tar.gz");
    const { binary, signature, certificate } = await unpackSpin(asset, bytes);
    expect(new TextDecoder().decode(binary)).toContain("spin 4.0.2");
    expect([typeof signature, typeof certificate]).toEqual(["string", "string"]);
  });

  test("needs no token", async () => {
    const { upstream, access } = await gitHub();
    await fetchVerifiedArchive(v402, [linux], access);
    expect(upstream.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
  });

  test("of a release that does not exist is an error that lists what exists", async () => {
    const { access } = await gitHub();
    await expect(
      fetchVerifiedArchive({ ...v402, version: "9.9.9", tag: "v9.9.9" }, [linux], access),
    ).rejects.toThrow(
      /^There is no Spin 9\.9\.9 \(.*checksums-v9\.9\.9\.txt does not exist\); the newest releases are 4\.1\.0-rc\.1, 4\.0\.2,/,
    );
  });

  test("of a release that does not exist is an error that says where to look when the API refuses too", async () => {
    const { access } = await gitHub(refuse(rateLimited({ resetAt: 4_000_000_000 })));
    await expect(
      fetchVerifiedArchive({ ...v402, version: "9.9.9", tag: "v9.9.9" }, [linux], access),
    ).rejects.toThrow("Choose one of the versions listed at https://github.com/spinframework/spin/releases");
  });

  test("of a release without a checksums file is not downloaded", async () => {
    const { upstream, access } = await gitHub({
      answer: ({ path }, usual) => (path.includes("checksums") ? { status: 404 } : usual),
    });
    await expect(fetchVerifiedArchive(v402, [linux], access)).rejects.toThrow(
      "Spin 4.0.2 has no checksums file",
    );
    expect(upstream.requests.filter(({ path }) => path.includes("tar.gz"))).toEqual([]);
  });

  test("for a platform that the release lacks is an error that lists those it has", async () => {
    const { access } = await gitHub();
    await expect(
      fetchVerifiedArchive(v402, [{ ...linux, system: "windows", architecture: "arm64" }], access),
    ).rejects.toThrow(
      "Spin 4.0.2 does not include spin-v4.0.2-windows-aarch64.zip. The release has spin-v4.0.2-linux-aarch64.tar.gz, ",
    );
  });

  const isArchive = ({ host }: UpstreamRequest, { status }: Answer) =>
    host.startsWith("release-assets") && status === 200;

  /** Replaces what storage delivers, but for the checksums file. */
  function delivering(change: (usual: Answer) => Answer): UpstreamOptions {
    return {
      answer: (request, usual) =>
        isArchive(request, usual) && usual.headers?.["content-type"] === "application/gzip"
          ? change(usual)
          : usual,
    };
  }

  test("with another checksum is refused, naming both", async () => {
    const { access } = await gitHub(delivering(corrupted));
    await expect(fetchVerifiedArchive(v402, [linux], access)).rejects.toThrow(
      /is not the archive that was released: expected sha256:[0-9a-f]{64}, but .* delivered sha256:[0-9a-f]{64}/,
    );
  });

  test("that is cut off is requested again, which is reported", async () => {
    let broken = 2;
    const { access } = await gitHub(delivering((usual) => (broken-- > 0 ? truncated(usual) : usual)));
    const retries: string[] = [];
    const listening = { ...access, onRetry: ({ because }: Retry) => retries.push(because) };
    expect((await fetchVerifiedArchive(v402, [linux], listening)).bytes.length).toBeGreaterThan(0);
    expect(retries).toEqual([
      expect.stringContaining("stopped after"),
      expect.stringContaining("stopped after"),
    ]);
  });

  test("that is a web page is an error that says so", async () => {
    const { access } = await gitHub(
      delivering((usual) => ({ ...usual, body: "<!DOCTYPE html><title>Sign in" })),
    );
    await expect(fetchVerifiedArchive(v402, [linux], access)).rejects.toThrow(
      /spin-v4\.0\.2-linux-amd64\.tar\.gz answered with a web page instead of the archive\. Check the mirror/,
    );
  });

  test("that a mirror lacks is an error that names the mirror's address", async () => {
    const { upstream, access } = await gitHub({ answer: () => ({ status: 404 }) });
    await expect(
      fetchVerifiedArchive(v402, [linux], { ...access, host: mirrorAt(upstream.origin) }),
    ).rejects.toThrow(
      `Spin 4.0.2 was not found: ${upstream.origin}/spinframework/spin/releases/download/v4.0.2/checksums-v4.0.2.txt does not exist. Check that the mirror has this version`,
    );
  });

  test("that is listed but missing is an error that says when to try again", async () => {
    const { access } = await gitHub(delivering(() => ({ status: 404 })));
    await expect(fetchVerifiedArchive(v402, [linux], access)).rejects.toThrow(
      "The release may still be uploading; try again later",
    );
  });

  test.each(["checksums", "tar.gz"])("is an error where GitHub answers 403 for %s", async (part) => {
    const { access } = await gitHub({
      answer: ({ path }, usual) => (path.includes(part) ? { status: 403 } : usual),
    });
    await expect(fetchVerifiedArchive(v402, [linux], access)).rejects.toThrow(
      /v4\.0\.2.* answered 403. Check that it can be reached from this machine/,
    );
  });
});

describe("unpacking", () => {
  const spin = new TextEncoder().encode("#!/bin/sh\n");
  const linuxArchive = { name: "spin-v4.0.2-linux-amd64.tar.gz" };
  const windowsArchive = { name: "spin-v4.0.2-windows-amd64.zip" };

  test("finds spin.exe in the archive for Windows", async () => {
    const archive = zipSync({ "spin.exe": spin, "spin.sig": spin, LICENSE: spin });
    expect(await unpackSpin(windowsArchive, archive)).toEqual({
      binary: spin,
      signature: "#!/bin/sh\n",
      certificate: undefined,
    });
  });

  test("refuses an archive whose paths leave it", async () => {
    await expect(unpackSpin(linuxArchive, await hostileArchive("../../bin/spin", "x"))).rejects.toThrow(
      "leaves it",
    );
    await expect(unpackSpin(windowsArchive, zipSync({ "../spin.exe": spin }))).rejects.toThrow("leaves it");
  });

  test.each([
    ["no Spin", [{ type: "file", path: "README.md", bytes: spin } as const]],
    ["an empty one", [{ type: "file", path: "spin", bytes: new Uint8Array() } as const]],
    ["one in a folder", [{ type: "file", path: "bin/spin", bytes: spin } as const]],
  ])("refuses an archive with %s", async (_name, entries) => {
    await expect(unpackSpin(linuxArchive, gzip(await tar(entries)))).rejects.toThrow("does not contain spin");
  });
});
