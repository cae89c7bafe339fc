// The unmodified JavaScript clients of Chroma and Pinecone against `hanok serve` at URL.
//
// usage: HANOK_PEERS_NODE=FOLDER node tests/conformance/sdk.mjs URL
// FOLDER holds node_modules with chromadb and @pinecone-database/pinecone; sdk_js.py starts the server and runs this.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";

const peers = createRequire(path.join(process.env.HANOK_PEERS_NODE, "package.json"));
const url = new URL(process.argv[2]);
const files = process.argv[3]; // a folder of Parquet files

/** Counts which methods of a client are called; left() names those that nobody called, but for what never asks the server. */
function watched(...kinds) {
  const wanted = new Set(), called = new Set();
  for (const kind of kinds) {
    for (const name of Object.getOwnPropertyNames(kind)) {
      const what = Object.getOwnPropertyDescriptor(kind, name);
      if (name === "constructor" || name.startsWith("_") || typeof what.value !== "function") continue;
      wanted.add(name);
      Object.defineProperty(kind, name, { ...what, value(...args) {
        called.add(name);
        return what.value.apply(this, args);
      } });
    }
  }
  return { left: (but) => [...wanted].filter((name) => !called.has(name) && !but.includes(name)) };
}

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
  const { ChromaClient, AdminClient, CollectionHandle } = peers("chromadb");
  const where = { host: url.hostname, port: Number(url.port), ssl: false };
  const client = new ChromaClient(where);
  const kept = await client.getOrCreateCollection({ name: "kept", embeddingFunction: null });
  const kind = Object.getPrototypeOf(kept);
  const calls = watched(ChromaClient.prototype, AdminClient.prototype, kind);
  await client.deleteCollection({ name: "kept" });
  const admin = new AdminClient(where);
  await admin.createTenant({ name: "javascript" });
  assert.equal((await admin.getTenant({ name: "javascript" })).toString(), "javascript");
  await admin.createDatabase({ name: "base", tenant: "javascript" });
  assert.equal((await admin.getDatabase({ name: "base", tenant: "javascript" })).name, "base");
  assert.deepEqual((await admin.listDatabases({ tenant: "javascript" })).map((d) => d.name), ["base"]);
  await admin.deleteDatabase({ name: "base", tenant: "javascript" });
  assert.ok((await client.version()).length > 0);
  assert.equal((await client.getUserIdentity()).tenant, "default_tenant");
  assert.ok((await client.getMaxBatchSize()) >= 41666);
  assert.ok(await client.supportsBase64Encoding());
  await client.getPreflightChecks();
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
  assert.deepEqual((await made.peek({ limit: 1 })).ids, ["a"]);
  assert.equal((await made.getIndexingStatus()).op_indexing_progress, 1);
  const { Search, Knn } = peers("chromadb");
  assert.deepEqual((await made.search(new Search().rank(Knn({ query: [0, 1] })).limit(1))).ids, [["b"]]);
  const copy = await made.fork({ name: "js3" });
  assert.equal(await copy.count(), 3);
  assert.equal(await made.forkCount(), 1);
  await client.deleteCollection({ name: "js3" });
  await made.modify({ name: "js2" });
  const again = await client.getCollection({ name: "js2", embeddingFunction: null });
  assert.equal(again.id, made.id);
  assert.equal((await client.listCollections()).length, 1);
  assert.equal(await client.countCollections(), 1);
  assert.equal((await client.getOrCreateCollection({ name: "js2", embeddingFunction: null })).id, made.id);
  assert.equal((await client.getCollectionById(made.id)).name, "js2");
  assert.deepEqual((await client.getCollections(["js2"])).map((c) => c.id), [made.id]);
  assert.equal(await client.collection(made.id).count(), 3);
  await refused(() => client.createCollection({ name: "js2", embeddingFunction: null }), /exist/i);
  await client.deleteCollection({ name: "js2" });
  await refused(() => client.getCollection({ name: "js2", embeddingFunction: null }), /not|exist/i);
  await refused(() => client.reset(), /permission/); // the server was started without --allow-reset
  await refused(() => client.getCollectionByCrn("a:b:c"), /./); // names of Chroma's cloud
  assert.deepEqual(calls.left(["headers", "embed", "sparseEmbed", "getSchemaEmbeddingFunction"]), []);
  console.log("chroma: passed");
}

