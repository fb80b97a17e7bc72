import { type Digest, mediaTypes } from "@spin-publisher/oci";
import type { Exchange } from "./exchange.ts";
import { json, noSuchEndpoint, type Reply, refusal } from "./reply.ts";

/** GET of the tags (distribution-spec end-8): sorted, in pages where `n` asks for them. */
export async function answerTags(exchange: Exchange, repository: string): Promise<Reply> {
  const { method, query, store, persona } = exchange;
  if (method !== "GET" && method !== "HEAD") return refusal(405, "UNSUPPORTED", "tags can be listed");
  const index = await store.index(repository);
  if (index === undefined) return refusal(404, "NAME_UNKNOWN", "there is no such repository");
  if (persona.tagList === "whole")
    return json(200, { name: repository, tags: [...index.tags.keys()].reverse() });
  return page(query, [...index.tags.keys()].sort(), `/v2/${repository}/tags/list`, (tags) => ({
    name: repository,
    tags,
  }));
}

/** GET of the repositories' names. Not in the distribution-spec any more, but tools ask for it. */
export async function answerCatalog({ method, query, store }: Exchange): Promise<Reply> {
  if (method !== "GET" && method !== "HEAD") return refusal(405, "UNSUPPORTED", "repositories can be listed");
  return page(query, await store.repositories(), "/v2/_catalog", (repositories) => ({ repositories }));
}

/** GET of the manifests whose subject is `digest` (distribution-spec end-12). */
export async function answerReferrers(
  { method, query, store, persona }: Exchange,
  repository: string,
  digest: Digest,
): Promise<Reply> {
  if (!persona.referrers) return noSuchEndpoint();
  if (method !== "GET" && method !== "HEAD") return refusal(405, "UNSUPPORTED", "referrers can be listed");
  const wanted = query.get("artifactType");
  const index = await store.index(repository);
  const manifests = [...(index?.manifests.values() ?? [])]
    .filter(({ subject, artifactType }) => subject === digest && (wanted === null || artifactType === wanted))
    .map(({ mediaType, digest, size, artifactType, annotations }) => ({
      mediaType,
      digest,
      size,
      artifactType,
      annotations,
    }));
  return json(
    200,
    { schemaVersion: 2, mediaType: mediaTypes.index, manifests },
    {
      "content-type": mediaTypes.index,
      ...(wanted === null ? {} : { "oci-filters-applied": "artifactType" }),
    },
  );
}

function page(
  query: URLSearchParams,
  all: readonly string[],
  path: string,
  document: (names: readonly string[]) => object,
): Reply {
  const last = query.get("last");
  const rest = last === null ? all : all.filter((name) => name > last);
  const asked = query.get("n");
  if (asked === null) return json(200, document(rest));
  if (!/^\d{1,9}$/.test(asked)) {
    return refusal(400, "PAGINATION_NUMBER_INVALID", `n is not a number: "${asked}"`);
  }
  const names = rest.slice(0, Number(asked));
  const end = names.at(-1);
  const more = end !== undefined && names.length < rest.length;
  const link = more ? { link: `<${path}?n=${asked}&last=${encodeURIComponent(end)}>; rel="next"` } : {};
  return json(200, document(names), link);
}
