// Manifests for the comparison with a real Spin, in addition to random ones. Their files are those of `randomTree` in
// the action's tests.

const v2 = (more: string) => `spin_manifest_version = 2\n[application]\nname = "x"\n${more}`;
const web = (more: string) =>
  v2(`[[trigger.http]]\nroute = "/..."\ncomponent = "web"\n[component.web]\nsource = "web.wasm"\n${more}`);
const v1 = (more: string, top = "") =>
  `spin_version = "1"\nname = "x"\ntrigger = { type = "http" }\n${top}[[component]]\nid = "web"\nsource = "web.wasm"\n${more}\n[component.trigger]\nroute = "/..."\n`;

type Named = readonly (readonly [name: string, manifest: string])[];

export const acceptedBySpin: Named = [
  ["the smallest", v2("[[trigger.timer]]")],
  ["one component", web("")],
  ["no name", v2("[[trigger.timer]]").replace('"x"', '""')],
  [
    "everything about an application",
    v2(
      'version = "1"\ndescription = "d \\"q\\" é"\nauthors = ["A <a@b>", "B"]\ntargets = []\n[application.trigger.http]\nbase = "/"\n[[trigger.timer]]',
    ),
  ],
  [
    "integer-like and odd keys",
    web('environment = { "10" = "a", "9" = "b", "-" = "c", "é" = "d", "～" = "e", "😀" = "f" }'),
  ],
  [
    "numbers in settings",
    v2(
      "[[trigger.timer]]\nf = [1.0, -0.0, 1e3, 1e15, 1e16, 1.25e300, 1e-5, 1e-6, 12345.678, 0.1, 5e-324, inf, nan]\ni = [1, -9223372036854775808, 0x10, 0o7, 0b1]",
    ),
  ],
  [
    "escapes in settings",
    v2('[[trigger.timer]]\nt = "\\u0000\\u001f\\u007f\\u2028/\\"\\\\\\t\\b\\f\\r\\n é 😀"'),
  ],
  ["a setting called type", v2('[application.trigger.timer]\ntype = "other"\n[[trigger.timer]]')],
  [
    "settings of an unused trigger type",
    v2("[application.trigger.redis]\naddress = 'r'\n[[trigger.http]]\nroute = '/'\nstatic_response = {}"),
  ],
  [
    "two trigger types, interleaved",
    v2(
      "[[trigger.redis]]\nchannel = 'a'\n[[trigger.http]]\nroute = '/'\nstatic_response = {}\n[[trigger.redis]]\nchannel = 'b'",
    ),
  ],
  ["trigger types like numbers", v2("[[trigger.2]]\nx = 1\n[[trigger.1]]\nx = 2")],
  [
    "three triggers on a component",
    web(
      '[[trigger.http]]\nroute = "/a"\ncomponent = "web"\n[[trigger.http]]\nroute = "/b"\ncomponent = "web"',
    ),
  ],
  [
    "trigger ids that are taken",
    web(
      '[[trigger.timer]]\nid = "web-http-trigger"\n[[trigger.timer]]\nid = "timer-trigger2"\n[[trigger.timer]]',
    ),
  ],
  [
    "an inline component",
    v2('[[trigger.http]]\nroute = "/"\ncomponent = { source = "web.wasm", environment = { A = "1" } }'),
  ],
  [
    "inline components under taken names",
    v2(
      '[[trigger.http]]\nroute = "/a"\nid = "My Trigger"\ncomponent = { source = "web.wasm" }\n[[trigger.http]]\nroute = "/b"\nid = "a"\ncomponent = { source = "web.wasm" }\n[component.a-component]\nsource = "web.wasm"\n[component.inline-component1]\nsource = "web.wasm"',
    ),
  ],
  [
    "further components of a trigger",
    web(
      '[[trigger.http]]\nroute = "/a"\ncomponent = "web"\n[trigger.http.components]\nz = "web"\na = ["web", { source = "web.wasm" }]',
    ),
  ],
  [
    "components by their first mention",
    v2(
      '[component.b.build]\ncommand = "x"\n[[trigger.timer]]\n[component.a]\nsource = "web.wasm"\n[component.b]\nsource = "web.wasm"',
    ),
  ],
  [
    "components mentioned before",
    v2(
      '[component.a.build]\ncommand = "x"\n[[trigger.timer]]\n[component.b]\nsource = "web.wasm"\n[component.c]\nsource = "web.wasm"\n[component.a]\nsource = "web.wasm"',
    ),
  ],
  [
    "components mentioned before, several times",
    v2(
      '[component.a.build]\ncommand = "x"\n[component.b.build]\ncommand = "x"\n[component.c.build]\ncommand = "x"\n[[trigger.timer]]\n[component.b]\nsource = "web.wasm"\n[component.a]\nsource = "web.wasm"\n[component.c]\nsource = "web.wasm"',
    ),
  ],
  [
    "components opened before",
    v2(
      '[[trigger.timer]]\n[component.b]\nsource = "web.wasm"\n[component.a]\nsource = "web.wasm"\n[component.b.build]\ncommand = "x"',
    ),
  ],
  [
    "components by dotted keys",
    `${v2("[[trigger.timer]]\n[component]\n")}b.source = "web.wasm"\na.source = "web.wasm"\nb.description = "x"`,
  ],
  [
    "components by dotted keys of the manifest",
    `component.b.source = "web.wasm"\ncomponent.a.source = "web.wasm"\n${v2("[[trigger.timer]]")}`,
  ],
  [
    "components as an inline table",
    v2("[[trigger.timer]]").replace(
      "[application]",
      'component = { b = { source = "web.wasm" }, a = { source = "web.wasm" } }\n[application]',
    ),
  ],
  [
    "components of a trigger mentioned before",
    v2(
      '[[trigger.http]]\nroute = "/"\n[trigger.http.components.b.build]\ncommand = "x"\n[trigger.http.components.a]\nsource = "web.wasm"\n[trigger.http.components.b]\nsource = "build/api.wasm"',
    ),
  ],
  [
    "a build of several commands",
    web('[component.web.build]\ncommand = ["a", "b"]\nworkdir = "../x"\nwatch = ["**/*.rs"]'),
  ],
  ["fields that are not published", web("targets = []\n[component.web.tool.x]\ny = 1")],
  [
    "variables",
    web(
      'variables = { a = "{{ b }}", "z" = "" }\n[variables]\nz = { required = true }\nb = { default = "", secret = true, description = "" }\na_b = { default = "x", required = false }',
    ),
  ],
  [
    "labels",
    web(
      'key_value_stores = ["default", "my-store", "MY_STORE", "a_b"]\nsqlite_databases = ["x"]\nai_models = ["Any thing"]',
    ),
  ],
  ["service chaining", web('allowed_outbound_hosts = ["http://api.spin.internal"]')],
  ["service chaining by wildcard", web('allowed_outbound_hosts = ["http://*.spin.internal"]')],
  [
    "service chaining below a name",
    web('allowed_outbound_hosts = ["http://a.b.spin.internal", "https://API.spin.internal"]'),
  ],
  [
    "no service chaining after all",
    web(
      'allowed_outbound_hosts = ["http://spin.internal", "http://*.a.spin.internal", "http://{{ x }}.spin.internal", "*://*:*"]',
    ),
  ],
  [
    "service chaining through a template without blanks",
    web('allowed_outbound_hosts = ["http://{{x}}.spin.internal"]'),
  ],
  [
    "hosts of many kinds",
    web(
      'allowed_outbound_hosts = ["https://example.com/", "https://example.com:8443/", "http://a:*", "http://a:8000..9000", "http://self", "redis://localhost", "mysql://a", "postgres://a", "mqtt://a", "custom://a:1", "http://*.example.com", "http://127.0.0.1:1", "http://[::1]:80", "http://10.0.0.0/8:80", "http://10.0.0.0/8", "*://fd00::/8:443", "  https://example.com  ", "http://bücher.example", "*://example.com:443"]',
    ),
  ],
  [
    "deprecated hosts",
    web(
      'allowed_outbound_hosts = ["http://x"]\nallowed_http_hosts = ["example.com", "self", "EXAMPLE.org:80", "https://b.example:443", "c.example:8443"]',
    ),
  ],
  ["deprecated hosts, all of them", web('allowed_http_hosts = ["insecure:allow-all", "x"]')],
  [
    "files of every kind",
    web(
      'files = ["content/**/*", "static/img/*", "robots.txt", { source = "static", destination = "/s" }, { source = "robots.txt", destination = "deep/er.txt" }]\nexclude_files = ["*.svg"]',
    ),
  ],
  ["folders one level too deep", web('files = ["static", "content/"]')],
  ["the whole application", web('files = ["**/*"]\nexclude_files = ["*.wasm"]')],
  ["the whole application by the empty path", web('files = [{ source = "", destination = "/all" }]')],
  ["the empty entry", web('files = [""]')],
  ["a roundabout path", web('files = ["./content/*", "content/../static/*"]')],
  ["patterns that match nothing", web('files = ["nope/*", "content/**", "content/*/"]')],
  ["classes and question marks", web('files = ["static/img/[!a]*", "robot[s-t].tx?"]')],
  ["version 1", v1("")],
  [
    "version 1 with everything",
    v1(
      'description = "d"\nfiles = ["content/*"]\nexclude_files = ["*.txt"]\nenvironment = { A = "1" }\nconfig = { a = "{{ b }}" }\nkey_value_stores = ["My Store"]\nsqlite_databases = ["1"]\nai_models = ["m"]\nbuild = { command = "x" }',
      "[variables]\nb = { default = '' }\n",
    ),
  ],
  ["version 1 hosts", v1('allowed_http_hosts = ["example.com:8443", "self"]')],
  ["version 1 hosts of both kinds", v1('allowed_http_hosts = ["example.com"]\nallowed_outbound_hosts = []')],
  ["version 1 ids", v1("").replace('"web"', '"My_Comp"')],
  [
    "version 1 ids twice",
    `${v1("")}[[component]]\nid = "api"\nsource = "web.wasm"\ntrigger = { route = "/a" }\n[[component]]\nid = "web"\nsource = "build/api.wasm"\ntrigger = { route = "/b", component = "y" }\n`,
  ],
  ["a byte order mark and other line ends", `\uFEFF${web("").replaceAll("\n", "\r\n")}`],
  [
    "a private route",
    web(
      '[[trigger.http]]\ncomponent = "web"\nroute = { private = true }\nexecutor = { type = "wagi", argv = "x y" }',
    ),
  ],
];