async function pinecone() {
  const { Pinecone } = peers("@pinecone-database/pinecone");
  const pc = new Pinecone({ apiKey: "any", controllerHostUrl: url.origin, maxRetries: 1 });
  const parts = [pc.indexes, pc.collections, pc.backups, pc.restoreJobs, pc.backupSchedules].map(Object.getPrototypeOf);
  const probe = pc.index({ host: url.origin + "/i/none" });
  const calls = watched(Pinecone.prototype, Object.getPrototypeOf(probe));
  const ofParts = watched(...parts);
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
  await index.upsert({ records: [{ id: "a", values: [1, 0], metadata: { n: 1 } }, { id: "b", values: [0, 1] }] });
  assert.deepEqual(Object.keys((await index.fetchByMetadata({ filter: { n: 1 } })).records), ["a"]);
  await index.deleteMany({ ids: ["a"] });
  await index.createNamespace({ name: "made" });
  assert.deepEqual((await index.listNamespaces()).namespaces.map((n) => n.name), ["made", "n"]);
  assert.equal((await index.describeNamespace("made")).name, "made");
  await index.deleteNamespace("made");
  await refused(() => index.searchRecords({ query: { topK: 1, inputs: { text: "x" } } }), /./);
  await refused(() => index.upsertRecords({ records: [{ _id: "1", text: "x" }] }), /./);
  await refused(() => index.startImport({ uri: "s3://bucket/folder" }), /file:\/\//);
  const three = "imported";
  await pc.createIndex({ name: three, dimension: 3, metric: "dotproduct", spec: { serverless: { cloud: "aws", region: "us-east-1" } } });
  const imported = pc.index({ name: three });
  const { id } = await imported.startImport({ uri: "file://" + files, errorMode: "continue" });
  let now = await imported.describeImport(id);
  for (let i = 0; i < 600 && !/Completed|Failed/.test(now.status); ++i) {
    await new Promise((after) => setTimeout(after, 50));
    now = await imported.describeImport(id);
  }
  assert.equal(now.status, "Completed", JSON.stringify(now));
  assert.equal(now.recordsImported, 400);
  assert.deepEqual((await imported.listImports()).data.map((i) => i.id), [id]);
  await imported.cancelImport(id);

  const backup = await pc.createBackup({ indexName: three, name: "first" });
  assert.equal((await pc.describeBackup(backup.backupId)).name, "first");
  assert.equal((await pc.listBackups({ indexName: three })).data.length, 1);
  await pc.createIndexFromBackup({ backupId: backup.backupId, name: "again" });
  const [job] = (await pc.listRestoreJobs()).data;
  assert.equal((await pc.describeRestoreJob(job.restoreJobId)).backupId, backup.backupId);
  await pc.configureIndex({ name: "again", tags: { a: "b" } });
  await pc.deleteIndex("again");
  await pc.deleteBackup(backup.backupId);
  await pc.createCollection({ name: "copied", source: three });
  assert.equal((await pc.describeCollection("copied")).status, "Ready");
  assert.equal((await pc.listCollections()).collections.length, 1);
  await pc.deleteCollection("copied");
  const plans = pc.backupSchedules;
  const plan = await plans.create(three, { name: "nightly", frequency: "daily", retentionDays: 7 });
  assert.ok(plan.enabled && plan.nextScheduledRun);
  assert.equal((await plans.list(three)).data.length, 1);
  assert.equal((await plans.describe(plan.scheduleId)).name, "nightly");
  assert.equal((await plans.update(plan.scheduleId, { frequency: "weekly", enabled: false })).frequency, "weekly");
  assert.equal((await plans.history(plan.scheduleId)).data.length, 0);
  await plans.delete(plan.scheduleId);
  await pc.deleteIndex(three);
  await refused(() => pc.createIndexForModel({ name: "m", cloud: "aws", region: "r", embed: { model: "none", fieldMap: { text: "t" } } }), /./);

  await pc.indexes.create({ name: "docs", schema: { fields: { body: { type: "string", fullTextSearch: {} },
    v: { type: "dense_vector", dimension: 2, metric: "cosine" } } } });
  const docs = pc.index({ name: "docs" }).namespace("n");
  await docs.upsertDocuments({ documents: [{ _id: "1", body: "red foxes run", v: [1, 0] }, { _id: "2", body: "blue birds", v: [0, 1] }] });
  const hits = await docs.searchDocuments({ scoreBy: [{ type: "text", fields: ["body"], query: "fox" }], topK: 2 });
  assert.deepEqual(hits.matches.map((m) => m._id), ["1"]);
  await docs.updateDocuments({ documents: [{ _id: "2", body: "green frogs" }] });
  assert.deepEqual(Object.keys((await docs.fetchDocuments({ ids: ["2"] })).documents), ["2"]);
  await docs.deleteDocuments({ ids: ["1"] });
  assert.equal((await docs.listDocuments()).documents.length, 1);
  await pc.deleteIndex("docs");
  await refused(() => pc.listAssistants(), /./); // tried again, and then told without the words
  await pc.deleteIndex(name);
  // What asks nobody, and assistants, which are refused by one line.
  assert.deepEqual(calls.left(["getConfig", "Index", "assistant", "Assistant", "createAssistant", "describeAssistant", "deleteAssistant",
    "updateAssistant", "evaluate", "namespace"]), []);
  assert.deepEqual(ofParts.left([]), []);
  console.log("pinecone: passed");
}

await chroma();
await pinecone();
