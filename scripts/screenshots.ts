// Looks at the site in Chromium and takes the pictures of docs/images and site/static/social.png. Not part of make test:
//   apt-get install chromium && node --run screenshots
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { JsonObject } from "@spin-publisher/json";
import { parse } from "smol-toml";
import type { Report } from "../.github/actions/page/src/report.ts";
import { type Browser, startChromium } from "../dev/site/chromium.ts";
import { audit, observeShift } from "../dev/site/page-audit.ts";
import { jobSummary, socialPicture } from "../dev/site/pictures.ts";
import { serveRendered } from "../dev/site/serve.ts";

const root = join(import.meta.dirname, "..");
const site = join(root, "site");
const images = join(root, "docs/images");
const pages = ["/", "/start", "/how-it-works", "/about", "/blog", "/blog/what-a-tag-may-mean", "/nowhere"];

interface View {
  readonly width: number;
  readonly height: number;
  readonly dark?: boolean;
}

async function open(browser: Browser, url: string, { width, height, dark = false }: View): Promise<void> {
  await browser.send("Emulation.setDeviceMetricsOverride", {
    ...{ width, height, deviceScaleFactor: 1, mobile: width < 500 },
  });
  await browser.send("Emulation.setEmulatedMedia", {
    features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }],
  });
  const loads = () => browser.events.filter(({ method }) => method === "Page.loadEventFired").length;
  const before = loads();
  await browser.send("Page.navigate", { url });
  while (loads() === before) await new Promise((resolve) => setTimeout(resolve, 20));
  await new Promise((resolve) => setTimeout(resolve, 150));
}

async function evaluate(browser: Browser, expression: string): Promise<unknown> {
  const { result } = await browser.send("Runtime.evaluate", { expression, returnByValue: true });
  return (result as JsonObject).value;
}

async function picture(browser: Browser, file: string, format: JsonObject): Promise<void> {
  const { data } = await browser.send("Page.captureScreenshot", format);
  const content = Buffer.from(String(data), "base64");
  writeFileSync(file, content);
  console.log(`${file.slice(root.length + 1)}: ${(content.length / 1024).toFixed(1)} KiB`);
  if (content.length > 60 * 1024) throw new Error(`${file} is larger than 60 KiB.`);
}

/** Tab through a page: what has the focus each time, and whether an outline shows it. */
async function keyboard(browser: Browser): Promise<readonly string[]> {
  const seen: string[] = [];
  for (let step = 0; step < 8; step++) {
    for (const type of ["keyDown", "keyUp"])
      await browser.send("Input.dispatchKeyEvent", {
        type,
        key: "Tab",
        code: "Tab",
        windowsVirtualKeyCode: 9,
      });
    seen.push(
      String(
        await evaluate(
          browser,
          `(() => { const at = document.activeElement; const { outlineStyle, outlineWidth } = getComputedStyle(at);
            return at.textContent.trim().slice(0, 24) + (outlineStyle === "none" || outlineWidth === "0px" ? " WITHOUT OUTLINE" : ""); })()`,
        ),
      ),
    );
  }
  return seen;
}

