import { ManifestError } from "./error.ts";
import { parseAddress } from "./host.ts";

/**
 * The outbound hosts that the older `allowed_http_hosts` means: both schemes for every host, with the port unless it
 * is the default one.
 *
 * @throws ManifestError naming every entry that is not a host with an optional port.
 */
export function convertHttpHosts(entries: readonly string[], line: number): readonly string[] {
  if (entries.includes("insecure:allow-all")) return ["http://*:*", "https://*:*", "http://self"];
  const converted: string[] = [];
  const refused: string[] = [];
  for (const entry of entries) {
    const result = hostOf(entry);
    if ("reason" in result) refused.push(`"${entry}" ${result.reason}`);
    else if (result.name === "self") converted.push("http://self");
    else converted.push(`http://${result.host}`, `https://${result.host}`);
  }
  if (refused.length > 0) {
    throw new ManifestError(
      line,
      `allowed_http_hosts takes hosts with an optional port, such as example.com:8080, but ${refused.join(", and ")}`,
    );
  }
  return converted;
}

/** WHATWG's URL parser normalises hosts (lower-case, IDNA, brackets) and drops the scheme's default port. */
function hostOf(
  entry: string,
): { readonly host: string; readonly name: string } | { readonly reason: string } {
  const url = parseAddress(entry.includes("//") ? entry : `http://${entry}`);
  if (url === undefined) return { reason: "is not one" };
  if (url.protocol !== "http:" && url.protocol !== "https:") return { reason: "is not an HTTP address" };
  if (url.hostname === "") return { reason: "has no host name" };
  if (url.pathname.length > 1) return { reason: "has a path" };
  return { host: url.host, name: url.hostname };
}
