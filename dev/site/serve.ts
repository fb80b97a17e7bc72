import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { siteRenderer } from "./render.ts";

const types: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webp": "image/webp",
};

/** Serves a site on a free port of this machine, its static files included. */
export async function serveRendered(folder: string) {
  const render = siteRenderer(folder);
  const server = createServer(({ url = "/", headers: { host = "localhost" } }, response) => {
    const path = decodeURIComponent(new URL(url, "http://localhost").pathname);
    if (!path.startsWith("/static/")) {
      const answer = render(path, { headers: { "spin-full-url": `http://${host}${path}` } });
      response.writeHead(answer.status, { "content-type": answer.contentType }).end(answer.body);
      return;
    }
    try {
      const file = readFileSync(join(folder, normalize(path)));
      response
        .writeHead(200, { "content-type": types[extname(path)] ?? "application/octet-stream" })
        .end(file);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, close: () => server.close() };
}
