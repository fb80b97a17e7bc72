import type { Gate } from "./authentication.ts";
import { answerBlob } from "./blobs.ts";
import type { Exchange } from "./exchange.ts";
import { answerCatalog, answerReferrers, answerTags } from "./listings.ts";
import { answerManifest } from "./manifests.ts";
import type { Puller } from "./pull-through.ts";
import { json, type Reply, refusal } from "./reply.ts";
import type { Route } from "./route.ts";
import type { Uploads } from "./uploads.ts";

export interface Registry {
  readonly gate: Gate;
  readonly uploads: Uploads;
  readonly pullThrough: Puller;
  readonly readOnly: boolean;
}

/** What the registry does about a request: first who sent it, then whether it may write here, then the work. */
export async function answer(registry: Registry, route: Route, exchange: Exchange): Promise<Reply> {
  const { gate, uploads, pullThrough, readOnly } = registry;
  if (route.kind === "token") return gate.token(exchange);
  const denied = gate.check(route, exchange);
  if (denied !== undefined) return denied;
  if (route.kind === "api-version") return json(200, {});
  if (route.kind === "catalog") return answerCatalog(exchange);
  const reads = exchange.method === "GET" || exchange.method === "HEAD";
  const copied = pullThrough.covers(route.repository);
  if (!reads && (readOnly || copied)) return refusal(405, "UNSUPPORTED", "this repository is read-only");
  if (copied) {
    const failed = await pullThrough.bring(route);
    if (failed !== undefined) return failed;
  }
  switch (route.kind) {
    case "blob":
      return answerBlob(exchange, route.repository, route.digest);
    case "upload-start":
      return uploads.start(exchange, route.repository);
    case "upload":
      return uploads.proceed(exchange, route);
    case "manifest":
      return answerManifest(exchange, route.repository, route.reference);
    case "tags":
      return answerTags(exchange, route.repository);
    case "referrers":
      return answerReferrers(exchange, route.repository, route.digest);
  }
}
