// A registry in a process of its own that takes whatever it is sent and keeps nothing: node sink.ts prints its host.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const stored = new Set<string>();
const server = createServer((request, response) => {
  const { method, url = "" } = request;
  const digest = /sha256(?::|%3A)([0-9a-f]{64})/.exec(url)?.[1] ?? url;
  request.resume().on("end", () => {
    if (method === "POST") response.writeHead(202, { location: "/v2/o/site/blobs/uploads/1" });
    else if (method === "PUT") {
      stored.add(digest);
      response.writeHead(201, { "docker-content-digest": `sha256:${digest}` });
    } else
      response.writeHead(method === "HEAD" && stored.has(digest) && !url.includes("/manifests/") ? 200 : 404);
    response.end();
  });
});
server.listen(0, "127.0.0.1", () => console.log(`127.0.0.1:${(server.address() as AddressInfo).port}`));
