import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Digest, digestOf, isDigest } from "@spin-publisher/oci";

/** What was pushed to a sink. */
export interface Pushed {
  readonly manifest: Uint8Array;
  /** @throws Error when it was not pushed. */
  blob(digest: string): Uint8Array;
}

/** As much of a registry as one push needs (distribution-spec §Push), in memory, on loopback, for one program. */
export interface Sink {
  /** Where to push: `127.0.0.1:PORT/<unguessable>/app:content`. */
  readonly reference: string;
  /** @throws Error when no manifest arrived. */
  pushed(): Pushed;
  close(): Promise<void>;
}

/** Spin sends pieces of 4 MiB; a whole blob above this is no module. */
const largestBody = 1 << 30;

export async function startSink(): Promise<Sink> {
  // Whoever else is on this machine does not know where to push.
  const repository = `${randomBytes(16).toString("hex")}/app`;
  const blobs = new Map<Digest, Uint8Array>();
  const uploads = new Map<string, Uint8Array[]>();
  let manifest: Uint8Array | undefined;

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://sink");
    if (pathname === "/v2/" || pathname === "/v2") return { status: 200 };
    const prefix = `/v2/${repository}/`;
    if (!pathname.startsWith(prefix)) return { status: 404 };
    const path = pathname.slice(prefix.length);
    const method = request.method ?? "GET";
    if (method === "POST" && path === "blobs/uploads/") {
      const id = randomBytes(8).toString("hex");
      uploads.set(id, []);
      return { status: 202, headers: { location: `${prefix}blobs/uploads/${id}`, range: "0-0" } };
    }
    const upload = uploads.get(path.replace("blobs/uploads/", ""));
    if (upload !== undefined && (method === "PATCH" || method === "PUT")) {
      upload.push(await bodyOf(request));
      return method === "PATCH"
        ? { status: 202, headers: { location: pathname, range: `0-${sizeOf(upload) - 1}` } }
        : finish(Buffer.concat(upload), searchParams.get("digest") ?? "");
    }
    if (method === "HEAD" && isHeld(path)) return { status: 200 };
    if (method === "PUT" && path.startsWith("manifests/")) {
      manifest = await bodyOf(request);
      const digest = digestOf(manifest);
      return {
        status: 201,
        headers: { location: `${prefix}manifests/${digest}`, "docker-content-digest": digest },
      };
    }
    return { status: 404 };
  };

  const finish = (content: Uint8Array, digest: string): Answer => {
    if (!isDigest(digest) || digestOf(content) !== digest) return { status: 400 };
    blobs.set(digest, content);
    return {
      status: 201,
      headers: { location: `/v2/${repository}/blobs/${digest}`, "docker-content-digest": digest },
    };
  };

  const isHeld = (path: string) => {
    const digest = path.replace("blobs/", "");
    return isDigest(digest) && blobs.has(digest);
  };

  const server = createServer((request, response) => {
    answer(request).then(
      ({ status, headers }) => reply(response, status, headers),
      () => response.destroy(),
    );
  });
  await new Promise<void>((listening, failed) => {
    server.once("error", failed);
    server.listen(0, "127.0.0.1", listening);
  });
  const { port } = server.address() as AddressInfo;
  return {
    reference: `127.0.0.1:${port}/${repository}:content`,
    pushed: () => {
      if (manifest === undefined)
        throw new Error("Spin said that it pushed the application, but nothing arrived.");
      return {
        manifest,
        blob: (digest) => {
          const content = isDigest(digest) ? blobs.get(digest) : undefined;
          if (content === undefined)
            throw new Error(`Spin's manifest names ${digest}, which it did not push.`);
          return content;
        },
      };
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

function reply(response: ServerResponse, status: number, headers: Answer["headers"] = {}): void {
  response.writeHead(status, { ...headers, "content-length": "0" });
  response.end();
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > largestBody) throw new Error("The body is too large.");
  }
  return Buffer.concat(chunks);
}

function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}
