// The page that make registry serves at /: what was published, and how to look at it. Plain HTML without scripts.
import { formatBytes } from "@spin-publisher/action-runtime";
import type { ArtifactKind, Part, PublishedArtifact, PublishedRepository } from "./registry-inventory.ts";

/** What the page's owner decides; nothing else of a request gets into it. */
export interface PageSettings {
  /** `localhost:5000`, as commands address the registry. */
  readonly host: string;
  /** The folder it serves. */
  readonly folder: string;
  /** What a reader has to know about what was published; undefined for nothing. */
  readonly notice?: string;
}

const headings: Readonly<Record<ArtifactKind, string>> = {
  content: "Content of the website",
  image: "Image",
  chart: "Helm chart",
  other: "Artifact",
};

/** The whole page. Everything from the registry is escaped: whoever can push decides about names and annotations. */
export function registryPage(repositories: readonly PublishedRepository[], settings: PageSettings): string {
  const upstream = ({ name }: PublishedRepository) => name.startsWith("spinframework/");
  const ours = repositories
    .filter((repository) => !upstream(repository) && repository.artifacts.length > 0)
    .toSorted((left, right) => orderOf(left) - orderOf(right));
  const images = repositories.filter((repository) => upstream(repository) && repository.artifacts.length > 0);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Published on ${text(settings.host)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>Published on ${text(settings.host)}</h1>
<p>A container registry on this machine, kept in <code>${text(settings.folder)}</code>. Its API is below <a href="/v2/_catalog"><code>/v2/</code></a>.</p>
${settings.notice === undefined ? "" : `<p>${text(settings.notice)}</p>`}
</header>
<main>
${ours.length === 0 ? empty : ours.map((repository) => section(repository, settings)).join("\n")}
${images.map((repository) => baseImages(repository, settings)).join("\n")}
</main>
</body>
</html>
`;
}

/** In the order in which they are published: the image runs the content, and the chart installs the image. */
function orderOf({ artifacts }: PublishedRepository): number {
  return Object.keys(headings).indexOf(artifacts[0]?.kind ?? "other");
}

const empty = "<p>Nothing has been published yet. Run <code>make</code>, then reload this page.</p>";

function section({ name, artifacts }: PublishedRepository, settings: PageSettings): string {
  const [newest] = artifacts;
  return `<section>
<h2>${newest === undefined ? "" : headings[newest.kind]} <code>${text(name)}</code></h2>
${artifacts.map((artifact, index) => article(name, artifact, settings, index === 0)).join("\n")}
</section>`;
}

function baseImages(repository: PublishedRepository, settings: PageSettings): string {
  const { name, artifacts } = repository;
  return `<details>
<summary>${artifacts.length} base ${artifacts.length === 1 ? "image" : "images"} in <code>${text(name)}</code>, on which shims are built</summary>
${artifacts.map((artifact) => article(name, artifact, settings, false)).join("\n")}
</details>`;
}

function article(
  repository: string,
  artifact: PublishedArtifact,
  { host }: PageSettings,
  withCommands: boolean,
): string {
  const { tags, digest, size, annotations, parts } = artifact;
  const [tag = ""] = tags;
  const reference = `${host}/${repository}:${tag}`;
  const manifest = `/v2/${repository}/manifests/${digest}`;
  const facts: readonly (readonly [string, string])[] = [
    ["Digest", `<a href="${text(manifest)}"><code>${text(digest)}</code></a>`],
    ["Size", formatBytes(size)],
    ...platformsOf(parts),
    ...annotation(annotations, "org.opencontainers.image.description", "Description"),
    ...annotation(annotations, "org.opencontainers.image.source", "Source"),
    ...annotation(annotations, "org.opencontainers.image.revision", "Commit"),
  ];
  return `<article>
<h3>${tags.map((name) => `<span class="tag">${text(name)}</span>`).join(" ")}</h3>
<dl>${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join("")}</dl>
${withCommands ? commands(commandsFor(artifact, { host, repository, tag, reference })) : ""}
${parts.map((part) => layers(part)).join("\n")}
</article>`;
}

interface Address {
  readonly host: string;
  readonly repository: string;
  readonly tag: string;
  readonly reference: string;
}

/** Commands that work as they are shown, the most useful first. */
export function commandsFor({ kind }: PublishedArtifact, address: Address): readonly string[] {
  const { host, repository, tag, reference } = address;
  const inspect = [
    `skopeo inspect --raw --tls-verify=false docker://${reference}`,
    `curl http://${host}/v2/${repository}/manifests/${tag}`,
  ];
  switch (kind) {
    case "content":
      return [`spin up --insecure --from-registry ${reference}`, ...inspect];
    case "image":
      return [`docker run --rm --publish 3000:3000 ${reference}`, ...inspect];
    case "chart":
      return [
        `helm template site oci://${host}/${repository} --version ${tag} --plain-http`,
        `helm install site oci://${host}/${repository} --version ${tag} --plain-http`,
        ...inspect,
      ];
    default:
      return inspect;
  }
}

