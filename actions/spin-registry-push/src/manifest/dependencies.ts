import { ManifestError } from "./error.ts";
import { asFlag, asText, type Decoder, fieldsOf, listOf, mapOf, unexpected } from "./fields.ts";
import { reasonAgainstKebab } from "./identifiers.ts";
import type { Dependency } from "./model.ts";
import { asPublicUrl, requireSha256 } from "./source.ts";

/** `ns:package[/interface][@version]`. */
interface PackageName {
  readonly package: string;
  readonly interface: string | undefined;
  readonly version: string | undefined;
}

/**
 * The dependencies of a component. Spin composes them; the checks here are Spin's own, so that a
 * manifest fails the same way with either engine.
 */
export const asDependencies: Decoder<ReadonlyMap<string, Dependency>> = (value, what) => {
  const dependencies = mapOf(asDependency)(value, what);
  const packages: (PackageName & { readonly name: string })[] = [];
  for (const [name, dependency] of dependencies) {
    const parsed = parseName(name, dependency.line);
    requireAgreement(name, parsed, dependency);
    if (parsed === undefined) continue;
    const rival = packages.find((other) => !areDisjoint(parsed, other));
    if (rival !== undefined) {
      throw new ManifestError(
        dependency.line,
        `the dependencies "${rival.name}" and "${name}" are for the same package; they need different interfaces or incompatible versions`,
      );
    }
    packages.push({ ...parsed, name });
  }
  return dependencies;
};

const asDependency: Decoder<Dependency> = (value, what) => {
  const { line } = value;
  if (value.kind === "string") return { kind: "version", line, inheritsConfiguration: false };
  if (value.kind !== "table") throw unexpected(value, what, "a version or a table");
  const has = (name: string) => value.entries.has(name);
  const common = ["export", "inherit_configuration"];
  const [kind, own]: [Dependency["kind"], readonly string[]] = has("version")
    ? ["package", ["version", "registry", "package"]]
    : has("path")
      ? ["local", ["path"]]
      : has("url")
        ? ["url", ["url", "digest"]]
        : ["component", ["component"]];
  const fields = fieldsOf(value, what, [...own, ...common]);
  for (const name of own) {
    if (name !== "registry" && name !== "package")
      fields.required(name, name === "url" ? asPublicUrl : asText);
  }
  if (kind === "url") requireSha256(fields.required("digest", asText), line, what);
  fields.optional("registry", asText);
  const component = fields.optional("component", asText);
  const packageName = fields.optional("package", asText);
  const exported = fields.optional("export", asText);
  return {
    kind,
    line,
    inheritsConfiguration: fields.optional("inherit_configuration", asInheritance) !== undefined,
    ...(component === undefined ? {} : { component }),
    ...(packageName === undefined ? {} : { package: packageName }),
    ...(exported === undefined ? {} : { export: exported }),
  };
};

/** All of the component's configuration, none of it, or the named parts. */
const asInheritance: Decoder<boolean | readonly string[]> = (value, what) =>
  value.kind === "boolean" ? asFlag(value, what) : listOf(asText)(value, what);

/** The package that a name stands for; undefined for a plain name such as `foo-bar`. */
function parseName(name: string, line: number): PackageName | undefined {
  if (!/[:/]/.test(name)) {
    const reason = reasonAgainstKebab(name);
    if (reason === undefined) return undefined;
    throw new ManifestError(line, `"${name}" is not a valid dependency name: ${reason}`);
  }
  const [, namespace = "", packageName = "", itf, version] =
    /^([^:/@]*):([^:/@]*)(?:\/([^:/@]*))?(?:@(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]*)?))?$/.exec(name) ?? [];
  const words = itf === undefined ? [namespace, packageName] : [namespace, packageName, itf];
  if (words.every((word) => reasonAgainstKebab(word) === undefined)) {
    return { package: `${namespace}:${packageName}`, interface: itf, version };
  }
  throw new ManifestError(
    line,
    `"${name}" is not a valid dependency name: it must look like my-name or namespace:package/interface@1.0.0`,
  );
}

function requireAgreement(name: string, parsed: PackageName | undefined, dependency: Dependency): void {
  if (parsed === undefined) {
    const fromRegistry = dependency.kind === "version" || dependency.kind === "package";
    if (fromRegistry && dependency.package === undefined) {
      throw new ManifestError(
        dependency.line,
        `the dependency "${name}" must name its package: ${name} = { version = "…", package = "namespace:name" }`,
      );
    }
  } else if (
    parsed.interface === undefined &&
    dependency.export !== undefined &&
    (dependency.kind === "package" || dependency.kind === "local")
  ) {
    throw new ManifestError(
      dependency.line,
      `the dependency "${name}" is a whole package and so cannot have an export; name an interface of it`,
    );
  }
}

function areDisjoint(left: PackageName, right: PackageName): boolean {
  if (left.package !== right.package) return true;
  const versions = left.version !== undefined && right.version !== undefined;
  if (versions && compatibilityOf(left.version) !== compatibilityOf(right.version)) return true;
  return left.interface !== undefined && right.interface !== undefined && left.interface !== right.interface;
}

/** The part of a version that SemVer-compatible versions share: 1.2.3 → 1, 0.2.3 → 0.2, 0.0.3 and 1.0.0-rc1 → all. */
function compatibilityOf(version: string): string {
  const [release = ""] = version.split("+");
  const [major, minor] = release.split(".");
  if (release.includes("-")) return release;
  if (major !== "0") return `${major}`;
  return minor === "0" ? release : `${major}.${minor}`;
}
