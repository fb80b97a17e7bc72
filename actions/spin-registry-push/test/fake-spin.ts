import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { project } from "./project.ts";

/**
 * A folder for PATH with a `spin` that pushes as the real one does: everything in pieces, files in the order in which
 * they happen to lie on disk, with the current time. What it makes of an application is given as the locked application
 * and the modules; how a real `spin` behaves is checked by dev/interop/spin.ts.
 */
export async function fakeSpin(options: {
  readonly lockedApp: string;
  readonly modules: readonly Uint8Array[];
  /** What it says on stderr before it fails. */
  readonly failure?: string;
}): Promise<string> {
  const folder = await project({
    "locked-app.json": options.lockedApp,
    "options.json": JSON.stringify({
      modules: options.modules.map((bytes) => Buffer.from(bytes).toString("base64")),
      failure: options.failure ?? "",
    }),
  });
  await writeFile(join(folder, "spin"), `#!${process.execPath}\n${script}`);
  await chmod(join(folder, "spin"), 0o755);
  return folder;
}

const script = `
const { createHash } = require("node:crypto");
const { readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

const args = process.argv.slice(2);
if (args[0] === "--version") {
  console.log("spin 4.0.2 (1234567 2026-06-23)");
  process.exit(0);
}
writeFileSync(join(__dirname, "call.json"), JSON.stringify({ args, env: process.env, folder: process.cwd() }));
const { modules, failure } = JSON.parse(readFileSync(join(__dirname, "options.json"), "utf8"));
if (failure !== "") {
  console.error(failure);
  process.exit(1);
}
const reference = args.at(-1);
const slash = reference.indexOf("/");
const repository = "http://" + reference.slice(0, slash) + "/v2/" + reference.slice(slash + 1).replace(/:[^:]*$/, "") + "/";
const digestOf = (bytes) => "sha256:" + createHash("sha256").update(bytes).digest("hex");

async function expectStatus(response, status) {
  if (response.status !== status) throw new Error(response.url + " answered " + response.status);
  return response;
}

async function upload(bytes, mediaType) {
  const opened = await expectStatus(await fetch(repository + "blobs/uploads/", { method: "POST" }), 202);
  let location = new URL(opened.headers.get("location"), repository);
  for (let start = 0; start < bytes.length; start += 1000) {
    const body = bytes.subarray(start, start + 1000);
    const headers = { "content-range": start + "-" + (start + body.length - 1) };
    const sent = await expectStatus(await fetch(location, { method: "PATCH", body, headers }), 202);
    location = new URL(sent.headers.get("location"), repository);
  }
  location.searchParams.set("digest", digestOf(bytes));
  await expectStatus(await fetch(location, { method: "PUT" }), 201);
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

(async () => {
  await expectStatus(await fetch(new URL("/v2/", repository)), 200);
  const wasm = "application/vnd.wasm.content.layer.v1+wasm";
  const layers = [];
  for (const module of modules) layers.push(await upload(Buffer.from(module, "base64"), wasm));
  layers.push(await upload(readFileSync(join(__dirname, "locked-app.json")), "application/vnd.fermyon.spin.application.v1+config"));
  const config = await upload(Buffer.from("{}"), "application/vnd.oci.image.config.v1+json");
  const annotations = { "org.opencontainers.image.created": new Date().toISOString() };
  const body = JSON.stringify({ annotations, config, layers, schemaVersion: 2 });
  const headers = { "content-type": "application/vnd.oci.image.manifest.v1+json" };
  await expectStatus(await fetch(repository + "manifests/content", { method: "PUT", body, headers }), 201);
  console.log("Pushed with digest " + digestOf(body));
})();
`;
