// Reads random and damaged manifests, 100,000 by default:
//   node dev/interop/fuzz-manifest.ts [number] [seed]
// Each must quickly become an application or a clear refusal, and its files must not lead out of the application.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { parse } from "smol-toml";
import { checkManifest } from "../../actions/spin-registry-push/test/check-manifest.ts";
import {
  checkFiles,
  hostileApplication,
  hostileFiles,
} from "../../actions/spin-registry-push/test/random-files.ts";
import { brokenManifest, validManifest } from "../../actions/spin-registry-push/test/random-manifest.ts";

const total = Number(process.argv[2] ?? 100_000);
const seed = Number(process.argv[3] ?? 1);
const batch = 1000;
const referee = (text: string) => parse(text, { integersAsBigInt: true });
const tally = { accepted: 0, refused: 0 };
const scratch = await mkdtemp(join(tmpdir(), "fuzz-"));
const folder = await hostileApplication(scratch);
try {
  for (let done = 0; done < total; done += batch) {
    const numRuns = Math.min(batch, total - done);
    const sample = { seed: seed + done, numRuns };
    for (const manifest of fc.sample(fc.oneof(validManifest, brokenManifest, brokenManifest), sample)) {
      tally[checkManifest(manifest, referee)] += 1;
    }
    for (const files of fc.sample(hostileFiles, { ...sample, numRuns: Math.ceil(numRuns / 10) }))
      await checkFiles(folder, files);
    if (done % 10_000 === 0) console.log(`${done + numRuns} of ${total}`);
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
console.log(
  `${total} manifests: ${tally.accepted} accepted, ${tally.refused} refused, none crashed, hung or escaped.`,
);
