import { describe, expect, test } from "@jest/globals";
import { createFetch, createNetwork } from "@spin-publisher/http";
import { faultOn, type RecordedRefusal, type RequestRecord, recordedRefusals } from "@spin-publisher/sandbox";
import { adviceFor } from "../src/refusals/advice.ts";
import { refusal } from "../src/refusals/registry-refusal.ts";
import { sentWith } from "../src/refusals/sent-credentials.ts";
import { publishOnce, quick, registry, site } from "./fixtures.ts";

const hosts: Readonly<Record<RecordedRefusal["registry"], string>> = {
  "ghcr.io": "ghcr.io",
  "Docker Hub": "docker.io",
  "Amazon ECR": "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
  "Google Artifact Registry": "europe-docker.pkg.dev",
  "Azure Container Registry": "site.azurecr.io",
  Quay: "quay.io",
  Artifactory: "acme.jfrog.io",
  Harbor: "harbor.example",
};

/** The advice for each recorded refusal if it persists. Refusals that are recovered from, or concern tags, are tested elsewhere. */
const advice: Readonly<Record<string, RegExp>> = {
  "ghcr.io: the job's token may not create packages":
    /token may not write packages: give the job `permissions: packages: write`/,
  "ghcr.io: the job's token may not write packages":
    /token may not write packages: give the job `permissions: packages: write`/,
  "ghcr.io: the package is not linked to the repository":
    /job lacks `permissions: packages: write`, or the package .* not linked to this repository: .*"Manage Actions access".*Write/,
  "ghcr.io: the token service denies, now and then":
    /Check that the job has `permissions: packages: write`, that it may publish for o, .*Credentials from inputs or a login .*may also be wrong or expired/,
  "ghcr.io: too many requests": /limits requests, and waiting \d+\.\d s in 12 attempts did not help/,
  "Docker Hub: the token is not for this repository":
    /access token may write \(not only read\), and that it belongs to o/,
  "Amazon ECR: the repository does not exist": /aws ecr create-repository --repository-name o\/site/,
  "Google Artifact Registry: there is no permission, or no repository":
    /gcloud artifacts repositories create .*Artifact Registry Writer/,
  "Google Artifact Registry: nobody logged in":
    /The request was anonymous: log in with google-github-actions\/auth/,
  "Azure Container Registry: the repository is locked": /locked: unlock it with `az acr repository update/,
  "Azure Container Registry: the body has no length":
    /removes the length of the body: configure it to pass on Content-Length/,
  "Azure Container Registry: the body is too large for one request":
    /too large for the registry or a proxy in front of it: raise the limit/,
  "Artifactory: the tag exists and may not be replaced": /Artifactory gives this answer if the tag exists/,
  "Harbor: the project is full": /storage is full: delete old versions/,
};

const affected: Readonly<Record<RecordedRefusal["request"], (request: RequestRecord) => boolean>> = {
  token: ({ kind }) => kind === "token",
  upload: ({ kind, method }) => kind === "upload" && method !== "GET",
  manifest: ({ kind, method }) => kind === "manifest" && method === "PUT",
  read: ({ kind, method }) => kind === "manifest" && method === "GET",
};

/** What a publication ends with at a registry that answers a kind of request always with this refusal. */
async function publishedAgainst({ registry: service, request, reply }: RecordedRefusal) {
  const server = await registry({
    authentication: { scheme: "bearer", users: { grace: "hopper" } },
    faults: faultOn(affected[request], { kind: "answer", reply }, Number.POSITIVE_INFINITY),
  });
  const host = hosts[service];
  const api = host === "docker.io" ? "registry-1.docker.io" : host;
  const fetch = createFetch({
    mirrors: [{ origin: `https://${api}`, target: server.origin }],
    retry: quick,
    exchange: createNetwork(),
  });
  return publishOnce(site("page"), {
    repository: { registry: host, name: "o/site" },
    tag: "0.1.2",
    fetch,
    credentials: async () => ({ kind: "basic", username: "grace", password: "hopper" }),
  });
}

