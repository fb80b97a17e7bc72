/** A reference that Spin can reach: Spin does not support mirrors, but can use plain HTTP for a registry on loopback. */
export interface Reachable {
  readonly reference: string;
  readonly registry: string;
  readonly plainHttp: boolean;
}

/**
 * Where Spin finds a published artifact: the registry itself, or the mirror that `ORIGIN_MIRRORS` sets for it.
 *
 * @throws Error when the mirror has a path, which a reference cannot contain.
 */
export function reachable(content: string, mirrors: string): Reachable {
  const [registry = ""] = content.split("/");
  const pair = mirrors.split(/[\s,]+/).find((candidate) => candidate.startsWith(`https://${registry}=`));
  if (pair === undefined) return { reference: content, registry, plainHttp: false };
  const mirror = new URL(pair.slice(pair.indexOf("=") + 1));
  if (mirror.pathname !== "/")
    throw new Error(`A reference cannot name ${registry} below the path of ${mirror}.`);
  return {
    reference: mirror.host + content.slice(registry.length),
    registry: mirror.host,
    plainHttp: mirror.protocol === "http:",
  };
}

/** Docker's configuration with which Spin and Docker authenticate to one registry. */
export function dockerConfig(registry: string, env: NodeJS.ProcessEnv) {
  const { REGISTRY_TOKEN: token = "", GITHUB_ACTOR: actor = "token" } = env;
  if (token === "") return { auths: {} };
  return { auths: { [registry]: { auth: Buffer.from(`${actor}:${token}`).toString("base64") } } };
}