function commands(lines: readonly string[]): string {
  return `<ul class="commands">${lines.map((line) => `<li><pre><code>${text(line)}</code></pre></li>`).join("")}</ul>`;
}

function platformsOf(parts: readonly Part[]): readonly (readonly [string, string])[] {
  const platforms = parts.flatMap(({ platform }) => platform ?? []);
  return platforms.length === 0 ? [] : [["Platforms", platforms.map(text).join(", ")]];
}

function annotation(annotations: PublishedArtifact["annotations"], key: string, name: string) {
  const value = annotations[key];
  return value === undefined ? [] : [[name, text(value)] as const];
}

function layers({ platform, layers }: Part): string {
  const rows = layers.map(
    ({ digest, size, mediaType, title }) =>
      `<tr><td><code title="${text(digest)}">${text(digest.slice(0, 19))}</code></td><td>${formatBytes(size)}</td><td>${text(title ?? mediaType)}</td></tr>`,
  );
  return `<details>
<summary>${layers.length} ${layers.length === 1 ? "layer" : "layers"}${platform === undefined ? "" : ` for ${text(platform)}`}</summary>
<div class="scroll"><table><thead><tr><th>Digest</th><th>Size</th><th>Content</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>
</details>`;
}

/** Text for an element or a quoted attribute. */
export function text(value: string): string {
  const names: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return value.replace(/[&<>"']/g, (character) => names[character] ?? "");
}

const style = `
:root { color-scheme: light dark; --line: #8886; --soft: #8881; }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 2.5rem 0 .5rem; } h3 { font-size: 1rem; margin: 0 0 .5rem; }
code { font-family: ui-monospace, monospace; font-size: .875em; } h2 code { font-weight: normal; }
article { border: 1px solid var(--line); border-radius: .5rem; margin: .75rem 0; padding: .75rem 1rem; }
.tag { background: var(--soft); border: 1px solid var(--line); border-radius: 1rem; padding: .05rem .6rem; display: inline-block; }
dl { display: grid; gap: .25rem; margin: 0 0 .75rem; } dl div { display: grid; gap: 0 1rem; grid-template-columns: 7rem 1fr; }
dt { opacity: .75; } dd { margin: 0; }
.commands { list-style: none; margin: 0 0 .75rem; padding: 0; }
pre { background: var(--soft); border-radius: .25rem; margin: .25rem 0; padding: .4rem .6rem; white-space: pre-wrap; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; margin: .5rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: .2rem 1rem .2rem 0; text-align: left; vertical-align: top; }
td:nth-child(-n+2) { white-space: nowrap; } td:last-child { min-width: 14rem; } summary { cursor: pointer; padding: .2rem 0; }
@media (max-width: 30rem) { dl div { grid-template-columns: 1fr; } dt { font-size: .875rem; } }
`;
