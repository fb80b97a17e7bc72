import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, jest } from "@jest/globals";
import {
  type ActionProcess,
  faultOn,
  pushTag,
  type RegistryOptions,
  type RegistryServer,
  type RequestRecord,
  runActionProcess,
  startRegistry,
} from "@spin-publisher/sandbox";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { chartYaml, temporaryFolder, writeTree } from "./chart-folder.ts";

const test = testNeeding("the sandbox's runner");

jest.setTimeout(60_000); // every test starts processes, and there may be other work for the cores

let registry: RegistryServer;
afterEach(() => registry.close());

/** Nothing listens here. */
const nowhere = "127.0.0.1:65529";

/** The action, publishing chart 0.1.0 to `registry.example`, which is a registry of the sandbox. */
async function publish(
  options: RegistryOptions & { readonly prepare?: () => Promise<unknown> },
  process: Partial<ActionProcess> = {},
) {
  registry = await startRegistry(options);
  await options.prepare?.();
  await using folder = await temporaryFolder();
  await writeTree(join(folder.path, "site"), { "Chart.yaml": chartYaml, "templates/a.yaml": "a: 1\n" });
  const direct = process.inputs?.repository === "loopback" ? { repository: `${registry.host}/o/charts` } : {};
  return await runActionProcess({
    action: join(import.meta.dirname, ".."),
    workspace: folder.path,
    event: pushTag("0.1.0"),
    mirrors: `https://registry.example=${registry.origin}`,
    machine: { path: "/nowhere" },
    ...process,
    inputs: { chart: "site", repository: "registry.example/o/charts", ...process.inputs, ...direct },
  });
}

describe("a registry", () => {
  test.each<[string, (request: RequestRecord) => boolean]>([
    ["the upload", ({ method, kind }) => method === "POST" && kind === "upload"],
    ["the manifest", ({ method, kind }) => method === "PUT" && kind === "manifest"],
  ])("that limits %s with GitHub's secondary rate limit is waited for", async (_name, isAffected) => {
    const message = "You have exceeded a secondary rate limit.";
    const reply = { status: 403, headers: {}, errors: [{ code: "DENIED", message }] };
    const { exitCode, log } = await publish({ faults: faultOn(isAffected, { kind: "answer", reply }) });
    expect({ exitCode, log }).toMatchObject({
      exitCode: 0,
      log: expect.stringMatching(/retrying in [12]\.\d s: .*403/),
    });
  });

  test("that limits requests for good is reported with the time that was waited", async () => {
    const reply = { status: 429, headers: { "retry-after": "0" }, errors: [] };
    const isUpload = ({ kind }: RequestRecord) => kind === "upload";
    const { exitCode, log } = await publish({ faults: faultOn(isUpload, { kind: "answer", reply }, 99) });
    expect(exitCode).toBe(1);
    expect(log).toMatch(
      /limits requests, and waiting \d+\.\d s in 12 attempts did not help\. Run the job again later/,
    );
  });

  test("to which no credentials were sent is named, with the reason", async () => {
    const authentication = { scheme: "bearer", users: { grace: "hopper" } } as const;
    const { exitCode, log } = await publish({ authentication });
    expect(exitCode).toBe(1);
    expect(log).toContain(
      "No credentials were sent to registry.example: the job's token is sent to ghcr.io only. Set registry-username and registry-password, or log in to registry.example in an earlier step.",
    );
    expect(log).not.toContain("packages: write");
  });

  test("takes credentials of Docker's configuration with line breaks, and of `spin registry login`", async () => {
    const authentication = { scheme: "bearer", users: { grace: "hopper" } } as const;
    await using home = await temporaryFolder();
    const auth = Buffer.from("grace:hopper").toString("base64");
    await writeFile(
      join(home.path, "config.json"),
      JSON.stringify({ auths: { "registry.example": { auth: `${auth}\n` } } }),
    );
    const withDocker = await publish({ authentication }, { env: { DOCKER_CONFIG: home.path } });
    expect(withDocker.exitCode).toBe(0);
    await registry.close();
    await writeTree(home.path, {
      "fermyon/registry-auth.json": JSON.stringify({ auths: { "registry.example": auth } }),
    });
    const withSpin = await publish({ authentication }, { env: { XDG_CONFIG_HOME: home.path } });
    expect(withSpin.exitCode).toBe(0);
  });

  test("whose uploads continue where nothing listens is named, with both addresses", async () => {
    const reply = { status: 202, headers: { location: `http://${nowhere}/upload` }, errors: [] };
    const isUpload = ({ method, kind }: RequestRecord) => method === "POST" && kind === "upload";
    const { exitCode, log } = await publish(
      { faults: faultOn(isUpload, { kind: "answer", reply }, 99) },
      { inputs: { repository: "loopback" } },
    );
    expect(exitCode).toBe(1);
    expect(log).toMatch(
      /127\.0\.0\.1:\d+ opened an upload at http:\/\/127\.0\.0\.1:65529, where nothing answers \(ECONNREFUSED\)\. Correct the address/,
    );
  });

  test("behind a proxy that is down is not blamed", async () => {
    const { exitCode, log } = await publish(
      {},
      { env: { HTTPS_PROXY: `http://${nowhere}` }, inputs: { repository: "r.example/o/charts" } },
    );
    expect(exitCode).toBe(1);
    expect(log).toContain(`the proxy http://${nowhere} (HTTPS_PROXY) does not answer (ECONNREFUSED)`);
  });

  test("is given without oci://", async () => {
    const { exitCode, log } = await publish(
      {},
      { inputs: { repository: "oci://registry.example/o/charts" } },
    );
    expect({ exitCode, requests: registry.requests.length }).toEqual({ exitCode: 1, requests: 0 });
    expect(log).toContain('leave out "oci://"');
  });

  test("with a newer release of another tool at `latest` keeps it there", async () => {
    const put = (path: string, body: string, type: string) =>
      fetch(`${registry.origin}/v2/o/charts/site/${path}`, {
        method: "PUT",
        body,
        headers: { "content-type": type },
      });
    const config = JSON.stringify({ config: { Labels: { "org.opencontainers.image.version": "9.0.0" } } });
    const { exitCode, log } = await publish(
      {
        prepare: async () => {
          const digest = `sha256:${createHash("sha256").update(config).digest("hex")}`;
          const opened = await fetch(`${registry.origin}/v2/o/charts/site/blobs/uploads/`, {
            method: "POST",
          });
          const session = new URL(opened.headers.get("location") ?? "", registry.origin);
          await fetch(`${session}${session.search === "" ? "?" : "&"}digest=${digest}`, {
            method: "PUT",
            body: config,
          });
          const type = "application/vnd.oci.image.manifest.v1+json";
          const mediaType = "application/vnd.oci.image.config.v1+json";
          const document = {
            schemaVersion: 2,
            mediaType: type,
            config: { mediaType, digest, size: config.length },
            layers: [],
          };
          const { status } = await put("manifests/latest", JSON.stringify(document), type);
          expect(status).toBe(201);
        },
      },
      { inputs: { aliases: "latest" } },
    );
    expect(exitCode).toBe(0);
    expect(log).toContain('"latest" stays on 9.0.0, which is newer than');
  });
});
