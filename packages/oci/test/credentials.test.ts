import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { askCredentialHelper, helperRunner } from "../src/auth/credential-helper.ts";
import { type Credential, credentialOrder, dockerConfigCredentials, type Repository } from "../src/index.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "home-"));
});
afterEach(() => rm(home, { recursive: true }));

const base64 = (text: string) => Buffer.from(text).toString("base64");
const basic = (username: string, password: string): Credential => ({ kind: "basic", username, password });
const anonymous: Credential = { kind: "anonymous" };
const elsewhere: Credential = { kind: "anonymous", because: "the job's token is sent to ghcr.io only" };
const repository = (registry: string, name = "o/site"): Repository => ({ registry, name });

async function write(path: string, content: unknown): Promise<void> {
  const file = join(home, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
}

const found = (registry: string, name?: string, environment: Record<string, string> = {}) =>
  dockerConfigCredentials({ home, environment })(repository(registry, name));

describe("Docker's configuration", () => {
  test.each<[string, unknown, string, Credential]>([
    ["auth", { "ghcr.io": { auth: base64("grace:hop:per") } }, "ghcr.io", basic("grace", "hop:per")],
    [
      "auth without padding",
      { "ghcr.io": { auth: base64("a:b").replace(/=/g, "") } },
      "ghcr.io",
      basic("a", "b"),
    ],
    [
      "user and password",
      { "ghcr.io": { username: "grace", password: "hopper" } },
      "ghcr.io",
      basic("grace", "hopper"),
    ],
    [
      "identity token",
      { "a.azurecr.io": { auth: base64("x:"), identitytoken: "it" } },
      "a.azurecr.io",
      { kind: "identity-token", token: "it" },
    ],
    [
      "registry token",
      { "r.example": { registrytoken: "rt" } },
      "r.example",
      { kind: "registry-token", token: "rt" },
    ],
    ["https:// and /v2/", { "https://r.example/v2/": { auth: base64("a:b") } }, "r.example", basic("a", "b")],
    [
      "Docker Hub's own key",
      { "https://index.docker.io/v1/": { auth: base64("a:b") } },
      "docker.io",
      basic("a", "b"),
    ],
    ["a port", { "localhost:5000": { auth: base64("a:b") } }, "localhost:5000", basic("a", "b")],
    ["another port", { "localhost:5000": { auth: base64("a:b") } }, "localhost:5001", anonymous],
    ["another host", { "ghcr.io": { auth: base64("a:b") } }, "ghcr.io.evil.example", anonymous],
    ["an empty entry", { "ghcr.io": {} }, "ghcr.io", anonymous],
    ["entries of other kinds", { "ghcr.io": "text", other: null }, "ghcr.io", anonymous],
  ])("with %s", async (_name, auths, registry, expected) => {
    await write(".docker/config.json", { auths });
    expect(await found(registry)).toEqual(expected);
  });

  test("uses the most specific entry for a repository", async () => {
    await write(".docker/config.json", {
      auths: {
        "quay.io": { auth: base64("all:1") },
        "quay.io/o": { auth: base64("o:2") },
        "quay.io/o/site": { auth: base64("site:3") },
      },
    });
    expect(await found("quay.io", "o/site")).toEqual(basic("site", "3"));
    expect(await found("quay.io", "o/other")).toEqual(basic("o", "2"));
    expect(await found("quay.io", "else/site")).toEqual(basic("all", "1"));
  });

  test("is read from DOCKER_CONFIG, then from the files of other container tools", async () => {
    await write("elsewhere/config.json", { auths: { "a.example": { auth: base64("a:1") } } });
    await write("run/containers/auth.json", {
      auths: { "a.example": { auth: base64("b:2") }, "b.example": { auth: base64("b:2") } },
    });
    await write("file.json", { auths: { "c.example": { auth: base64("c:3") } } });
    await write(".docker/config.json", {
      auths: { "a.example": { auth: base64("d:4") }, "d.example": { auth: base64("d:4") } },
    });
    const environment = {
      DOCKER_CONFIG: join(home, "elsewhere"),
      XDG_RUNTIME_DIR: join(home, "run"),
      REGISTRY_AUTH_FILE: join(home, "file.json"),
    };
    expect(await found("a.example", "s", environment)).toEqual(basic("a", "1"));
    expect(await found("b.example", "s", environment)).toEqual(basic("b", "2"));
    expect(await found("c.example", "s", environment)).toEqual(basic("c", "3"));
    expect(await found("d.example", "s", environment)).toEqual(anonymous);
  });

  test("may have line breaks in its base64, as the base64 program writes them", async () => {
    const password = "p".repeat(80);
    const wrapped = base64(`grace:${password}`).replace(/(.{76})/g, "$1\n");
    await write(".docker/config.json", { auths: { "ghcr.io": { auth: `${wrapped}\n` } } });
    expect(await found("ghcr.io")).toEqual(basic("grace", password));
  });

  test.each<[NodeJS.Platform, string]>([
    ["linux", ".config"],
    ["darwin", "Library/Application Support"],
    ["win32", "AppData/Roaming"],
  ])("of `spin registry login` is read on %s, after Docker's", async (platform, folder) => {
    await write(".docker/config.json", { auths: { "a.example": { auth: base64("docker:1") } } });
    const auths = {
      "a.example": base64("spin:2"),
      "b.example": base64("spin:2"),
      "index.docker.io": base64("spin:3"),
    };
    await write(`${folder}/fermyon/registry-auth.json`, { auths });
    const source = dockerConfigCredentials({ home, environment: {}, platform });
    expect(await source(repository("a.example"))).toEqual(basic("docker", "1"));
    expect(await source(repository("b.example"))).toEqual(basic("spin", "2"));
    expect(await source(repository("docker.io"))).toEqual(basic("spin", "3"));
  });

  test("of Spin that is damaged is ignored, as Spin does", async () => {
    await write(".docker/config.json", { auths: { "a.example": { auth: base64("docker:1") } } });
    await write(".config/fermyon/registry-auth.json", "damaged");
    expect(await dockerConfigCredentials({ home, platform: "linux" })(repository("a.example"))).toEqual(
      basic("docker", "1"),
    );
  });

  test("that does not exist is ignored", async () => {
    expect(await found("ghcr.io")).toEqual(anonymous);
  });

  test.each([
    ["a list", []],
    ["a text", "secret"],
    ["null", null],
  ])("that is %s is an error", async (_name, content) => {
    await write(".docker/config.json", JSON.stringify(content));
    await expect(found("ghcr.io")).rejects.toThrow(
      `The registry credentials in ${join(home, ".docker/config.json")} are not a JSON object`,
    );
  });

  test.each([
    ["is not base64", "s3cr3t:%%%"],
    ["is no user and password", base64("s3cr3t")],
  ])("whose auth %s is an error that names the entry, for that registry only", async (_name, auth) => {
    await write(".docker/config.json", {
      auths: { "ghcr.io": { auth }, "r.example": { auth: base64("a:b") } },
    });
    const failed = found("ghcr.io");
    await expect(failed).rejects.toThrow(
      `The registry credentials "ghcr.io" in ${join(home, ".docker/config.json")} cannot be read`,
    );
    await expect(failed).rejects.not.toThrow("s3cr3t");
    expect(await found("r.example")).toEqual(basic("a", "b"));
  });

  test("that is damaged is an error that does not quote it", async () => {
    await write(".docker/config.json", '{"auths":{"ghcr.io":{"auth":"secret');
    const failed = found("ghcr.io");
    await expect(failed).rejects.toThrow("config.json are not JSON. Log in again, or remove the file.");
    await expect(failed).rejects.not.toThrow("secret");
  });
});

describe("a credential helper", () => {
  const asked: string[][] = [];
  const answering =
    (output: string, exitCode = 0) =>
    async (program: string, input: string) => {
      asked.push([program, input]);
      return { exitCode, output };
    };
  const configured = (config: unknown, run: Parameters<typeof askCredentialHelper>[2]) =>
    write(".docker/config.json", config).then(() => dockerConfigCredentials({ home, environment: {}, run }));

  test("for the registry precedes the common store, which precedes stored passwords", async () => {
    asked.length = 0;
    const run = answering('{"ServerURL":"x","Username":"grace","Secret":"hopper"}');
    const auths = { "r.example": { auth: base64("a:b") } };
    const config = { auths, credsStore: "store", credHelpers: { "ecr.example": "ecr-login" } };
    const source = await configured(config, run);
    expect(await source(repository("ecr.example"))).toEqual(basic("grace", "hopper"));
    expect(await source(repository("r.example"))).toEqual(basic("grace", "hopper"));
    await source(repository("docker.io"));
    expect(asked).toEqual([
      ["docker-credential-ecr-login", "ecr.example"],
      ["docker-credential-store", "r.example"],
      ["docker-credential-store", "https://index.docker.io/v1/"],
    ]);
  });

  test("without a credential falls back to stored passwords", async () => {
    const run = answering("credentials not found in native keychain\n", 1);
    const source = await configured(
      { auths: { "r.example": { auth: base64("a:b") } }, credsStore: "store" },
      run,
    );
    expect(await source(repository("r.example"))).toEqual(basic("a", "b"));
    expect(await source(repository("other.example"))).toEqual(anonymous);
  });

  test.each<[string, string, number, Credential | RegExp]>([
    ["an identity token", '{"Username":"<token>","Secret":"it"}', 0, { kind: "identity-token", token: "it" }],
    ["nothing in it", '{"Username":"","Secret":""}', 0, anonymous],
    [
      "an error",
      "the secret is hunter2",
      1,
      /docker-credential-x failed for r\.example with exit code 1\. Log in to r\.example again/,
    ],
    ["no JSON", "hunter2", 0, /did not answer with JSON/],
    ["no secret", '{"Username":"hunter2"}', 0, /without a user name and a secret/],
  ])("that answers with %s", async (_name, output, exitCode, expected) => {
    const answer = askCredentialHelper("x", "r.example", answering(output, exitCode));
    if (expected instanceof RegExp) {
      await expect(answer).rejects.toThrow(expected);
      await expect(answer).rejects.not.toThrow("hunter2");
    } else expect(await answer).toEqual(expected);
  });

  test.each(["../evil", "x; rm -rf /", "a b", ""])("is not called %j", async (name) => {
    const run = answering('{"Username":"a","Secret":"b"}');
    await expect(askCredentialHelper(name, "r.example", run)).rejects.toThrow("not a valid program name");
  });

  testNeeding("shebang scripts")("is a program that is run with the server, without a shell", async () => {
    const program = "docker-credential-test-of-spin-publisher";
    const file = join(home, program);
    await writeFile(
      file,
      `#!${process.execPath}\nlet t = ""; process.stdin.on("data", (c) => (t += c)).on("end", () => console.log(JSON.stringify({ Username: process.argv.slice(2).join(), Secret: t })));\n`,
    );
    await chmod(file, 0o755);
    const path = process.env.PATH;
    process.env.PATH = [home, path].join(delimiter);
    try {
      const server = "r.example/$(id)";
      expect(JSON.parse((await helperRunner(process.env)(program, server)).output)).toEqual({
        Username: "get",
        Secret: server,
      });
    } finally {
      process.env.PATH = path;
    }
  });

  test("that is not installed is an error", async () => {
    await expect(
      askCredentialHelper("spin-publisher-absent", "r.example", helperRunner(process.env)),
    ).rejects.toThrow(
      "docker-credential-spin-publisher-absent, the credential helper for r.example in Docker's configuration, cannot be started",
    );
  });
});

describe("credentials are", () => {
  const jobToken = { registry: "ghcr.io", username: "actor", password: "job-token" };
  const dockerConfig = async ({ registry }: Repository) =>
    registry === "r.example" ? basic("docker", "config") : anonymous;

  test.each<[string, Parameters<typeof credentialOrder>[0], string, Credential]>([
    [
      "those that were given",
      { explicit: basic("a", "b"), dockerConfig, jobToken },
      "r.example",
      basic("a", "b"),
    ],
    [
      "those that were given for this registry",
      { explicit: basic("a", "b"), explicitFor: "r.example", dockerConfig },
      "r.example",
      basic("a", "b"),
    ],
    [
      "not those that were given for another",
      { explicit: basic("a", "b"), explicitFor: "r.example", dockerConfig },
      "docker.io",
      anonymous,
    ],
    ["then Docker's", { dockerConfig, jobToken }, "r.example", basic("docker", "config")],
    ["then the job's, at its registry", { dockerConfig, jobToken }, "ghcr.io", basic("actor", "job-token")],
    ["never the job's anywhere else", { dockerConfig, jobToken }, "ghcr.io.evil.example", elsewhere],
    ["nobody's", { dockerConfig }, "ghcr.io", anonymous],
  ])("%s", async (_name, order, registry, expected) => {
    expect(await credentialOrder(order)(repository(registry))).toEqual(expected);
  });
});
