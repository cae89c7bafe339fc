#!/usr/bin/env python3
"""The official openai Python SDK, as it comes, against `hanok serve`.

usage: PEERS_VENV/bin/python tests/conformance/openai_sdk.py HANOK DOCUMENTS [CHAT_MODEL [EMBEDDING_MODEL]]

Models, embeddings, chats whole and streamed, tools by the SDK's streaming helpers, structured answers, completions,
responses with their events, files, vector stores, a collection asked with its sources, and how errors arrive. Without
models what needs none is run. The environment needs openai.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

import openai
import pydantic

from calls import Calls
from served import TOOLS_TEMPLATE

HANOK, DOCUMENTS = sys.argv[1:3]
CHAT = sys.argv[3] if len(sys.argv) > 3 and sys.argv[3] else None
EMBEDDING = sys.argv[4] if len(sys.argv) > 4 and sys.argv[4] else None
QUESTION = "When is the library open on Saturdays?"

asks_nobody = openai.OpenAI(api_key="none", base_url="http://127.0.0.1:1")
calls = Calls(*(type(part) for part in (
    asks_nobody.models, asks_nobody.embeddings, asks_nobody.completions, asks_nobody.chat.completions, asks_nobody.files,
    asks_nobody.vector_stores, asks_nobody.vector_stores.files, asks_nobody.vector_stores.file_batches, asks_nobody.responses,
    asks_nobody.responses.input_tokens, asks_nobody.responses.input_items)))

folder = tempfile.TemporaryDirectory()
environment = dict(os.environ, HANOK_DATA=folder.name + "/data", HANOK_CONFIG=folder.name + "/config.json",
                   HANOK_EMBEDDING_MODEL="none", HF_HUB_OFFLINE="1")
environment.pop("HANOK_MODEL", None)
checks = 0


def check(condition, *what):
    global checks
    checks += 1
    assert condition, what


def raised(kind, call):
    try:
        call()
    except kind as error:
        check(True)
        return error
    raise AssertionError(f"{kind} was expected")


subprocess.run([HANOK, "ingest", DOCUMENTS, "-c", "docs", "-q"], env=environment, check=True, stdout=subprocess.DEVNULL)
command = [HANOK, "serve", "--port", "0", "--json", "-q"]
if CHAT:
    with open(folder.name + "/template.jinja", "w") as out:
        out.write(TOOLS_TEMPLATE)
    command += ["-m", "chat=" + CHAT, "--chat-template", folder.name + "/template.jinja", "--context", "2048"]
if EMBEDDING:
    command += ["--embedding-model", "embed=" + EMBEDDING]
server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
try:
    url = json.loads(server.stdout.readline())["url"]
    client = openai.OpenAI(base_url=url + "/v1", api_key="none", max_retries=0)
    bare = openai.OpenAI(base_url=url, api_key="none", max_retries=0)  # users forget /v1

    ids = [m.id for m in client.models.list()]
    check("hanok/docs" in ids, ids)
    check([m.id for m in bare.models.list()] == ids)
    check(client.models.retrieve("hanok/docs").id == "hanok/docs")

    # -- a collection with its sources
    def ask(**more):
        return client.chat.completions.create(model="hanok/docs:extractive", messages=[{"role": "user", "content": QUESTION}], **more)

    answer = ask()
    message = answer.choices[0].message
    check(message.annotations and message.annotations[0].type == "url_citation", message)
    citation = message.annotations[0].url_citation
    check(re.fullmatch(r"\[\d+\]", message.content[citation.start_index:citation.end_index]), message.content, citation)
    check(citation.url.startswith("file:///"), citation)
    check(answer.choices[0].finish_reason == "stop")
    streamed = "".join(c.choices[0].delta.content or "" for c in ask(stream=True) if c.choices)
    check(streamed == message.content, streamed)
    response = client.responses.create(model="hanok/docs:extractive", input=QUESTION,
                                       tools=[{"type": "file_search", "vector_store_ids": ["docs"]}], include=["file_search_call.results"])
    check(response.output[0].type == "file_search_call" and response.output[0].results, response)
    check(response.output[1].content[0].annotations[0].type == "file_citation", response)
    check(response.output_text)

    # -- files and vector stores
    with open(folder.name + "/가격 prices.md", "w") as out:
        out.write("# Prices\n\nA ticket to the museum costs nine crowns.\n")
    with open(folder.name + "/가격 prices.md", "rb") as data:
        file = client.files.create(file=data, purpose="assistants")
    check(file.filename == "가격 prices.md" and file.status == "processed", file)
    check(client.files.retrieve(file.id).bytes == file.bytes)
    check("nine crowns" in client.files.content(file.id).text)
    check([f.id for f in client.files.list()] == [file.id])
    store = client.vector_stores.create(name="prices")
    attached = client.vector_stores.files.create_and_poll(file.id, vector_store_id=store.id, attributes={"year": 2024})
    check(attached.status == "completed" and attached.attributes == {"year": 2024}, attached)
    found = client.vector_stores.search(store.id, query="what does a museum ticket cost")
    check(found.data[0].file_id == file.id and "nine crowns" in found.data[0].content[0].text, found)
    none = client.vector_stores.search(store.id, query="ticket", filters={"type": "lt", "key": "year", "value": 2000})
    check(not none.data, none)
    batch = client.vector_stores.file_batches.create_and_poll(vector_store_id=store.id, file_ids=[file.id])
    check(batch.file_counts.completed == 1, batch)
    with open(folder.name + "/가격 prices.md", "rb") as data:
        both = client.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=data)
    check(both.status == "completed", both)
    renamed = client.vector_stores.update(store.id, name="renamed", metadata={"a": "b"})
    check(renamed.name == "renamed" and client.vector_stores.retrieve(store.id).metadata == {"a": "b"}, renamed)
    of_store = client.vector_stores.files
    one = of_store.retrieve(file.id, vector_store_id=store.id)
    check(one.status == "completed" and one.id == file.id, one)
    check(of_store.poll(file.id, vector_store_id=store.id).status == "completed")
    check(of_store.update(file.id, vector_store_id=store.id, attributes={"year": 2001}).attributes == {"year": 2001})
    check("ticket" in "".join(part.text for part in of_store.content(file.id, vector_store_id=store.id)).lower())
    check({f.id for f in of_store.list(store.id)} == {file.id, both.id})
    with open(folder.name + "/more.md", "w") as out:
        out.write("# More\n\nThe tower is closed on Mondays.\n")
    with open(folder.name + "/more.md", "rb") as data:
        more = of_store.upload(vector_store_id=store.id, file=data)
    check(of_store.poll(more.id, vector_store_id=store.id).status == "completed")
    check(of_store.create(store.id, file_id=more.id).status == "in_progress")
    check(of_store.poll(more.id, vector_store_id=store.id).status == "completed")
    check(of_store.delete(more.id, vector_store_id=store.id).deleted)
    batches = client.vector_stores.file_batches
    again = batches.create(store.id, file_ids=[more.id])
    check(batches.poll(again.id, vector_store_id=store.id).status == "completed")
    check(batches.retrieve(again.id, vector_store_id=store.id).file_counts.completed == 1)
    check([f.id for f in batches.list_files(again.id, vector_store_id=store.id)] == [more.id])
    check(batches.cancel(again.id, vector_store_id=store.id).file_counts.completed == 1)
    with open(folder.name + "/more.md", "rb") as data:
        check(batches.upload_and_poll(store.id, files=[data]).file_counts.completed == 1)
    for extra in [f.id for f in of_store.list(store.id) if f.id not in (file.id, both.id)]:
        of_store.delete(extra, vector_store_id=store.id)
    check(client.files.wait_for_processing(file.id).status == "processed")
    check(client.files.retrieve_content(file.id) == client.files.content(file.id).text)
    check({s.id for s in client.vector_stores.list()} >= {store.id, "docs"})
    check(client.vector_stores.retrieve(store.id).file_counts.total == 2)
    check(client.vector_stores.files.delete(file.id, vector_store_id=store.id).deleted)
    check(client.vector_stores.delete(store.id).deleted)
    raised(openai.NotFoundError, lambda: client.vector_stores.retrieve(store.id))
    check(client.files.delete(file.id).deleted)

    # -- errors
    error = raised(openai.NotFoundError, lambda: client.chat.completions.create(model="gone", messages=[{"role": "user", "content": "x"}]))
    check(error.code == "model_not_found" and error.param == "model" and error.request_id, error)
    raised(openai.BadRequestError, lambda: client.chat.completions.create(model="hanok/docs", messages=[]))
    raised(openai.InternalServerError, lambda: client.audio.speech.create(model="tts", voice="alloy", input="x"))

    # -- what is not served says so
    kept = client.responses
    for call in (lambda: kept.retrieve("resp_1"), lambda: kept.delete("resp_1"), lambda: kept.cancel("resp_1"),
                 lambda: kept.compact(model="hanok/docs", input="x"), lambda: kept.input_items.list("resp_1"),
                 lambda: client.chat.completions.retrieve("c_1"), lambda: client.chat.completions.update("c_1", metadata={"a": "b"}),
                 lambda: client.chat.completions.delete("c_1"), lambda: client.images.generate(model="m", prompt="x"),
                 lambda: client.beta.assistants.list(), lambda: client.batches.list(), lambda: client.moderations.create(input="x"),
                 lambda: client.uploads.create(bytes=1, filename="a", mime_type="text/plain", purpose="assistants")):
        error = raised(openai.InternalServerError, call)
        check(error.status_code == 501 and error.code == "not_implemented" and len(error.body["message"]) > 30, error)
    for call in (lambda: client.models.delete("hanok/docs"), lambda: client.chat.completions.list()):
        check(raised(openai.APIStatusError, call).status_code == 405)

    if EMBEDDING:
        plain = client.embeddings.create(model="embed", input=["a cat", "ein Hund"], encoding_format="float")
        packed = client.embeddings.create(model="embed", input=["a cat", "ein Hund"])
        check(len(plain.data) == 2 and plain.usage.prompt_tokens > 0)
        for a, b in zip(plain.data, packed.data):
            check(all(abs(x - y) < 1e-6 for x, y in zip(a.embedding, b.embedding)) and len(a.embedding) == len(b.embedding))
        check(len(client.embeddings.create(model="embed", input="a cat", dimensions=64).data[0].embedding) == 64)
        ids = client.embeddings.create(model="embed", input=[[1, 2, 3], [4]])
        check(len(ids.data) == 2)
        error = raised(openai.BadRequestError, lambda: client.embeddings.create(model="embed", input="word " * 5000))
        check(error.code == "context_length_exceeded", error)

    if CHAT:
        messages = [{"role": "developer", "content": "Answer in one short sentence."},
                    {"role": "user", "content": [{"type": "text", "text": "Name a river."}]}]
        whole = client.chat.completions.create(model="chat", messages=messages, max_tokens=24, temperature=0, seed=1)
        check(whole.choices[0].message.content and whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens)
        chunks = list(client.chat.completions.create(model="chat", messages=messages, max_tokens=24, temperature=0, seed=1, stream=True,
                                                     stream_options={"include_usage": True}))
        check("".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == whole.choices[0].message.content)
        check(len({c.id for c in chunks}) == 1 and chunks[-1].usage.completion_tokens == whole.usage.completion_tokens)
        check(len(client.chat.completions.create(model="chat", messages=messages, max_tokens=4, n=3).choices) == 3)
        likely = client.chat.completions.create(model="chat", messages=messages, max_tokens=4, logprobs=True, top_logprobs=2)
        check(len(likely.choices[0].logprobs.content[0].top_logprobs) == 2)
        error = raised(openai.BadRequestError, lambda: client.chat.completions.create(
            model="chat", messages=[{"role": "user", "content": "word " * 4000}]))
        check(error.code == "context_length_exceeded", error)

        schema = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 20}, "big": {"type": "boolean"}},
                  "required": ["name", "big"], "additionalProperties": False}
        bound = client.chat.completions.create(model="chat", messages=messages, max_tokens=80, temperature=0, response_format={
            "type": "json_schema", "json_schema": {"name": "river", "schema": schema, "strict": True}})
        check(set(json.loads(bound.choices[0].message.content)) == {"name", "big"}, bound)
        free = client.chat.completions.create(model="chat", messages=messages, max_tokens=200, response_format={"type": "json_object"})
        check(isinstance(json.loads(free.choices[0].message.content), dict), free)

        weather = {"type": "function", "function": {"name": "weather", "description": "The weather of a city", "parameters": {
            "type": "object", "properties": {"city": {"type": "string", "maxLength": 20}}, "required": ["city"], "additionalProperties": False}}}
        question = [{"role": "user", "content": "What is the weather in Seoul?"}]
        called = client.chat.completions.create(model="chat", messages=question, tools=[weather], tool_choice="required", max_tokens=120, temperature=0)
        call = called.choices[0].message.tool_calls[0]
        check(called.choices[0].finish_reason == "tool_calls" and call.function.name == "weather", called)
        check("city" in json.loads(call.function.arguments), call)
        with client.chat.completions.stream(model="chat", messages=question, tools=[weather], max_tokens=120, temperature=0,
                                            tool_choice={"type": "function", "function": {"name": "weather"}}) as stream:
            kinds = {event.type for event in stream}
            final = stream.get_final_completion()
        check("tool_calls.function.arguments.done" in kinds, kinds)
        check(final.choices[0].message.tool_calls[0].function.arguments == call.function.arguments, final)
        again = question + [called.choices[0].message.model_dump(exclude_none=True), {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
        check(client.chat.completions.create(model="chat", messages=again, tools=[weather], max_tokens=24).choices[0].message.role == "assistant")

        plain = client.completions.create(model="chat", prompt="The river", max_tokens=8, temperature=0)
        check(plain.choices[0].text)
        check("".join(c.choices[0].text for c in client.completions.create(model="chat", prompt="The river", max_tokens=8, temperature=0,
                                                                          stream=True) if c.choices) == plain.choices[0].text)

        spoken = client.responses.create(model="chat", instructions="Be short.", input="Name a river.", max_output_tokens=24, temperature=0)
        check(spoken.output_text, spoken)
        with client.responses.stream(model="chat", instructions="Be short.", input="Name a river.", max_output_tokens=24, temperature=0) as stream:
            events = list(stream)
        text = "".join(e.delta for e in events if e.type == "response.output_text.delta")
        check(events[-1].type in ("response.completed", "response.incomplete"), events[-1])
        check(events[-1].response.output_text == text == spoken.output_text, text)
        flat = dict(weather["function"], type="function", strict=True)
        asked = client.responses.create(model="chat", input="What is the weather in Seoul?", tools=[flat], tool_choice="required", max_output_tokens=120)
        check(asked.output[0].type == "function_call" and asked.output[0].name == "weather", asked)
        output = client.responses.create(model="chat", tools=[flat], max_output_tokens=16, input=[
            {"role": "user", "content": "What is the weather in Seoul?"}, asked.output[0].model_dump(exclude_none=True),
            {"type": "function_call_output", "call_id": asked.output[0].call_id, "output": "sunny"}])
        check(output.object == "response")
        counted = client.responses.input_tokens.count(model="chat", instructions="Be short.", input="Name a river.")
        check(counted.input_tokens == spoken.usage.input_tokens, counted)

        class River(pydantic.BaseModel):
            name: str

        river = client.responses.parse(model="chat", input="Name a river.", text_format=River, max_output_tokens=200, temperature=0)
        check(isinstance(river.output_parsed, River), river)
        river = client.chat.completions.parse(model="chat", messages=messages, response_format=River, max_tokens=200, temperature=0)
        check(isinstance(river.choices[0].message.parsed, River), river)
        # Responses.connect is a socket that stays open, and refused as one: /responses knows no GET.
        if EMBEDDING:
            calls.check(but={"Responses.connect"} & calls.wanted)
finally:
    server.terminate()
    status = server.wait(timeout=60)
check(status == 0, status)
print(f"openai {openai.__version__}: {checks} checks")
