import {
  type Annotations,
  formatReference,
  isDigest,
  parseReference,
  type Reference,
  type Repository,
} from "@spin-publisher/oci";
import { meets, parseVersionRequest, type VersionRequest } from "@spin-publisher/spin-release";
import { annotationKeys } from "../spec/annotations.ts";
import { requireNoScheme } from "../spec/scheme.ts";

/** Where the project publishes Spin as an image. */
const officialRepository: Repository = { registry: "ghcr.io", name: "spinframework/spin" };

/** The base that the inputs `base-image` and `spin-version` name. */
export type RequestedBase =
  | { readonly kind: "official"; readonly spin: VersionRequest }
  | { readonly kind: "image"; readonly reference: Reference }
  | { readonly kind: "scratch"; readonly spin: VersionRequest };

/** @throws Error when either is malformed, or the image has neither tag nor digest. */
export function parseBase(baseImage: string, spinVersion: string): RequestedBase {
  const spin = parseVersionRequest(spinVersion);
  if (baseImage === "") return { kind: "official", spin };
  if (baseImage === "scratch") return { kind: "scratch", spin };
  requireNoScheme("base-image", baseImage);
  if (spin.kind !== "latest") {
    throw new Error(
      `Inputs "spin-version" and "base-image" contradict each other: the base image "${baseImage}" has its own Spin; omit one of them.`,
    );
  }
  const reference = parseReference(baseImage);
  if (reference.tag === undefined && reference.digest === undefined) {
    throw new Error(
      `Input "base-image" must have a tag or a digest, but it is "${baseImage}"; write ${baseImage}:<tag> or ${baseImage}@sha256:….`,
    );
  }
  return { kind: "image", reference };
}

/** The official image of a release such as `4.0.2`: Spin's static binary, certificates and a passwd file; no shell. */
export function officialImage(version: string): Reference {
  return { ...officialRepository, tag: `v${version}-distroless` };
}

/**
 * The base that an existing shim was built on, by digest, if the inputs still ask for it: a shim is rebuilt on the
 * base it has, even when newer ones have appeared. Undefined where the inputs ask for another.
 *
 * @param annotations of the shim's index.
 */
export function recordedBase(
  annotations: Annotations | undefined,
  wanted: Exclude<RequestedBase, { kind: "scratch" }>,
): Reference | undefined {
  const name = annotations?.[annotationKeys.baseName];
  const digest = annotations?.[annotationKeys.baseDigest];
  if (name === undefined || digest === undefined || !isDigest(digest)) return undefined;
  const reference =
    wanted.kind === "image" ? sameImage(name, wanted.reference) : officialRelease(name, wanted.spin);
  return reference === undefined ? undefined : { ...reference, digest };
}

function sameImage(name: string, wanted: Reference): Reference | undefined {
  return wanted.digest === undefined && name === formatReference(wanted) ? wanted : undefined;
}

function officialRelease(name: string, wanted: VersionRequest): Reference | undefined {
  const version = officialVersion(name);
  return version !== undefined && meets(version, wanted) ? officialImage(version) : undefined;
}

/** The release of an official image by its name, with or without a digest; undefined for any other image. */
export function officialVersion(name: string): string | undefined {
  const [, tagged = "", version = ""] = /^(.+:v(.+)-distroless)(?:@.*)?$/.exec(name) ?? [];
  return tagged !== "" && tagged === formatReference(officialImage(version)) ? version : undefined;
}