describe("a refusal of a known registry is reported with its cause and what to do", () => {
  test.each(Object.entries(advice))("%s", async (name, expected) => {
    const recorded = recordedRefusals.find(
      ({ registry: service, situation }) => `${service}: ${situation}` === name,
    );
    if (recorded === undefined) throw new Error(`no such refusal is recorded: ${name}`);
    const failed = publishedAgainst(recorded);
    await expect(failed).rejects.toThrow(expected);
    await expect(failed).rejects.toThrow(`${hosts[recorded.registry]} refused to `);
  });
});

describe("a web page in place of a registry's response is reported as such", () => {
  const headers = { "content-type": "text/html" };
  const body = new TextEncoder().encode("<!doctype html><title>Log in to the airport's network</title>");
  const told =
    "is not JSON but a web page (status 200); check the host name, and whether a proxy answered instead.";

  test("for a manifest", async () => {
    const reply = { status: 200, headers, body };
    const server = await registry({
      faults: faultOn(({ kind }) => kind === "manifest", { kind: "answer", reply }, 9),
    });
    const repository = { registry: server.host, name: "o/site" };
    await expect(publishOnce(site("page"), { repository, tag: "1" })).rejects.toThrow(
      `The manifest of ${server.host}/o/site:1 ${told}`,
    );
  });

  test("for a token", async () => {
    const server = await registry({
      authentication: { scheme: "bearer", users: { grace: "hopper" } },
      faults: faultOn(
        ({ kind }) => kind === "token",
        { kind: "answer", reply: { status: 200, headers, body } },
        9,
      ),
    });
    const repository = { registry: server.host, name: "o/site" };
    await expect(publishOnce(site("page"), { repository, tag: "1" })).rejects.toThrow(
      `The answer of the token service ${server.origin}/token ${told}`,
    );
  });

  test("and a document that is not a manifest is reported once", async () => {
    const reply = { status: 200, headers: {}, body: new TextEncoder().encode("[]") };
    const server = await registry({
      faults: faultOn(({ kind }) => kind === "manifest", { kind: "answer", reply }, 9),
    });
    const repository = { registry: server.host, name: "o/site" };
    await expect(publishOnce(site("page"), { repository, tag: "1" })).rejects.toThrow(
      `The manifest of ${server.host}/o/site:1 is not valid: expected a JSON object.`,
    );
  });
});

