// make check-site: front matter, templates and internal links of site/, or of the manifest that is the argument.
import { parseArgs } from "node:util";
import { messageOf } from "@spin-publisher/errors";
import { checkManifest, verdict } from "../.github/actions/check-site/src/check-manifest.ts";

if (import.meta.main) {
  const [manifest = "site/spin.toml"] = parseArgs({ allowPositionals: true }).positionals;
  try {
    const findings = await checkManifest(manifest);
    for (const { file, line, message } of findings ?? []) console.error(`${file}:${line}: ${message}`);
    console.log(verdict(manifest, findings));
    if (findings !== undefined && findings.length > 0) process.exitCode = 1;
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}
