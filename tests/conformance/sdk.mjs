// The unmodified JavaScript clients of Chroma and Pinecone against `hanok serve` at URL.
//
// usage: HANOK_PEERS_NODE=FOLDER node tests/conformance/sdk.mjs URL
// FOLDER holds node_modules with chromadb and @pinecone-database/pinecone; sdk_js.py starts the server and runs this.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";

const peers = createRequire(path.join(process.env.HANOK_PEERS_NODE, "package.json"));
const url = new URL(process.argv[2]);

async function refused(call, text) {
  try {
    await call();
  } catch (error) {
    assert.match(String(error.message), text);
    return;
  }
  assert.fail("nothing was refused");
}

async function chroma() {
  const { ChromaClient } = peers("chromadb");
  const client = new ChromaClient({ host: url.hostname, port: Number(url.port), ssl: false });
  assert.ok((await client.heartbeat()) > 0);
  const made = await client.createCollection({ name: "js1", embeddingFunction: null, metadata: { a: 1 },
    configuration: { hnsw: { space: "cosine" } } });
  await made.add({ ids: ["a", "b", "c"], embeddings: [[1, 0], [0, 1], [1, 1]], documents: ["red fox", "blue bird", "x"],
    metadatas: [{ n: 1, s: "x" }, { n: 2 }, { n: 3, ok: true }] });
  assert.equal(await made.count(), 3);
  const got = await made.get({ ids: ["b"], include: ["documents", "metadatas", "embeddings"] });
  assert.deepEqual(got.documents, ["blue bird"]);
  assert.deepEqual(got.metadatas, [{ n: 2 }]);
  const found = await made.query({ queryEmbeddings: [[1, 0.1]], nResults: 2, where: { n: { $lte: 3 } } });
  assert.deepEqual(found.ids, [["a", "c"]]);
  assert.deepEqual((await made.get({ whereDocument: { $regex: "b.rd" } })).ids, ["b"]);
  await made.update({ ids: ["a"], metadatas: [{ n: 7 }] });
  await made.upsert({ ids: ["d"], embeddings: [[2, 2]] });
  await made.delete({ where: { ok: true } });
  assert.deepEqual((await made.get()).ids, ["a", "b", "d"]);
  await made.modify({ name: "js2" });
  const again = await client.getCollection({ name: "js2", embeddingFunction: null });
  assert.equal(again.id, made.id);
  assert.equal((await client.listCollections()).length, 1);
  await refused(() => client.createCollection({ name: "js2", embeddingFunction: null }), /exist/i);
  await client.deleteCollection({ name: "js2" });
  await refused(() => client.getCollection({ name: "js2", embeddingFunction: null }), /not|exist/i);
  console.log("chroma: passed");
}

async function pinecone() {
  const { Pinecone } = peers("@pinecone-database/pinecone");
  const pc = new Pinecone({ apiKey: "any", controllerHostUrl: url.origin });
  const name = "js";
  await pc.createIndex({ name, dimension: 2, metric: "cosine", spec: { serverless: { cloud: "aws", region: "us-east-1" } },
    waitUntilReady: true });
  const seen = await pc.describeIndex(name);
  assert.equal(seen.dimension, 2);
  assert.equal(seen.metric, "cosine");
  assert.equal((await pc.listIndexes()).indexes.length, 1);
  const index = pc.index({ name }).namespace("n");
  await index.upsert({ records: [{ id: "a", values: [1, 0], metadata: { n: 1, tags: ["x"] } }, { id: "b", values: [0, 1] }] });
  const found = await index.query({ vector: [1, 0.1], topK: 2, includeMetadata: true, includeValues: true });
  assert.deepEqual(found.matches.map((m) => m.id), ["a", "b"]);
  assert.deepEqual(found.matches[0].metadata, { n: 1, tags: ["x"] });
  assert.deepEqual((await index.query({ vector: [1, 1], topK: 5, filter: { tags: "x" } })).matches.map((m) => m.id), ["a"]);
  const fetched = await index.fetch({ ids: ["a", "nobody"] });
  assert.deepEqual(Object.keys(fetched.records), ["a"]);
  await index.update({ id: "a", metadata: { n: 2 } });
  assert.equal((await index.fetch({ ids: ["a"] })).records.a.metadata.n, 2);
  const listed = await index.listPaginated({ prefix: "a" });
  assert.deepEqual(listed.vectors.map((v) => v.id), ["a"]);
  const stats = await index.describeIndexStats();
  assert.equal(stats.totalRecordCount, 2);
  assert.equal(stats.namespaces.n.recordCount, 2);
  await index.deleteOne({ id: "a" });
  assert.equal((await index.describeIndexStats()).totalRecordCount, 1);
  await index.deleteAll();
  await refused(() => pc.describeIndex("nothing"), /not found|404/i);
  await refused(() => index.upsert({ records: [{ id: "a", values: [1, 2, 3] }] }), /dimension/i);
  await pc.deleteIndex(name);
  console.log("pinecone: passed");
}

await chroma();
await pinecone();
