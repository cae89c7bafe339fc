// The official openai JavaScript SDK, as it comes, against `hanok serve` at URL.
//
// usage: HANOK_PEERS_NODE=FOLDER node tests/conformance/openai_sdk.mjs URL
// FOLDER holds node_modules with openai; HANOK_SERVED_CHAT and HANOK_SERVED_EMBEDDING say that models called "chat" and "embed"
// are served. sdk_js.py fills the collection "docs", starts the server and runs this.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";

const peers = createRequire(path.join(process.env.HANOK_PEERS_NODE, "package.json"));
const { OpenAI, toFile } = peers("openai");
const client = new OpenAI({ baseURL: process.argv[2] + "/v1", apiKey: "none", maxRetries: 0 });
const question = "When is the library open on Saturdays?";

async function collections() {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.includes("hanok/docs"), ids);
  const asked = { model: "hanok/docs:extractive", messages: [{ role: "user", content: question }] };
  const answer = await client.chat.completions.create(asked);
  const message = answer.choices[0].message;
  assert.equal(message.annotations[0].type, "url_citation");
  let streamed = "";
  for await (const chunk of await client.chat.completions.create({ ...asked, stream: true }))
    streamed += chunk.choices[0]?.delta?.content ?? "";
  assert.equal(streamed, message.content);
  const response = await client.responses.create({ model: "hanok/docs:extractive", input: question,
    tools: [{ type: "file_search", vector_store_ids: ["docs"] }], include: ["file_search_call.results"] });
  assert.equal(response.output[0].type, "file_search_call");
  assert.ok(response.output_text);
  await assert.rejects(client.chat.completions.create({ model: "gone", messages: [{ role: "user", content: "x" }] }),
    (error) => error instanceof OpenAI.NotFoundError && error.code === "model_not_found" && error.param === "model");
  await assert.rejects(client.chat.completions.create({ model: "hanok/docs", messages: [] }), OpenAI.BadRequestError);
}

async function files() {
  const upload = () => toFile(Buffer.from("# Prices\n\nA ticket to the museum costs nine crowns.\n"), "가격 prices.md");
  const file = await client.files.create({ file: await upload(), purpose: "assistants" });
  assert.equal(file.filename, "가격 prices.md");
  assert.match(await (await client.files.content(file.id)).text(), /nine crowns/);
  const store = await client.vectorStores.create({ name: "prices" });
  const attached = await client.vectorStores.files.createAndPoll(store.id, { file_id: file.id, attributes: { year: 2024 } });
  assert.equal(attached.status, "completed");
  assert.deepEqual(attached.attributes, { year: 2024 });
  const found = await client.vectorStores.search(store.id, { query: "what does a museum ticket cost" });
  assert.equal(found.data[0].file_id, file.id);
  const both = await client.vectorStores.files.uploadAndPoll(store.id, await upload());
  assert.equal(both.status, "completed");
  const batch = await client.vectorStores.fileBatches.createAndPoll(store.id, { file_ids: [file.id] });
  assert.equal(batch.file_counts.completed, 1);
  assert.equal((await client.vectorStores.retrieve(store.id)).file_counts.total, 2);
  const listed = [];
  for await (const one of client.vectorStores.files.list(store.id)) listed.push(one.id);
  assert.equal(listed.length, 2);
  assert.ok((await client.vectorStores.files.delete(file.id, { vector_store_id: store.id })).deleted);
  assert.ok((await client.vectorStores.delete(store.id)).deleted);
  await assert.rejects(client.vectorStores.retrieve(store.id), OpenAI.NotFoundError);
}

async function embeddings() {
  const plain = await client.embeddings.create({ model: "embed", input: ["a cat", "ein Hund"], encoding_format: "float" });
  const packed = await client.embeddings.create({ model: "embed", input: ["a cat", "ein Hund"] });  // base64 on the wire
  assert.equal(plain.data.length, 2);
  plain.data.forEach((row, i) => row.embedding.forEach((x, j) => assert.ok(Math.abs(x - packed.data[i].embedding[j]) < 1e-6)));
  await assert.rejects(client.embeddings.create({ model: "embed", input: "word ".repeat(5000) }),
    (error) => error.code === "context_length_exceeded");
}

async function chats() {
  const messages = [{ role: "developer", content: "Answer in one short sentence." }, { role: "user", content: "Name a river." }];
  const how = { model: "chat", messages, max_tokens: 24, temperature: 0, seed: 1 };
  const whole = await client.chat.completions.create(how);
  const stream = client.chat.completions.stream({ ...how, stream_options: { include_usage: true } });
  assert.equal(await stream.finalContent(), whole.choices[0].message.content);
  assert.equal((await stream.totalUsage()).completion_tokens, whole.usage.completion_tokens);
  const schema = { type: "object", properties: { name: { type: "string", maxLength: 20 }, big: { type: "boolean" } },
    required: ["name", "big"], additionalProperties: false };
  const bound = await client.chat.completions.parse({ ...how, max_tokens: 80,
    response_format: { type: "json_schema", json_schema: { name: "river", schema, strict: true } } });
  assert.deepEqual(Object.keys(JSON.parse(bound.choices[0].message.content)).sort(), ["big", "name"]);
  let asked = null;
  const runner = client.chat.completions.runTools({ model: "chat", temperature: 0, max_tokens: 60, tool_choice: "required",
    messages: [{ role: "user", content: "What is the weather in Seoul?" }],
    tools: [{ type: "function", function: { name: "weather", description: "The weather of a city", parse: JSON.parse,
      function: (args) => (asked = args, "sunny"),
      parameters: { type: "object", properties: { city: { type: "string", maxLength: 20 } }, required: ["city"] } } }] },
    { maxChatCompletions: 1 });
  await runner.done();
  assert.equal(typeof asked.city, "string");
  const spoken = await client.responses.create({ model: "chat", instructions: "Be short.", input: "Name a river.",
    max_output_tokens: 24, temperature: 0 });
  let text = "";
  for await (const event of await client.responses.create({ model: "chat", instructions: "Be short.", input: "Name a river.",
    max_output_tokens: 24, temperature: 0, stream: true }))
    if (event.type === "response.output_text.delta") text += event.delta;
  assert.equal(text, spoken.output_text);
}

await collections();
await files();
if (process.env.HANOK_SERVED_EMBEDDING) await embeddings();
if (process.env.HANOK_SERVED_CHAT) await chats();
console.log("openai: passed");
