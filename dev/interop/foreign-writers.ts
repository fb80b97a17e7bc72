import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startRegistry } from "@spin-publisher/sandbox";
import { type Checks, requireEqual } from "./checks.ts";
import { run, textOf } from "./commands.ts";
import { isTool, type Obtained, type Tool } from "./tool.ts";

/**
 * Has third-party clients write to the sandbox's registry over TLS and HTTP/2, and read back what they wrote.
 *
 * @param source `host/repository:tag` of an index, served without TLS.
 * @param folder an empty folder.
 */
export async function checkForeignWriters(
  checks: Checks,
  source: string,
  clients: { readonly skopeo: Obtained; readonly crane: Obtained },
  folder: string,
): Promise<void> {
  const registry = await startRegistry({ protocol: "h2" });
  const certificates = join(folder, "certificates");
  await mkdir(certificates, { recursive: true });
  const authority = join(certificates, "ca.crt");
  await writeFile(authority, registry.certificate ?? "");
  try {
    const judged = async (tool: Obtained, work: (tool: Tool) => Promise<string>) => {
      const subject = "sandbox registry, TLS and HTTP/2";
      const check = "an index and its images, written and read";
      if (isTool(tool)) await checks.check(subject, check, tool.name, () => work(tool));
      else checks.cannot(subject, check, tool.name, tool.because);
    };
    await judged(clients.crane, async ({ path }) => {
      const env = { SSL_CERT_FILE: authority };
      const target = `${registry.host}/by/crane:1`;
      const digest = await textOf(path, ["digest", source]);
      await run(path, ["copy", source, target], { env });
      requireEqual("the digest", await textOf(path, ["digest", target], { env }), digest);
      await run(path, ["validate", "--remote", target], { env });
      return digest;
    });
    await judged(clients.skopeo, async ({ path }) => {
      const target = `docker://${registry.host}/by/skopeo:1`;
      const plain = ["--all", "--preserve-digests", "--src-tls-verify=false"];
      await run(path, ["copy", ...plain, `--dest-cert-dir=${certificates}`, `docker://${source}`, target]);
      const wanted = await run(path, ["inspect", "--raw", "--tls-verify=false", `docker://${source}`]);
      const seen = await run(path, ["inspect", "--raw", `--cert-dir=${certificates}`, target]);
      requireEqual("the manifest", seen.toString(), wanted.toString());
      return `${seen.length} bytes of index`;
    });
  } finally {
    await registry.close();
  }
}
