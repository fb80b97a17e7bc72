/**
 * The section of a changelog (https://keepachangelog.com) about a version: what stands below `## [0.1.2] …` or
 * `## 0.1.2`. A tag `chart-1.0.3` is looked for by its whole name, since charts and sites have versions of their own.
 */
export function changesOf(changelog: string, tag: string): string {
  const lines = changelog.split(/\r?\n/);
  const start = lines.findIndex((line) => /^## /.test(line) && versionOf(line) === tag);
  if (start === -1) return "";
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /^## /.test(line));
  return rest
    .slice(0, end === -1 ? rest.length : end)
    .join("\n")
    .trim();
}

function versionOf(heading: string): string | undefined {
  return /^## (?:\[([^\]]+)\]|(\S+))/
    .exec(heading)
    ?.slice(1)
    .find((name) => name !== undefined);
}