const webp = { format: "webp", quality: 70 };
const info = parse(readFileSync(join(site, "config/site.toml"), "utf8"));
const held = new Map<string, string>();
const pictures = createServer(({ url = "" }, response) => {
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(held.get(url) ?? "");
});
await new Promise<void>((resolve) => pictures.listen(0, "127.0.0.1", resolve));
const own = `http://127.0.0.1:${(pictures.address() as AddressInfo).port}`;
const browser = await startChromium(process.env.CHROMIUM || "chromium");
const server = await serveRendered(site);
let mistakes = 0;
try {
  mkdirSync(images, { recursive: true });
  held.set(
    "/social",
    socialPicture(
      String(info.title),
      String(info.about),
      readFileSync(join(site, "static/mark.svg"), "utf8"),
    ),
  );
  await open(browser, `${own}/social`, { width: 1200, height: 630 });
  await picture(browser, join(site, "static/social.png"), { format: "png" });
  const artifact = (
    kind: Report["kind"],
    repository: string,
    digest: string,
    size: number,
    commands: readonly string[],
  ): Report => ({
    kind,
    ...{ reference: `ghcr.io/octo-org/${repository}:0.1.2@sha256:${digest.repeat(8)}`, tag: "0.1.2" },
    ...{ digest: `sha256:${digest.repeat(8)}`, changed: true, dryRun: false, wouldBeRefused: false },
    ...{
      uploadedBytes: size,
      differences: kind === "content" ? ["changed: content/index.md"] : [],
      commands,
    },
    page: `https://github.com/octo-org/site/pkgs/container/${encodeURIComponent(repository)}`,
  });
  held.set(
    "/summary",
    jobSummary([
      artifact("content", "site/content", "e0347eb9", 51_712, [
        "spin up --from-registry ghcr.io/octo-org/site/content:0.1.2",
      ]),
      artifact("shim", "site", "b33ad7e3", 12_800, [
        "docker run --read-only --tmpfs /tmp --publish 3000:3000 ghcr.io/octo-org/site:0.1.2",
      ]),
    ]),
  );
  await open(browser, `${own}/summary`, { width: 900, height: 350 });
  await picture(browser, join(images, "job-summary.webp"), webp);

  await browser.send("Page.addScriptToEvaluateOnNewDocument", { source: observeShift });
  for (const dark of [false, true])
    for (const [width, height] of [
      [390, 844],
      [1280, 800],
    ] as const)
      for (const path of pages) {
        await open(browser, `${server.origin}${path}`, { width, height, dark });
        const found = (await evaluate(browser, audit)) as Readonly<Record<string, unknown>>;
        const { scrolls, low, wide, images: broken, shift } = found;
        const bad =
          scrolls === true || [low, wide, broken].some((list) => Array.isArray(list) && list.length > 0);
        if (bad || shift !== 0) mistakes++;
        console.log(
          `${bad || shift !== 0 ? "look" : "ok  "} ${path} at ${width}${dark ? ", dark" : ""}${bad || shift !== 0 ? ` ${JSON.stringify(found)}` : ""}`,
        );
        const name = { "/": "home", "/blog/what-a-tag-may-mean": "post" }[path];
        if (name !== undefined && !dark) await picture(browser, join(images, `${name}-${width}.webp`), webp);
        else if (name !== undefined && process.env.DARK)
          await picture(browser, join(process.env.DARK, `${name}-${width}-dark.webp`), webp);
      }
  await open(browser, server.origin, { width: 1280, height: 800 });
  console.log(`keyboard: ${(await keyboard(browser)).join(" → ")}`);
  const said = browser.events.filter(({ method }) =>
    ["Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"].includes(method),
  );
  const expected = said.filter(({ params }) => !JSON.stringify(params).includes("/nowhere"));
  console.log(`console: ${expected.length === 0 ? "nothing" : JSON.stringify(expected)}`);
  const hosts = new Set(
    browser.events
      .filter(({ method }) => method === "Network.requestWillBeSent")
      .map(({ params }) => new URL(String((params.request as JsonObject).url)).hostname),
  );
  console.log(`requests to: ${[...hosts].join(", ")}`);
  await browser.send("Emulation.setScriptExecutionDisabled", { value: true });
  await open(browser, server.origin, { width: 1280, height: 800 });
  const { root: tree } = await browser.send("DOM.getDocument", { depth: -1 });
  console.log(
    `without JavaScript: ${(JSON.stringify(tree) ?? "").includes("From the blog") ? "complete" : "incomplete"}`,
  );
  if (mistakes > 0 || expected.length > 0) process.exitCode = 1;
} finally {
  server.close();
  pictures.close();
  await browser.close();
}
