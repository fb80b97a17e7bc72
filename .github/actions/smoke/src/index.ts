import { info, notice } from "@actions/core";
import { runAction, text } from "@spin-publisher/action-runtime";
import { describePage } from "./front-page.ts";
import { isOnPath } from "./on-path.ts";
import { fetchFrontPage } from "./run-content.ts";
import { checkImage, requireHealthy } from "./run-image.ts";

await runAction("smoke test", async () => {
  const [content, image, tag] = [text("content"), text("image"), text("tag")];
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    REGISTRY_TOKEN: text("registry-password"),
    GITHUB_ACTOR: text("registry-username"),
  };
  if (content !== "") {
    const page = await fetchFrontPage(content, env);
    info(`${describePage(content, page)}, ${page.seconds.toFixed(1)} s after spin up.`);
  }
  if (image !== "" && !(await isOnPath("docker", env.PATH ?? ""))) {
    notice(`The shim was not run: docker is not on this runner's PATH. ${image}`);
  } else if (image !== "") {
    const check = await checkImage(image, env);
    info(`${describePage(image, check.page)}.`);
    requireHealthy(check, image, tag);
    info(`  healthy, version ${check.version}`);
  }
});