describe("the advice about a refusal", () => {
  test.each<[string, string, number, string, string, RegExp]>([
    [
      "ghcr.io",
      "o/s",
      401,
      "UNAUTHORIZED",
      "unauthenticated: User cannot be authenticated with the token provided.",
      /does not accept this token/,
    ],
    [
      "ghcr.io",
      "o/s",
      403,
      "DENIED",
      "permission_denied: The token provided does not match expected scopes.",
      /write:packages/,
    ],
    ["ghcr.io", "o/s", 403, "DENIED", "permission_denied: read_package", /private: make it public/],
    ["ghcr.io", "o/s", 403, "DENIED", "permission_denied: create_package", /owner of this repository/],
    ["ghcr.io", "o/s", 403, "DENIED", "denied", /`permissions: packages: write`/],
    ["containers.github.example", "o/s", 403, "DENIED", "denied", /`permissions: packages: write`/],
    [
      "1.dkr.ecr.us-east-1.amazonaws.com",
      "s",
      403,
      "DENIED",
      "Your authorization token has expired. Reauthenticate and try again.",
      /twelve hours/,
    ],
    ["1.dkr.ecr.us-east-1.amazonaws.com", "s", 401, "", "no basic auth credentials", /twelve hours/],
    [
      "europe-docker.pkg.dev",
      "p/r/s",
      404,
      "NAME_UNKNOWN",
      'Repository "r" not found',
      /gcloud artifacts repositories create/,
    ],
    ["site.azurecr.io", "s", 403, "DENIED", "client with IP '192.0.2.1' is not allowed access", /firewall/],
    [
      "docker.io",
      "o/s",
      401,
      "UNAUTHORIZED",
      "authentication required",
      /may write \(not only read\).*wrong or expired/,
    ],
    [
      "docker.io",
      "o/s",
      429,
      "TOOMANYREQUESTS",
      "You have reached your unauthenticated pull rate limit.",
      /limits anonymous pulls/,
    ],
    [
      "harbor.example",
      "p/s",
      412,
      "PRECONDITION",
      "Quota exceeded when processing the request",
      /storage is full/,
    ],
    ["registry.example", "s", 507, "", "", /storage is full/],
    ["harbor.example", "p/s", 404, "NOT_FOUND", "project p not found", /project \(the first part/],
    ["registry.example", "s", 403, "DENIED", "Not enough permissions to overwrite artifact", /Artifactory/],
    ["registry.example", "s", 405, "UNSUPPORTED", "registry is in read-only mode", /is read-only/],
    [
      "registry.example",
      "Owner/s",
      400,
      "NAME_INVALID",
      "invalid repository name",
      /names must be lower-case/,
    ],
    [
      "registry.example",
      "s",
      404,
      "NAME_UNKNOWN",
      "repository name not known to registry",
      /create it first/,
    ],
    [
      "registry.example",
      "s",
      400,
      "DIGEST_INVALID",
      "provided digest did not match uploaded content",
      /changed in transit/,
    ],
    [
      "registry.example",
      "s",
      404,
      "BLOB_UPLOAD_UNKNOWN",
      "blob upload unknown",
      /refused an upload that it had opened itself/,
    ],
    ["quay.io", "o/s", 400, "MANIFEST_INVALID", "manifest schema unsupported", /FEATURE_GENERAL_OCI_SUPPORT/],
    ["quay.io", "o/s", 400, "MANIFEST_INVALID", "manifest invalid: too many layers", /`layers: archive`/],
    ["site.azurecr.io", "s", 400, "MANIFEST_INVALID", "layers exceed the limit of 512", /`layers: archive`/],
    ["r.example", "s", 413, "SIZE_INVALID", "number of layers is above 1000", /`layers: archive`/],
    ["r.example", "s", 413, "SIZE_INVALID", "layer size exceeds the limit", /changed in transit|client_max/],
    ["r.example", "s", 413, "", "maximum size of layers is 1 GiB", /client_max_body_size/],
    ["registry.example", "s", 413, "", "<html>413</html>", /client_max_body_size/],
    ["registry.example", "s", 415, "MANIFEST_INVALID2", "", /media type/],
    ["registry.example", "s", 411, "", "", /Content-Length/],
    ["registry.example", "s", 405, "", "", /read-only, a mirror/],
    [
      "registry.example",
      "s",
      401,
      "UNAUTHORIZED",
      "authentication required",
      /wrong or expired: set registry-username and registry-password/,
    ],
    [
      "registry.example",
      "s",
      403,
      "DENIED",
      "denied",
      /write access to this repository, or use other credentials/,
    ],
    ["registry.example", "s", 503, "", "<html>", /has a problem that several attempts/],
    ["registry.example", "s", 404, "", "<html>nginx</html>", /no registry at this address/],
  ])("%s %s %d %s %s", (host, repository, status, code, text, expected) => {
    const refused = { registry: host, repository, status, codes: code === "" ? [] : [code], text };
    expect(adviceFor(refused)).toMatch(expected);
  });

  test.each([400, 418])("does not guess if a %d is not known", (status) => {
    const refused = { registry: "registry.example", repository: "s", status, codes: [], text: "nope" };
    expect(adviceFor(refused)).toMatch(
      /^This answer is not a known one: check the host .* proxy answered instead/,
    );
  });
});

describe("the advice about refused credentials", () => {
  const refused = {
    repository: "o/s",
    status: 401,
    codes: ["UNAUTHORIZED"],
    text: "authentication required",
  };

  test.each(["ghcr.io", "containers.github.example", "docker.io", "registry.example"])(
    "says that none were sent to %s, and why",
    (host) => {
      const because = "the job's token is sent to ghcr.io only";
      expect(adviceFor({ ...refused, registry: host, credentials: { kind: "none", because } })).toBe(
        `No credentials were sent to ${host}: ${because}. Set registry-username and registry-password, or log in to ${host} in an earlier step.`,
      );
    },
  );

  test("does not speak of the job's permissions if none were sent, whatever the registry says", () => {
    const text =
      "denied: permission_denied: write_package; The token provided does not match expected scopes";
    const credentials = { kind: "none" } as const;
    const registry = "containers.github.example";
    expect(adviceFor({ ...refused, status: 403, text, registry, credentials })).toBe(
      `No credentials were sent to ${registry}. Set registry-username and registry-password, or log in to ${registry} in an earlier step.`,
    );
  });

  test("names the user whose credentials were sent", () => {
    const credentials = { kind: "user", name: "grace" } as const;
    expect(adviceFor({ ...refused, registry: "registry.example", credentials })).toMatch(
      /^The credentials of "grace" were refused\. They are wrong or expired/,
    );
    expect(adviceFor({ ...refused, registry: "ghcr.io", credentials })).toMatch(
      /^The credentials of "grace" were refused\. Check that the job has `permissions: packages: write`/,
    );
  });
});

describe("the sentence about a refusal", () => {
  const reference = { registry: "registry.example", name: "o/site", tag: "1" };
  const message = async (body: string, init: ResponseInit = {}) => {
    const whole = (await refusal(new Response(body, { status: 418, ...init }), "write", reference)).message;
    const [said = "", advice] = whole.split(" This answer is not a known one");
    expect(advice).toBeDefined();
    return said;
  };

  test("gives the request, the registry's answer and the request id", async () => {
    const body = JSON.stringify({
      errors: [
        { code: "DENIED", message: "no." },
        { code: "X", message: "y" },
      ],
    });
    expect(await message(body, { headers: { "x-github-request-id": "ABC:123" } })).toBe(
      "registry.example refused to write registry.example/o/site:1: 418 DENIED no (request ABC:123).",
    );
  });

  test.each([
    [
      "a page",
      "<html><head><style>p{}</style><title>502</title></head>\n<body>Bad  gateway</body></html>",
      "418 502 Bad gateway.",
    ],
    ["a page whose words come late", `${"<".repeat(16 << 10)}>late`, `418 ${"<".repeat(300)}.`],
    ["nothing", "", "418."],
    ["a strange answer", '{"errors":"none"}', '418 {"errors":"none"}.'],
    ["strange entries", '{"errors":[null,{"code":7,"detail":{"a":1}}]}', "418."],
    ["commands to the runner", "x\n::set-output name=a::b\u001b[31m", "418 x :set-output name=a:b [31m."],
  ])("of %s is one line", async (_name, body, expected) => {
    expect(await message(body)).toBe(
      `registry.example refused to write registry.example/o/site:1: ${expected}`,
    );
  });

  test("takes the advice of a caller who knows what it is about, and still says what was sent", async () => {
    const refused = await refusal(
      sentWith(new Response("no", { status: 401 }), { kind: "none", because: "there are none" }),
      "show",
      reference,
    );
    expect(refused.advising("Set content-password.").message).toBe(
      "registry.example refused to show registry.example/o/site:1: 401 no. No credentials were sent to registry.example: there are none. Set content-password.",
    );
  });

  test("is short, however long the response", async () => {
    expect((await message("x".repeat(1 << 20))).length).toBeLessThan(500);
  });
});
