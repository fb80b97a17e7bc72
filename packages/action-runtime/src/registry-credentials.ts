import { setSecret } from "@actions/core";
import type { Fetch } from "@spin-publisher/http";
import {
  type Credential,
  type CredentialSource,
  credentialOrder,
  dockerConfigCredentials,
} from "@spin-publisher/oci";
import type { GitHubEvent } from "./event.ts";
import { text } from "./inputs.ts";

/**
 * The credentials of a run that publishes to a given registry. In order: the inputs (for that registry only), Docker's
 * configuration, the job's token (for GitHub's own registry only), none. The runner fills in the inputs' defaults, so an
 * input counts as given when its value differs from its default.
 */
export function readCredentials(event: GitHubEvent): (registry: string) => CredentialSource {
  const username = text("registry-username");
  const password = text("registry-password");
  const jobToken = text("github-token");
  for (const secret of [password, jobToken]) maskWithDerivedForms(username, secret);
  const given = password !== "" && (password !== jobToken || username !== event.actor);
  const dockerConfig = dockerConfigCredentials({ environment: process.env });
  const registry = packagesHost(event.serverUrl);
  return (target) =>
    credentialOrder({
      ...(given ? { explicit: { kind: "basic", username, password }, explicitFor: target } : {}),
      dockerConfig,
      ...(jobToken === "" ? {} : { jobToken: { registry, username: event.actor, password: jobToken } }),
    });
}

/**
 * The credentials in a pair of inputs without defaults, masked in the log; undefined where both are empty.
 *
 * @throws Error when only one of them is set.
 */
export function givenCredential(usernameInput: string, passwordInput: string): Credential | undefined {
  const username = text(usernameInput);
  const password = text(passwordInput);
  if (username === "" && password === "") return undefined;
  maskWithDerivedForms(username, password);
  if (username !== "" && password !== "") return { kind: "basic", username, password };
  const [set, empty] = password === "" ? [usernameInput, passwordInput] : [passwordInput, usernameInput];
  throw new Error(`Input "${set}" is set, but "${empty}" is empty; set both, or neither.`);
}

/** Masks the credentials of every request, whatever their source: Docker's configuration, a token of a registry. */
export function maskingCredentials(send: Fetch): Fetch {
  const masked = new Set<string>();
  return (input, init) => {
    const [, secret = ""] = authorizationIn(init?.headers)?.split(" ") ?? [];
    if (secret !== "" && !masked.has(secret)) {
      masked.add(secret);
      setSecret(secret);
    }
    return send(input, init);
  };
}

/** Without the platform's `Headers`, which loads Node's own copy of undici: 10 ms of every start. */
function authorizationIn(headers: RequestInit["headers"]): string | undefined {
  const entries = headers === undefined || Symbol.iterator in headers ? headers : Object.entries(headers);
  for (const [name, value] of entries ?? []) if (name?.toLowerCase() === "authorization") return value;
  return undefined;
}

/** Basic authentication sends base64 of `user:password`, which is as secret as the password itself. */
function maskWithDerivedForms(username: string, secret: string): void {
  if (secret === "") return;
  setSecret(secret);
  setSecret(encodeURIComponent(secret));
  setSecret(Buffer.from(`${username}:${secret}`).toString("base64"));
}

/** The container registry that belongs to a GitHub server: `ghcr.io`, or `containers.<host>` of an Enterprise Server. */
export function packagesHost(serverUrl: string): string {
  const { host } = new URL(serverUrl);
  return host === "github.com" ? "ghcr.io" : `containers.${host}`;
}
