import fc from "fast-check";

/** The files that random manifests speak of; all of them are in the application folder. */
export const randomTree: Readonly<Record<string, string | Uint8Array>> = {
  "web.wasm": Buffer.from("0061736d0d000100", "hex"),
  "build/api.wasm": Buffer.from(`0061736d0d00010000cb01027a7a${"00".repeat(200)}`, "hex"),
  "content/index.md": "# Index\n".repeat(30),
  "content/blog/one.md": "# One\n".repeat(30),
  "content/blog/.draft.md": "draft",
  "content/empty.txt": "",
  "static/style.css": "body {}\n".repeat(20),
  "static/img/a b.svg": "<svg/>".repeat(40),
  "static/img/é.svg": "<svg>é</svg>".repeat(30),
  "static/copy.css": "body {}\n".repeat(20),
  "robots.txt": "User-agent: *\n",
};

const quote = (text: string) => JSON.stringify(text).replaceAll("\u007f", "\\u007f");
const word = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
const kebab = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join("-"));
const snake = fc.array(word, { minLength: 1, maxLength: 2 }).map((words) => words.join("_"));
const freeText = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom("", "x", "A site", 'say "hi"', "a\tb", "é", "😀", "{{ name }}", "1", "C:\\x"),
  },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 8 }) },
);
/** A string in one of the ways in which TOML writes it. */
const text = fc.tuple(freeText, fc.nat(2)).map(([value, style]) => {
  const plain = !/['\u0000-\u001f\u007f]/.test(value);
  if (style === 1 && plain) return `'${value}'`;
  return style === 2 && plain && !value.includes("\\") && !value.includes('"')
    ? `"""${value}"""`
    : quote(value);
});
/** Without control characters: Spin writes them into annotations as they are, and its manifest is no JSON then. */
const printable = text.filter((written) => !/\\[tnrbfu]/.test(written));
const list = (item: fc.Arbitrary<string>, maxLength = 3) =>
  fc.array(item, { maxLength }).map((items) => `[${items.join(", ")}]`);
const inlineTable = (key: fc.Arbitrary<string>, value: fc.Arbitrary<string>) =>
  fc
    .uniqueArray(fc.tuple(key, value), { maxLength: 3, selector: ([name]) => name })
    .map((pairs) => `{ ${pairs.map(([name, item]) => `${name} = ${item}`).join(", ")} }`);

/** Whatever the settings of a trigger may be. */
const setting: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    text,
    fc.constantFrom("true", "false", "0", "-1", "0x1F", "1_000", "9223372036854775807"),
    fc.constantFrom("1.0", "-0.5", "1e3", "1.5e-9", "6.02e23", "0.1", "100000.0"),
    list(tie("value")),
    inlineTable(fc.oneof(snake, fc.constantFrom('"10"', '"9"', '"é"', '"a b"')), tie("value")),
  ),
})).value;

const fileEntry = fc.oneof(
  fc.constantFrom(
    '"content/**/*"',
    '"content/*"',
    '"static/*"',
    '"static"',
    '"static/img/"',
    '"**/*.md"',
    '"robots.txt"',
    '"content/**"',
    '"nope/*"',
    '"static/img/[!a]*"',
    '"static/i?g/*"',
    '"content/blog/.*"',
  ),
  fc
    .tuple(fc.constantFrom("static", "static/", "content/blog"), fc.constantFrom("/", "assets", "/a/b/"))
    .map(([source, destination]) => `{ source = "${source}", destination = "${destination}" }`),
  fc.constantFrom('{ source = "robots.txt", destination = "/r/robots.txt" }'),
);

const field = (name: string, value: fc.Arbitrary<string>, weight = 3) =>
  fc
    .option(value, { freq: weight, nil: undefined })
    .map((given) => (given === undefined ? "" : `${name} = ${given}\n`));

const concatenated = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((texts) => texts.join(""));

