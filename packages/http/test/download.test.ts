import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { createFetch, downloadBytes, downloadFile } from "../src/index.ts";
import { answer, atTheEnd, jumpingClock, serve, serveInTurn } from "./servers.ts";

const content = "x".repeat(200_000);
const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
const retry = jumpingClock();
const options = { fetch: createFetch({ mirrors: [], retry }), retry, limit: 1 << 20 };

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "download-"));
  atTheEnd(() => rm(path, { recursive: true }));
  return path;
}

describe("a download", () => {
  test("appears when it is complete and matches its digest", async () => {
    const { origin } = await serveInTurn(answer(200, content));
    const path = join(await folder(), "file");
    expect(await downloadFile(origin, path, { ...options, digest })).toEqual({ size: 200_000, digest });
    expect(await readFile(path, "utf8")).toBe(content);
  });

  test("starts again when it ends early", async () => {
    const { origin, requests } = await serveInTurn(
      (request, response) => {
        response.writeHead(200, { "content-length": String(content.length) }).write(content.slice(0, 1000));
        setTimeout(() => request.socket.destroy(), 5);
      },
      answer(200, content),
    );
    const said: string[] = [];
    const { bytes } = await downloadBytes(origin, {
      ...options,
      digest,
      onRetry: ({ because }) => said.push(because),
    });
    expect(Buffer.from(bytes).toString()).toBe(content);
    expect(requests).toHaveLength(2);
    expect(said).toEqual([expect.stringContaining("stopped after 1000 bytes")]);
  });

  test("starts again when it does not match its digest, and is then refused", async () => {
    const { origin, requests } = await serveInTurn(answer(200, "other"));
    const path = join(await folder(), "file");
    await expect(downloadFile(`${origin}/a`, path, { ...options, digest })).rejects.toThrow(
      `${origin}/a sent unexpected content: its digest is sha256:`,
    );
    expect(requests).toHaveLength(3);
    expect(await readdir(join(path, ".."))).toEqual([]);
  });

  test("that ends early every time leaves nothing behind", async () => {
    const server = await serveInTurn((_request, response) => {
      response.writeHead(200, { "content-length": "1000" }).write("begun");
      setImmediate(() => response.destroy());
    });
    const path = join(await folder(), "file");
    await expect(downloadFile(`${server.origin}/a`, path, options)).rejects.toThrow("stopped after");
    expect(await readdir(join(path, ".."))).toEqual([]);
  });

  test("that never ends is stopped at the limit and leaves nothing behind", async () => {
    const origin = await serve((_request, response) => {
      const more = () => {
        while (response.write("x".repeat(1 << 16)));
      };
      response.on("drain", more);
      more();
    });
    const path = join(await folder(), "file");
    await expect(downloadFile(origin, path, options)).rejects.toThrow("sends more than the 1048576 bytes");
    expect(await readdir(join(path, ".."))).toEqual([]);
  });

  test.each([
    [404, "does not exist (404). Correct the URL."],
    [403, "answered 403. Check that it can be reached from this machine."],
  ])("answered with %d is refused at once", async (status, message) => {
    const { origin, requests } = await serveInTurn(answer(status, "page"));
    await expect(downloadBytes(`${origin}/a?token=secret`, options)).rejects.toThrow(
      `${origin}/a ${message}`,
    );
    expect(requests).toHaveLength(1);
  });
});
