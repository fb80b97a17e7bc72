// A Chromium on this machine (Debian: apt-get install chromium), driven over its DevTools protocol.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isObject, type JsonObject } from "@spin-publisher/json";

export interface Browser {
  readonly send: (method: string, params?: JsonObject) => Promise<JsonObject>;
  /** What the protocol reported since the browser started, by method. */
  readonly events: readonly { readonly method: string; readonly params: JsonObject }[];
  readonly close: () => Promise<void>;
}

/** @throws Error when there is no Chromium. */
export async function startChromium(command = "chromium"): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), "chromium-"));
  const flags = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
  ];
  const child = spawn(
    command,
    [...flags, `--user-data-dir=${profile}`, "--remote-debugging-port=0", "about:blank"],
    {
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  const address = await new Promise<string>((resolve, reject) => {
    let said = "";
    child.once("error", (cause) =>
      reject(new Error(`"${command}" does not start; apt-get install chromium.`, { cause })),
    );
    child.once("exit", (code) => reject(new Error(`"${command}" ended with ${code}: ${said}`)));
    child.stderr.on("data", (part) => {
      said += part;
      const found = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const pages: unknown = await (await fetch(`http://${new URL(address).host}/json/list`)).json();
  const page = Array.isArray(pages)
    ? pages.find((entry) => isObject(entry) && entry.type === "page")
    : undefined;
  const socket = new WebSocket(page.webSocketDebuggerUrl);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  const events: { method: string; params: JsonObject }[] = [];
  const waiting = new Map<number, (answer: JsonObject) => void>();
  socket.onmessage = ({ data }) => {
    const message: JsonObject = JSON.parse(String(data));
    if (typeof message.id === "number") waiting.get(message.id)?.(message);
    else if (typeof message.method === "string" && isObject(message.params))
      events.push({ method: message.method, params: message.params });
  };
  let last = 0;
  const send = (method: string, params: JsonObject = {}) =>
    new Promise<JsonObject>((resolve, reject) => {
      const id = ++last;
      waiting.set(id, ({ result, error }) =>
        isObject(result) ? resolve(result) : reject(new Error(`${method}: ${JSON.stringify(error)}`)),
      );
      socket.send(JSON.stringify({ id, method, params }));
    });
  const close = async () => {
    socket.close();
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.removeAllListeners("exit").once("exit", () => undefined);
    child.kill();
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 2000))]);
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  for (const domain of ["Page", "Runtime", "Log", "Network"]) await send(`${domain}.enable`);
  return { send, events, close };
}
