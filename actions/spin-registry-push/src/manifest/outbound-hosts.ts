import { ManifestError } from "./error.ts";
import { parseAddress } from "./host.ts";
import type { Variable } from "./model.ts";
import { parseTemplate, type TemplatePart } from "./templates.ts";

const schemesWithPort = new Set(["http", "https", "redis", "mysql", "postgres", "mqtt"]);

/**
 * Checks `allowed_outbound_hosts`. The runtime parses the same strings again when the application starts, and
 * versions of Spin differ at the edges of the grammar: only what all of them accept passes.
 *
 * An entry with variables is checked with their defaults; where one has none, the value is not known yet.
 *
 * @throws ManifestError naming the entry and what is wrong with it.
 */
export function requireOutboundHosts(
  entries: readonly string[],
  variables: ReadonlyMap<string, Variable>,
  line: number,
): void {
  if (entries.length === 1 && entries[0] === "insecure:allow-all") {
    throw new ManifestError(
      line,
      'allowed_outbound_hosts no longer accepts "insecure:allow-all"; use "*://*:*"',
    );
  }
  for (const entry of entries) {
    const parts = parseTemplate(entry);
    const text = parts && resolved(parts, variables);
    const reason = parts === undefined ? 'a "{{" in it is not closed' : reasonAgainst(text);
    if (reason !== undefined) {
      const shown = text === undefined || text === entry ? "" : ` (with defaults "${text}")`;
      throw new ManifestError(
        line,
        `allowed_outbound_hosts takes scheme://host[:port], such as https://example.com or *://*:*, but in "${entry}"${shown} ${reason}`,
      );
    }
  }
}

/**
 * Whether an entry addresses other components of the application (`<component>.spin.internal`). One with variables does
 * not, whatever their defaults.
 */
export function isServiceChaining(entry: string): boolean {
  if (entry.includes("{{") || reasonAgainst(entry) !== undefined) return false;
  const { host } = splitEntry(entry.trim()) ?? { host: "" };
  const name = URL.parse(`http://${host.replace(/^\*\./, "any.")}`)?.hostname ?? "";
  if (host.startsWith("*.")) return name === "any.spin.internal";
  return name.endsWith(".spin.internal");
}

/** The text with every variable's default, or undefined where one of them is unknown or has none. */
function resolved(
  parts: readonly TemplatePart[],
  variables: ReadonlyMap<string, Variable>,
): string | undefined {
  const texts = parts.map((part) =>
    part.kind === "literal" ? part.text : variables.get(part.name)?.defaultValue,
  );
  return texts.includes(undefined) ? undefined : texts.join("");
}

interface OutboundHost {
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
}

/** Released versions of Spin take what follows the last colon as the port, also in an IPv6 address. */
function splitEntry(text: string): OutboundHost | undefined {
  const [, scheme, rest] = /^(.*?):\/\/(.*)$/s.exec(text) ?? [];
  if (scheme === undefined || rest === undefined) return undefined;
  const colon = rest.lastIndexOf(":");
  const host = colon < 0 ? rest : rest.slice(0, colon);
  const port = colon < 0 ? "" : rest.slice(colon + 1);
  return { scheme, host, port: port.replace(/\/$/, "") };
}

function reasonAgainst(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const split = splitEntry(text.trim());
  if (split === undefined) return "there is no scheme";
  return (
    reasonAgainstPort(split) ?? reasonAgainstScheme(split.scheme) ?? reasonAgainstHost(split.host.trim())
  );
}

function reasonAgainstPort({ scheme, host, port }: OutboundHost): string | undefined {
  if (host.startsWith("[") && !host.endsWith("]")) return "an IPv6 address needs a port after it";
  if (port === "")
    return schemesWithPort.has(scheme)
      ? undefined
      : `the scheme "${scheme}" has no default port, so a port is required`;
  if (port === "*") return undefined;
  if (port.includes("/")) return "there is a path";
  const numbers = port.split("..");
  if (numbers.length > 2) return `"${port}" is not a port`;
  return numbers.every((number) => /^\d{1,5}$/.test(number) && Number(number) <= 65535)
    ? undefined
    : `"${port}" is neither a port, a range such as 8000..9000, nor *`;
}

function reasonAgainstScheme(scheme: string): string | undefined {
  return scheme === "*" || /^\p{Alphabetic}+$/u.test(scheme)
    ? undefined
    : `the scheme "${scheme}" must consist of letters`;
}

function reasonAgainstHost(host: string): string | undefined {
  if (host === "*" || host === "self" || host === "self.alt") return undefined;
  if (isNetwork(host)) return undefined;
  const name = host.replace(/\/$/, "");
  if (name.includes("/")) return "there is a path";
  const wildcard = name.startsWith("*.");
  const domain = wildcard ? name.slice(2) : name;
  if (domain.includes("*")) return "a wildcard is allowed only as the first label of a domain";
  // The URL parser would read these as the end of the host, or drop them.
  const parsed = /[\s\\?#@\p{Cc}]/u.test(domain) ? undefined : parseAddress(`http://${domain}`);
  if (parsed === undefined || parsed.hostname === "" || parsed.port !== "") return `"${host}" is not a host`;
  const address = /^\[|^[\d.]+$/.test(parsed.hostname);
  if (wildcard && (address || domain.split(".").includes(""))) return `"${domain}" is not a domain`;
  return undefined;
}

/** CIDR notation: `10.0.0.0/8`, `fd00::/8`. */
function isNetwork(host: string): boolean {
  const [, address = "", bits] = /^([0-9a-fA-F:.]+)\/(\d{1,3})$/.exec(host) ?? [];
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(address)) {
    return Number(bits) <= 32 && address.split(".").every((byte) => Number(byte) <= 255);
  }
  return address.includes(":") && Number(bits) <= 128 && URL.canParse(`http://[${address}]`);
}
