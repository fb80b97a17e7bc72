import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Repository } from "../spec/reference.ts";
import type { Credential, CredentialSource } from "./credential.ts";
import { askCredentialHelper, type RunHelper, runHelper } from "./credential-helper.ts";

/** The edges of the configuration: where it may be, and how helpers run. */
export interface DockerConfigOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly home?: string;
  readonly run?: RunHelper;
}

type Fields = ReadonlyMap<string, unknown>;

/** A configuration and where it stands. */
interface ConfigFile {
  readonly path: string;
  readonly fields: Fields;
}

/**
 * Credentials as `docker login`, `podman login` and their helpers leave them: `$DOCKER_CONFIG/config.json` or
 * `~/.docker/config.json`, then `$REGISTRY_AUTH_FILE`, then containers' `auth.json`. The first file that has an
 * entry for the registry decides, and in it `credHelpers` before `credsStore` before `auths`.
 *
 * Anonymous where there is none. @throws Error when a file is not readable JSON, the entry cannot be read, or a helper
 * fails.
 */
export function dockerConfigCredentials(options: DockerConfigOptions = {}): CredentialSource {
  const { environment = process.env, home = homedir(), run = runHelper } = options;
  let files: Promise<readonly ConfigFile[]> | undefined;
  return async (repository) => {
    files ??= readConfigs(configPaths(environment, home));
    for (const config of await files) {
      const credential = await credentialIn(config, repository, run);
      if (credential.kind !== "anonymous") return credential;
    }
    return { kind: "anonymous" };
  };
}

function configPaths(
  environment: Readonly<Record<string, string | undefined>>,
  home: string,
): readonly string[] {
  const { DOCKER_CONFIG, REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR, XDG_CONFIG_HOME } = environment;
  return [
    join(DOCKER_CONFIG || join(home, ".docker"), "config.json"),
    REGISTRY_AUTH_FILE,
    XDG_RUNTIME_DIR && join(XDG_RUNTIME_DIR, "containers", "auth.json"),
    join(XDG_CONFIG_HOME || join(home, ".config"), "containers", "auth.json"),
  ].filter((path): path is string => path !== undefined && path !== "");
}

async function readConfigs(paths: readonly string[]): Promise<readonly ConfigFile[]> {
  const configs = await Promise.all(paths.map(readConfig));
  return configs.filter((config) => config !== undefined);
}

async function readConfig(path: string): Promise<ConfigFile | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new Error(`The registry credentials in ${path} cannot be read.`, { cause: error });
  }
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    // Not as a cause: JSON.parse quotes what it stumbled on, and that may be the password.
    throw new Error(`The registry credentials in ${path} are not JSON; log in again, or remove the file.`);
  }
  if (typeof config === "object" && config !== null && !Array.isArray(config)) {
    return { path, fields: fieldsOf(config) };
  }
  throw new Error(
    `The registry credentials in ${path} are no JSON object; log in again, or remove the file.`,
  );
}

async function credentialIn(
  { path, fields: config }: ConfigFile,
  { registry, name }: Repository,
  run: RunHelper,
): Promise<Credential> {
  const server = registry === "docker.io" ? "https://index.docker.io/v1/" : registry;
  const helpers = fieldsOf(config.get("credHelpers"));
  const store = config.get("credsStore");
  const helper = helpers.get(server) ?? helpers.get(registry) ?? store;
  if (typeof helper === "string" && helper !== "") {
    const credential = await askCredentialHelper(helper, server, run);
    if (credential.kind !== "anonymous") return credential;
  }
  const entries = new Map([...fieldsOf(config.get("auths"))].map(([key, value]) => [normalised(key), value]));
  for (const key of lookupKeys(registry, name)) {
    const credential = credentialOf(fieldsOf(entries.get(key)), `"${key}" in ${path}`);
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
function credentialOf(entry: Fields, what: string): Credential {
  const text = (name: string): string => {
    const value = entry.get(name);
    return typeof value === "string" ? value : "";
  };
  if (text("registrytoken") !== "") return { kind: "registry-token", token: text("registrytoken") };
  if (text("identitytoken") !== "") return { kind: "identity-token", token: text("identitytoken") };
  const decoded = Buffer.from(text("auth"), "base64").toString("utf8").replace(/\0+$/, "");
  const colon = decoded.indexOf(":");
  const isWhole = text("username") !== "" && text("password") !== "";
  if (!isWhole && text("auth") !== "" && (colon < 0 || !/^[\w+/-]+={0,2}$/.test(text("auth")))) {
    throw new Error(
      `The registry credentials ${what} cannot be read: "auth" is not the base64 of user:password; log in again.`,
    );
  }
  const username = text("username") || decoded.slice(0, Math.max(0, colon));
  const password = text("password") || decoded.slice(colon + 1);
  return username === "" && password === "" ? { kind: "anonymous" } : { kind: "basic", username, password };
}

function fieldsOf(value: unknown): Fields {
  return new Map(
    typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [],
  );
}
