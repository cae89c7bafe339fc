// The official TypeScript client of the Model Context Protocol against hanok: over stdio (`hanok mcp`) and over HTTP (`/mcp`
// of `hanok serve` at URL).
//
// usage: HANOK_PEERS_NODE=FOLDER node tests/conformance/mcp_client.mjs HANOK URL
// FOLDER holds node_modules with @modelcontextprotocol/sdk; sdk_js.py fills the collection, starts the server and runs this.
import assert from "node:assert/strict";
import path from "node:path";
import { pathToFileURL } from "node:url";

// The SDK is of ES modules alone, so that its files are named.
const sdk = (name) => import(pathToFileURL(path.join(process.env.HANOK_PEERS_NODE,
  "node_modules/@modelcontextprotocol/sdk/dist/esm", name)));
const { Client } = await sdk("client/index.js");
const { StdioClientTransport } = await sdk("client/stdio.js");
const { StreamableHTTPClientTransport } = await sdk("client/streamableHttp.js");

async function use(transport, what) {
  const client = new Client({ name: "conformance", version: "1" });
  await client.connect(transport);
  assert.equal(client.getServerVersion().name, "hanok");
  const tools = (await client.listTools()).tools;
  assert.deepEqual(tools.map((t) => t.name), ["search", "fetch", "ask", "list_documents"]);
  for (const tool of tools) assert.equal(tool.inputSchema.type, "object");
  await client.ping();
  const found = await client.callTool({ name: "search", arguments: { query: "Moon room price" } });
  assert.ok(!found.isError);
  const results = JSON.parse(found.content[0].text).results;
  assert.ok(results.length > 0 && results[0].id && results[0].title && results[0].url);
  const text = await client.callTool({ name: "fetch", arguments: { id: results[0].id } });
  assert.match(JSON.parse(text.content[0].text).text, /140,000/);
  const answer = await client.callTool({ name: "ask", arguments: { question: "How much is the Moon room per night?" } });
  assert.match(JSON.parse(answer.content[0].text).answer, /140,000/);
  assert.ok((await client.callTool({ name: "fetch", arguments: { id: "none" } })).isError);
  await client.close();
  console.log(`mcp over ${what}: passed`);
}

await use(new StdioClientTransport({ command: process.argv[2], args: ["mcp"], env: { ...process.env } }), "stdio");
await use(new StreamableHTTPClientTransport(new URL(process.argv[3] + "/mcp?collection=docs")), "http");