const host = fc.constantFrom(
  '"https://example.com"',
  '"*://*:*"',
  '"redis://{{ host }}:6379"',
  '"http://api.spin.internal"',
  '"http://*.example.com:8080"',
  '"http://self"',
);

const componentBody = concatenated(
  fc.constantFrom('source = "web.wasm"\n', 'source = "build/api.wasm"\n'),
  field("description", text, 1),
  field("files", list(fileEntry), 5),
  field(
    "exclude_files",
    list(fc.constantFrom('"*.md"', '"static/img/*"', '"**/blog/**"', '"robots.txt"')),
    1,
  ),
  field("environment", inlineTable(fc.oneof(snake, fc.constantFrom('"1"', '"10"', '"2"', "A-B")), text), 1),
  field("variables", inlineTable(snake, text), 1),
  field("allowed_outbound_hosts", list(host), 1),
  field(
    "allowed_http_hosts",
    list(fc.constantFrom('"example.com"', '"self"', '"A.example:80"', '"https://b.example:8443"')),
    1,
  ),
  field("key_value_stores", list(fc.oneof(kebab, snake).map(quote)), 1),
  field("sqlite_databases", list(kebab.map(quote)), 1),
  field("ai_models", list(kebab.map(quote)), 1),
  field(
    "build",
    fc.tuple(text, text).map(([command, workdir]) => `{ command = ${command}, workdir = ${workdir} }`),
    1,
  ),
);

const variables = fc
  .uniqueArray(
    fc.tuple(
      snake,
      fc.oneof(
        text.map((value) => `{ default = ${value} }`),
        fc.constantFrom("{ required = true }", "{ required = true, secret = true }"),
        fc
          .tuple(text, text)
          .map(
            ([value, description]) => `{ default = ${value}, description = ${description}, secret = true }`,
          ),
      ),
    ),
    { maxLength: 3, selector: ([name]) => name },
  )
  .map((entries) =>
    entries.length === 0
      ? ""
      : `[variables]\n${entries.map(([name, value]) => `${name} = ${value}\n`).join("")}`,
  );

const application = (table: string) =>
  concatenated(
    fc.constant(table),
    printable.map((name) => `name = ${name}\n`),
    field("version", fc.constantFrom('"1.2.3"', '""', '"not semver"')),
    field("description", printable),
    field("authors", list(printable), 1),
  );

const settings = inlineTable(
  snake.filter((name) => !["id", "component", "components", "dependencies"].includes(name)),
  setting,
);

/** What Spin's own triggers know, and for the trigger of a plugin anything. */
const settingsOf = (type: string, route: string, table: string, answers = false): readonly string[] => {
  const anything = table === "{  }" ? [] : [table];
  if (type === "redis") return ['channel = "a"'];
  if (type === "http") return answers ? [route] : [route, `static_response = ${table}`];
  return [route, ...anything.map((value) => `extra = ${value}`)];
};

const trigger = (ids: readonly string[]) =>
  fc
    .tuple(
      fc.constantFrom("http", "http", "http", "redis", "timer"),
      field("id", kebab.map(quote), 1),
      fc.oneof(
        {
          weight: 4,
          arbitrary: fc.constantFrom("", ...ids).map((id) => (id === "" ? "" : `component = "${id}"\n`)),
        },
        { weight: 1, arbitrary: fc.constant('component = { source = "web.wasm" }\n') },
      ),
      fc.constantFrom('route = "/..."', 'route = "/a/:b"', "route = { private = true }"),
      settings,
    )
    .map(
      ([type, id, component, route, table]) =>
        `[[trigger.${type}]]\n${id}${component}${settingsOf(type, route, table, component !== "").join("\n")}\n`,
    );

