import type { Annotations } from "@spin-publisher/oci";
import type { Application } from "../manifest/model.ts";

const prefix = "org.opencontainers.image";

/** What is annotated beyond what the manifest says. */
export interface AnnotationContext {
  /** Address of the repository; registries link the package to it. */
  readonly repositoryUrl?: string;
  /** `SOURCE_DATE_EPOCH` in seconds. Without it no time is published: a digest must not depend on the clock. */
  readonly sourceDateEpoch?: number;
  /** The version that the artifact's tag releases: what moves `latest` reads it, so it goes over the manifest's own. */
  readonly releasedVersion?: string;
  /** As given by the user; these win. */
  readonly explicit: Annotations;
}

/** The annotations of an artifact: those that Spin infers from the manifest, ours, and the user's. */
export function annotationsOf(
  application: Pick<Application, "name" | "version" | "description" | "authors">,
  { repositoryUrl, sourceDateEpoch, releasedVersion, explicit }: AnnotationContext,
): Annotations {
  const { name, version, description, authors } = application;
  const inferred = {
    [`${prefix}.authors`]: authors.join(", "),
    [`${prefix}.created`]: sourceDateEpoch === undefined ? "" : timeOf(sourceDateEpoch),
    [`${prefix}.description`]: description,
    [`${prefix}.source`]: repositoryUrl ?? "",
    [`${prefix}.title`]: name,
    [`${prefix}.version`]: releasedVersion ?? version,
  };
  const said = Object.entries(inferred).filter(([, text]) => text !== "");
  return { ...Object.fromEntries(said), ...explicit };
}

/** RFC 3339, spelled as Spin does. */
function timeOf(epoch: number): string {
  return new Date(epoch * 1000).toISOString().replace(/\.000Z$/, "+00:00");
}
