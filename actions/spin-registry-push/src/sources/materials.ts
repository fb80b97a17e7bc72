import type { Material } from "@spin-publisher/action-runtime";
import { isDigest } from "@spin-publisher/oci";
import type { Application } from "../manifest/model.ts";
import { withoutQuery } from "./remote.ts";

/** What an application is made of that is not in the checkout, for its provenance: modules from addresses, by their digest. */
export function materialsOf({ components }: Application): readonly Material[] {
  return components.flatMap(({ source }): readonly Material[] =>
    source.kind === "url" && isDigest(source.digest)
      ? [{ uri: withoutQuery(source.url), digest: source.digest }]
      : [],
  );
}
