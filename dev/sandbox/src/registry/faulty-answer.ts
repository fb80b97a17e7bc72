import type { Exchange } from "./exchange.ts";
import type { Fault } from "./fault.ts";
import { parseManifest } from "./manifest-document.ts";
import { type Reply, refusal } from "./reply.ts";
import type { Route } from "./route.ts";
import { bytesOf, close, collect } from "./wire.ts";

/** The reply to a request with a fault; undefined where it gets no reply. */
export async function faultyAnswer(
  fault: Fault,
  route: Route,
  exchange: Exchange,
  answer: (route: Route, exchange: Exchange) => Promise<Reply>,
  expireTokens: () => void,
): Promise<Reply | "silence" | "reset"> {
  switch (fault.kind) {
    case "answer":
      return fault.reply;
    case "silence":
      return "silence";
    case "reset":
      if (fault.when === "in-answer") return answer(route, exchange);
      if (fault.when === "after-effect") await close(await answer(route, exchange));
      return "reset";
    case "slow-answer":
      return answer(route, exchange);
    case "tokens-expire":
      expireTokens();
      return answer(route, exchange);
    case "wrong-digest-header":
      return withWrongDigest(await answer(route, exchange));
    case "corrupt-content":
      return corrupted(await answer(route, exchange));
    case "not-yet-visible":
      return hidden(await answer(route, exchange), route);
    case "lost-blob":
      return answer(route, await withoutFirstBlob(route, exchange));
  }
}

function withWrongDigest(reply: Reply): Reply {
  if (reply.headers["docker-content-digest"] === undefined) return reply;
  return { ...reply, headers: { ...reply.headers, "docker-content-digest": `sha256:${"0".repeat(64)}` } };
}

async function corrupted(reply: Reply): Promise<Reply> {
  if (reply.status !== 200 || reply.body === undefined || reply.body.length === 0) return reply;
  const bytes = Uint8Array.from(await bytesOf(reply.body));
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  return { ...reply, body: bytes };
}

async function hidden(reply: Reply, route: Route): Promise<Reply> {
  if (reply.status !== 200) return reply;
  await close(reply);
  return refusal(404, route.kind === "blob" ? "BLOB_UNKNOWN" : "MANIFEST_UNKNOWN", "not known");
}

/** Forgets the first blob the pushed manifest refers to, as a registry may that collects its garbage too early. */
async function withoutFirstBlob(route: Route, exchange: Exchange): Promise<Exchange> {
  const bytes = await collect(exchange.body);
  if (route.kind === "manifest" && exchange.method === "PUT") {
    const [first] = parseManifest(bytes, exchange.headers["content-type"] ?? "").blobs;
    if (first !== undefined) await exchange.store.removeBlob(route.repository, first);
  }
  const body = (async function* () {
    yield bytes;
  })();
  return { ...exchange, body };
}
