import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { errorCode } from "@spin-publisher/errors";
import { isObject, type JsonObject } from "@spin-publisher/json";
import type { Repository } from "../spec/reference.ts";
import type { Credential, CredentialSource } from "./credential.ts";
import { askCredentialHelper, type Environment, helperRunner, type RunHelper } from "./credential-helper.ts";

/** Where the configuration may be, and how helpers run. */
export interface DockerConfigOptions {
  /** `DOCKER_CONFIG`, `REGISTRY_AUTH_FILE`, `XDG_RUNTIME_DIR` and `XDG_CONFIG_HOME` count; helpers see all variables. */
  readonly environment?: Environment;
  readonly home?: string;
  readonly platform?: NodeJS.Platform;
  readonly run?: RunHelper;
}

/** A configuration file and its path. */
interface ConfigFile {
  readonly path: string;
  readonly config: JsonObject;
}

/**
 * Credentials as `docker login`, `podman login` and their helpers store them: `$DOCKER_CONFIG/config.json` or
 * `~/.docker/config.json`, then `$REGISTRY_AUTH_FILE`, then containers' `auth.json`, then what `spin registry login` wrote
 * (spin's crates/oci/src/auth.rs). The first file with an entry for the registry decides; within it, `credHelpers` precedes `credsStore`, which precedes `auths`. Anonymous if there is none.
 *
 * @throws Error when a file is not readable JSON, an entry is malformed, or a helper fails.
 */
export function dockerConfigCredentials(options: DockerConfigOptions = {}): CredentialSource {
  const { environment = {}, home = homedir(), platform = process.platform } = options;
  const run = options.run ?? helperRunner(environment);
  let files: Promise<readonly ConfigFile[]> | undefined;
  return async (repository) => {
    files ??= Promise.all([
      ...configPaths(environment, home).map(readConfig),
      readSpinConfig(join(spinConfigFolder(environment, home, platform), "fermyon", "registry-auth.json")),
    ]).then((configs) => configs.filter((config) => config !== undefined));
    for (const config of await files) {
      const credential = await credentialIn(config, repository, run);
      if (credential.kind !== "anonymous") return credential;
    }
    return { kind: "anonymous" };
  };
}

/** Where Spin keeps its configuration: the folder that Rust's `dirs::config_dir` returns. */
function spinConfigFolder(environment: Environment, home: string, platform: NodeJS.Platform): string {
  if (platform === "darwin") return join(home, "Library", "Application Support");
  if (platform === "win32") return environment.APPDATA || join(home, "AppData", "Roaming");
  return environment.XDG_CONFIG_HOME || join(home, ".config");
}

function configPaths(environment: Environment, home: string): readonly string[] {
  const { DOCKER_CONFIG, REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR, XDG_CONFIG_HOME } = environment;
  return [
    join(DOCKER_CONFIG || join(home, ".docker"), "config.json"),
    REGISTRY_AUTH_FILE,
    XDG_RUNTIME_DIR && join(XDG_RUNTIME_DIR, "containers", "auth.json"),
    join(XDG_CONFIG_HOME || join(home, ".config"), "containers", "auth.json"),
  ].filter((path): path is string => path !== undefined && path !== "");
}

/** Spin stores the base64 of `user:password` without an object around it, and ignores a file that it cannot read; so do we. */
async function readSpinConfig(path: string): Promise<ConfigFile | undefined> {
  const { config } = (await readConfig(path).catch(() => undefined)) ?? {};
  if (config === undefined) return undefined;
  const auths = Object.entries(objectOf(config.auths)).map(([server, auth]) => [server, { auth }]);
  return { path, config: { auths: Object.fromEntries(auths) } };
}

async function readConfig(path: string): Promise<ConfigFile | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) return undefined;
    throw new Error(`The registry credentials in ${path} cannot be read.`, { cause: error });
  }
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    // Without the cause: JSON.parse quotes the text around the error, which may be the password.
    throw new Error(`The registry credentials in ${path} are not JSON. Log in again, or remove the file.`);
  }
  if (isObject(config)) return { path, config };
  throw new Error(
    `The registry credentials in ${path} are not a JSON object. Log in again, or remove the file.`,
  );
}

async function credentialIn(
  { path, config }: ConfigFile,
  { registry, name }: Repository,
  run: RunHelper,
): Promise<Credential> {
  const server = registry === "docker.io" ? "https://index.docker.io/v1/" : registry;
  const helpers = objectOf(config.credHelpers);
  const helper = helpers[server] ?? helpers[registry] ?? config.credsStore;
  if (typeof helper === "string" && helper !== "") {
    const credential = await askCredentialHelper(helper, server, run);
    if (credential.kind !== "anonymous") return credential;
  }
  const entries = new Map(
    Object.entries(objectOf(config.auths)).map(([key, value]) => [normalised(key), value]),
  );
  for (const key of lookupKeys(registry, name)) {
    const credential = credentialOf(objectOf(entries.get(key)), `"${key}" in ${path}`);
    if (credential.kind !== "anonymous") return credential;
  }
  return { kind: "anonymous" };
}

/** `host/org/repository`, `host/org`, `host`: the most specific first (containers-auth.json). */
function lookupKeys(registry: string, name: string): readonly string[] {
  const parts = name.split("/");
  const nested = parts.map((_, index) => [registry, ...parts.slice(0, parts.length - index)].join("/"));
  return [...nested, registry];
}

function normalised(key: string): string {
  const host = key.replace(/^https?:\/\//, "").replace(/\/(?:v[12]\/?)?$/, "");
  return host === "index.docker.io" || host === "registry-1.docker.io" ? "docker.io" : host;
}

/** @param what names the entry in an error. */
function credentialOf(entry: JsonObject, what: string): Credential {
  const text = (name: string): string => {
    const value = entry[name];
    return typeof value === "string" ? value : "";
  };
  if (text("registrytoken") !== "") return { kind: "registry-token", token: text("registrytoken") };
  if (text("identitytoken") !== "") return { kind: "identity-token", token: text("identitytoken") };
  // A file written with `base64` or by hand may have line breaks, which `docker` ignores too.
  const auth = text("auth").replace(/\s/g, "");
  const decoded = Buffer.from(auth, "base64").toString("utf8").replace(/\0+$/, "");
  const colon = decoded.indexOf(":");
  const isWhole = text("username") !== "" && text("password") !== "";
  if (!isWhole && auth !== "" && (colon < 0 || !/^[\w+/-]+={0,2}$/.test(auth))) {
    throw new Error(
      `The registry credentials ${what} cannot be read: "auth" is not base64 of user:password. Log in again.`,
    );
  }
  const username = text("username") || decoded.slice(0, Math.max(0, colon));
  const password = text("password") || decoded.slice(colon + 1);
  return username === "" && password === "" ? { kind: "anonymous" } : { kind: "basic", username, password };
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}
