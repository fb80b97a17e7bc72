import { error, info } from "@actions/core";
import { requiredText, runAction } from "@spin-publisher/action-runtime";
import { checkManifest, verdict } from "./check-manifest.ts";

await runAction("check of the site", async () => {
  const manifest = requiredText("manifest");
  const findings = await checkManifest(manifest);
  for (const { file, line, message } of findings ?? []) error(message, { file, startLine: line });
  const said = verdict(manifest, findings);
  if (findings !== undefined && findings.length > 0) throw new Error(said);
  info(said);
});
