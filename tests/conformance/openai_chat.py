#!/usr/bin/env python3
"""`hanok ask --model URL` against a real OpenAI-compatible server, `transformers serve`.

usage: HANOK_CHAT_MODEL=FOLDER PEERS_VENV/bin/python tests/conformance/openai_chat.py HANOK DOCUMENTS

The answer, its citations and its token count are checked, whole and streamed; then what a server can do wrong: not know the
model, hang, die in the middle of an answer, be gone. The environment needs transformers[serving] and torch.
"""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HANOK, DOCUMENTS = sys.argv[1:3]
MODEL = os.environ["HANOK_CHAT_MODEL"]
QUESTION = "When is the library open on Saturdays?"
UNAVAILABLE = 7

folder = tempfile.TemporaryDirectory()
environment = dict(os.environ, HANOK_DATA=folder.name + "/data", HANOK_CONFIG=folder.name + "/config.json",
                   HANOK_EMBEDDING_MODEL="none", HF_HUB_OFFLINE="1")
environment.pop("HANOK_MODEL", None)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start_server(port):
    program = pathlib.Path(sys.executable).parent / "transformers"
    log = open(folder.name + "/server.log", "w")
    server = subprocess.Popen([program, "serve", "--host", "127.0.0.1", "--port", str(port), "--device", "cpu", MODEL],
                              env=dict(environment, OMP_NUM_THREADS="1"), stdout=log, stderr=log)
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5)
            return server
        except OSError:
            assert server.poll() is None, open(log.name).read()
            time.sleep(0.5)
    raise AssertionError("the server does not come up: " + open(log.name).read())


def hanok(*arguments, status=0, **settings):
    done = subprocess.run([HANOK, *arguments], capture_output=True, text=True, env=dict(environment, **settings))
    assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
    return done


def hanok_json(*arguments, **more):
    return json.loads(hanok(*arguments, "--json", **more).stdout)


def check(name, started):
    print(f"{name}: ok ({time.time() - started:.1f} s)", flush=True)


hanok("ingest", DOCUMENTS)
port = free_port()
server = start_server(port)
url = f"http://127.0.0.1:{port}/v1"
named = ["ask", QUESTION, "-k", "3", "--model", f"{url}#{MODEL}", "--tokenizer", MODEL]
try:
    from transformers import AutoTokenizer

    t = time.time()
    prompt = hanok_json(*named, "--show-prompt")
    ids = AutoTokenizer.from_pretrained(MODEL)(prompt["prompt"], add_special_tokens=False)["input_ids"]
    assert prompt["prompt_tokens"] == len(ids), (prompt["prompt_tokens"], len(ids))
    assert MODEL in prompt["tokenizer"]
    check("the prompt has as many tokens as the model's own tokenizer counts", t)

    t = time.time()
    answer = hanok_json(*named)
    assert answer["model"] == MODEL and answer["answer"] and answer["prompt_tokens"] == len(ids), answer
    assert set(re.findall(r"\[(\d+)\]", answer["answer"])) == {str(c["n"]) for c in answer["citations"]}, answer
    for c in answer["citations"]:
        text = hanok_json("documents", "show", c["path"], "--text")["text"].encode()
        assert text[c["start"]:c["end"]].decode() == c["quote"], c
    check(f"an answer with {len(answer['citations'])} checked citations", t)
    print(json.dumps(answer, ensure_ascii=False), flush=True)

    t = time.time()
    streamed = hanok(*named).stdout
    if answer["answered"]:
        assert answer["answer"].strip() in streamed, (answer["answer"], streamed)
    check("the same answer as a stream", t)

    t = time.time()
    wrong = hanok("ask", QUESTION, "--model", f"{url}#no/such-model", status=UNAVAILABLE)
    assert "chat server" in wrong.stderr and "tries" not in wrong.stderr, wrong.stderr
    check("a model that the server does not know: " + wrong.stderr.strip()[:200], t)

    t = time.time()
    server.send_signal(signal.SIGSTOP)
    slow = hanok(*named, status=UNAVAILABLE, HANOK_MODEL_TIMEOUT="3")
    server.send_signal(signal.SIGCONT)
    assert time.time() - t < 30, "the time-out is not kept"
    check("a server that hangs: " + slow.stderr.strip()[:200], t)

    t = time.time()
    client = subprocess.Popen([HANOK, "ask", "Tell everything about the house, its history, rooms and recipes.", "--model",
                               f"{url}#{MODEL}"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    client.stdout.read(1)  # the answer has begun
    server.kill()
    _, error = client.communicate(timeout=120)
    if client.returncode != 0:  # a short answer may have been whole already
        assert client.returncode == UNAVAILABLE and b"chat server" in error, (client.returncode, error)
        check("a server that dies in the middle: " + error.decode().strip()[:200], t)
    server.wait()

    t = time.time()
    gone = hanok(*named, status=UNAVAILABLE)
    check("a server that is gone: " + gone.stderr.strip()[:200], t)
finally:
    server.kill()
print("conformance: ok")
