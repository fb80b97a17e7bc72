// The sandbox's registry in the cluster's network: on loopback, and for pods on the node's address. Each request is one
// line of JSON on standard output: kind, repository, status, bytes sent.
//
//   node registry-process.ts FOLDER PORT ADDRESS
import { connect, createServer } from "node:net";
import { startRegistry } from "@spin-publisher/sandbox";

const [, , root = "", port = "", address = ""] = process.argv;
const registry = await startRegistry({ root, port: Number(port), readOnly: true });
createServer((client) => {
  const server = connect(Number(port), "127.0.0.1");
  client.pipe(server).pipe(client);
  client.on("error", () => server.destroy());
  server.on("error", () => client.destroy());
}).listen(Number(port), address);
let told = 0;
setInterval(() => {
  for (const { method, kind, repository, path, status, responseBytes } of registry.requests.slice(told)) {
    console.log(JSON.stringify({ method, kind, repository, path, status, responseBytes }));
    told += 1;
  }
}, 100);
