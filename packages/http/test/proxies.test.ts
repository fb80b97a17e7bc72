import { expect, test } from "@jest/globals";
import { proxiesOf } from "../src/proxies.ts";

const none = { httpProxy: "", httpsProxy: "", noProxy: "" };

test.each([
  [{}, none],
  [{ HTTPS_PROXY: "http://proxy:3128" }, { ...none, httpsProxy: "http://proxy:3128/" }],
  [{ HTTPS_PROXY: "proxy:3128" }, { ...none, httpsProxy: "http://proxy:3128/" }],
  [
    { HTTPS_PROXY: "http://a", https_proxy: "https://b" },
    { ...none, httpsProxy: "https://b/" },
  ],
  [
    { HTTPS_PROXY: "http://a", https_proxy: "" },
    { ...none, httpsProxy: "http://a/" },
  ],
  [{ http_proxy: "http://u:p@proxy" }, { ...none, httpProxy: "http://u:p@proxy/" }],
  [{ NO_PROXY: "example.com" }, { ...none, noProxy: "example.com" }],
])("%j means %j", (environment, proxies) => {
  expect(proxiesOf(environment)).toEqual(proxies);
});

test.each(["not a url", "socks5://proxy:1080", "http://", "http://u:secret@:99999"])(
  "HTTPS_PROXY=%j is an error that names the variable and shows no password",
  (value) => {
    expect(() => proxiesOf({ HTTPS_PROXY: value })).toThrow(
      /^HTTPS_PROXY is not the address of an HTTP proxy(?!.*secret)/,
    );
  },
);