/** Manifests of version 2 that Spin accepts. */
const version2 = fc
  .uniqueArray(kebab, { minLength: 1, maxLength: 3 })
  .chain((ids) =>
    fc
      .tuple(
        application("spin_manifest_version = 2\n[application]\n"),
        field("[application.trigger.http]\nextra", setting, 1),
        variables,
        fc.array(trigger(ids), { minLength: 1, maxLength: 4 }),
        fc.tuple(...ids.map((id) => componentBody.map((body) => `[component.${id}]\n${body}`))),
      )
      .map(([head, global, variables, triggers, components]) =>
        [head, global, variables, ...triggers, ...components].join(""),
      ),
  );

/** Manifests of version 1 that Spin accepts. */
const version1 = fc
  .uniqueArray(fc.oneof(kebab, fc.constantFrom("My_Comp", "web_One")), { maxLength: 3 })
  .chain((ids) =>
    fc
      .tuple(
        fc.constantFrom('spin_manifest_version = "1"\n', 'spin_version = "1"\n'),
        application(""),
        fc.constantFrom(["http", 'base = "/"'], ["redis", 'address = "redis://a"'], ["timer", "speed = 1"]),
        variables,
        fc.tuple(
          ...ids.map((id) =>
            fc.tuple(componentBody, settings).map(
              ([body, table]) =>
                (type: string) =>
                  `[[component]]\nid = "${id}"\n${body.replace("variables =", "config =")}trigger = { ${settingsOf(type, 'route = "/"', table).join(", ")} }\n`,
            ),
          ),
        ),
      )
      .map(([version, head, [type = "", setting], variables, components]) => {
        const trigger = `trigger = { type = "${type}", ${setting} }\n`;
        return [version, head, trigger, variables, ...components.map((write) => write(type))].join("");
      }),
  );

export const validManifest: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: version2 },
  { weight: 1, arbitrary: version1 },
);

/** Pieces that a manifest may be broken with: other types, paths that lead out, names that mean something elsewhere. */
const splinters = fc.constantFrom(
  "../",
  "/etc/passwd",
  "..",
  '{ source = "../..", destination = "../x" }',
  "\0",
  "\\u0000",
  "[",
  "]",
  "{",
  "}",
  '"',
  "'",
  '"""',
  "=",
  "=\n",
  "\n",
  "#",
  ".",
  ",",
  "1",
  "-1",
  "1.5",
  "inf",
  "true",
  "1979-05-27",
  "**",
  "***",
  "[!",
  "__proto__",
  "constructor",
  "spin_manifest_version = 2\n",
  "[component]\n",
  "[[component]]\n",
  "[trigger]\n",
  "dependencies",
  "source",
  "files = [",
  "{{",
  "}}",
  "sha256:",
  "\uFEFF",
  "\u2028",
  "\ud800",
  "é",
  "x".repeat(300),
);

/** A manifest with some of its parts cut out, doubled, moved or replaced. */
export const brokenManifest: fc.Arbitrary<string> = fc
  .tuple(
    validManifest,
    fc.array(
      fc.tuple(
        fc.nat(4),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        splinters,
      ),
      {
        minLength: 1,
        maxLength: 4,
      },
    ),
  )
  .map(([manifest, changes]) =>
    changes.reduce((text, [kind, from, to, splinter]) => broken(text, kind, from, to, splinter), manifest),
  );

function broken(manifest: string, kind: number, from: number, to: number, splinter: string): string {
  const [first = 0, last = 0] = [from, to]
    .map((share) => Math.floor(share * manifest.length))
    .sort((a, b) => a - b);
  const near = Math.min(last, first + 20);
  const lines = manifest.split("\n");
  const line = Math.floor(from * lines.length);
  switch (kind) {
    case 0:
      return manifest.slice(0, first) + splinter + manifest.slice(first);
    case 1:
      return manifest.slice(0, first) + splinter + manifest.slice(near);
    case 2:
      return manifest.slice(0, first) + manifest.slice(near);
    case 3:
      return [...lines.slice(0, line), lines[line], ...lines.slice(line)].join("\n");
    default:
      return [...lines.slice(line), ...lines.slice(0, line)].join("\n");
  }
}
