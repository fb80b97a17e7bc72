import { errorCode, whyUnreadable } from "@spin-publisher/errors";
import type { Digest } from "@spin-publisher/oci";
import type { Content } from "../files/content.ts";
import { ManifestError } from "../manifest/error.ts";
import type { Component, Source } from "../manifest/model.ts";
import { type LocalContext, localModule } from "./local.ts";
import { type ModuleOrigins, remoteModule, withoutQuery } from "./remote.ts";

export interface SourceContext extends ModuleOrigins, LocalContext {
  /** Whether a known version of the application has a layer with this digest. */
  readonly isPublished: (digest: Digest) => Promise<boolean>;
}

/** How errors name a source. The query of an address may hold a signature. */
export function nameOfSource(source: Source): string {
  if (source.kind === "local") return `"${source.path}"`;
  return source.kind === "url" ? withoutQuery(source.url) : source.name;
}

/** The Wasm of a component. @throws ManifestError on the line of its source, saying what is wrong with it. */
export async function resolveSource({ id, source }: Component, context: SourceContext): Promise<Content> {
  try {
    switch (source.kind) {
      case "local":
        return await localModule(source.path, context);
      case "url":
        return await remoteModule(source.url, source.digest, context);
      case "package":
        throw new Error(`its source is the package ${source.name}, which only Spin can fetch`);
    }
  } catch (error) {
    const refused = (reason: string, cause: unknown) =>
      new ManifestError(source.line, `component "${id}" cannot be published: ${reason}`, { cause });
    if (source.kind === "local" && errorCode(error) !== undefined) {
      throw refused(`its source "${source.path}" ${whyUnreadable(error)}`, error);
    }
    if (!(error instanceof Error)) throw error;
    throw refused(error.message.replace(/\.$/, ""), error.cause);
  }
}