/** Spin publishes these without a word, and then cannot start them. */
export const publishedBySpinOnly: Named = [
  ["no trigger", v2("[trigger]")],
  [
    "version 1 without components",
    'spin_manifest_version = "1"\nname = "x"\ntrigger = { type = "http", base = "/" }',
  ],
  ["a trigger without its component", v2('[[trigger.http]]\nroute = "/"\ncomponent = "gone"')],
  ["an unknown field of a trigger", web("[[trigger.http]]\nrout = '/a'\ncomponent = 'web'")],
  [
    "an unknown field of an executor",
    web("[[trigger.http]]\nroute = '/a'\ncomponent = 'web'\nexecutor = { type = 'wagi', agv = '' }"),
  ],
  ["no route", web("[[trigger.http]]\ncomponent = 'web'")],
  ["neither component nor response", web("[[trigger.http]]\nroute = '/a'")],
  ["no channel", web("[[trigger.redis]]\ncomponent = 'web'")],
];

export const refusedBySpin: Named = [
  ["no version", '[application]\nname = "x"\n[trigger]'],
  ...["1", '"2"', "3", "true", "2.0"].map(
    (version) => [`version ${version}`, v2("[trigger]").replace("= 2", `= ${version}`)] as const,
  ),
  ["spin_version 2", v2("[trigger]").replace("spin_manifest_version", "spin_version")],
  ["both names of the version", `spin_manifest_version = "1"\n${v1("")}`],
  ["no trigger", v2("")],
  ["a table of triggers", v2("[trigger.http]\nroute = '/'")],
  ["an unknown field", web("fils = []")],
  ["an unknown field of the application", v2("x = 1\n[trigger]")],
  ["an unknown field of the manifest", v2("[trigger]\n[future]")],
  ["an unknown field of a variable", v2("[trigger]\n[variables]\na = { default = '', type = 'x' }")],
  ["an unknown field of a build", web("build = { command = 'x', shell = 'y' }")],
  ["an unknown field of a file", web("files = [{ source = 'static', destination = 'b', mode = 1 }]")],
  ["an unknown field of a profile", web("[component.web.profile.p]\nfiles = []")],
  ["an unknown field of a version 1 component", v1("targets = []")],
  ...["a_b", "-a", "a-1", "a.b", "myApp", "é"].map(
    (id) => [`the id ${id}`, v2(`[trigger]\n[component."${id}"]\nsource = "web.wasm"`)] as const,
  ),
  ["a reference that is not an id", v2('[[trigger.http]]\ncomponent = "My App"')],
  ...["site-name", "FOO", "a__b", "_a"].map(
    (name) => [`the variable ${name}`, v2(`[trigger]\n[variables]\n"${name}" = { default = "" }`)] as const,
  ),
  ["a variable without default", v2("[trigger]\n[variables]\na = {}")],
  ["a required variable with default", v2('[trigger]\n[variables]\na = { default = "", required = true }')],
  ["a default that is not a string", v2("[trigger]\n[variables]\na = { default = 1 }")],
  ["an invalid label", web('key_value_stores = ["my store"]')],
  ["a label of both kinds", web('sqlite_databases = ["a-b_c"]')],
  ...[
    "example.com",
    "*",
    "",
    "http2://a:80",
    "{http,https}://a:80",
    "custom://a",
    "*://a",
    "http://a:http",
    "http://a:65536",
    "http://a:80/path",
    "http://a/path",
    "http://a b",
    "http://a*b.example.com",
    "http://*example.com",
    "http://[::1]",
    "https://{{ host",
  ].map((host) => [`the host ${host}`, web(`allowed_outbound_hosts = ["${host}"]`)] as const),
  [
    "a host that a default makes wrong",
    web('allowed_outbound_hosts = ["https://{{ h }}"]\n[variables]\nh = { default = "a/b" }'),
  ],
  [
    "a host that a default empties",
    web('allowed_outbound_hosts = ["{{ h }}"]\n[variables]\nh = { default = "" }'),
  ],
  ["the old way to allow everything", web('allowed_outbound_hosts = ["insecure:allow-all"]')],
  ...["a.b/c", "https://a.b/c", "ftp://a.b", "a b"].map(
    (host) => [`the old host ${host}`, v1(`allowed_http_hosts = ["${host}"]`)] as const,
  ),
  ["a missing file", web('files = ["nope"]')],
  ["a missing source of files", web('files = [{ source = "nope", destination = "/" }]')],
  ["a pattern as source", web('files = [{ source = "content/*", destination = "/" }]')],
  ["a file as folder", web('files = [{ source = "robots.txt", destination = "/" }]')],
  ...["..", "content/..", ".", "content/."].map(
    (entry) => [`the entry ${entry}`, web(`files = ["${entry}"]`)] as const,
  ),
  ...["content/***", "content/**x", "content/[a"].map(
    (entry) => [`the pattern ${entry}`, web(`files = ["${entry}"]`)] as const,
  ),
  ["an exclusion that is not a pattern", web('files = ["content/*"]\nexclude_files = ["a**"]')],
  ["an absolute entry", web('files = ["/etc/*"]')],
  ["a missing module", v2('[trigger]\n[component.a]\nsource = "gone.wasm"')],
  ["a module that is not WebAssembly", v2('[trigger]\n[component.a]\nsource = "robots.txt"')],
  [
    "a digest that is none",
    v2('[trigger]\n[component.a]\nsource = { url = "http://127.0.0.1:9/x.wasm", digest = "md5:x" }'),
  ],
  [
    "a package version that is none",
    v2('[trigger]\n[component.a]\nsource = { package = "a:b", version = "1" }'),
  ],
  ["not TOML", "a = "],
  ["a field twice", `${v2("[trigger]")}\n[trigger]`],
  ["not UTF-8 as text", 'spin_manifest_version = 2\n[application]\nname = "\\ud800"\n[trigger]'],
];
