#!/usr/bin/env python3
"""/v1/embeddings of `hanok serve` beside the same model under sentence-transformers behind a Python server, in turns.

usage: VENV/bin/python bench/server/embeddings.py HANOK MODEL_FOLDER [--seconds 6] [--rounds 2] [--words 20] [--precision float32]

VENV needs sentence-transformers. The Python server is http.server with threads (its own work is under a millisecond a request) and
one lock around encode(), with as many threads as torch takes by itself; both get the same texts of `--words` English words from
clients in this process, all on the same cores: 32 texts a request with one client, one text with one client, one text with eight.
Vectors are floats in JSON. Prints a JSON line a server and round: texts a second, and how much the first vectors differ.
"""
import argparse
import http.client
import http.server
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "conformance"))
from served import Served, free_port  # noqa: E402


def python_server(port, folder):
    import sentence_transformers
    model, lock = sentence_transformers.SentenceTransformer(folder, device="cpu"), threading.Lock()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version, wbufsize, disable_nagle_algorithm = "HTTP/1.1", -1, True  # an answer is one packet

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
            with lock:
                rows = model.encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False).tolist()
            out = json.dumps({"object": "list", "model": "embed", "data": [
                {"object": "embedding", "index": i, "embedding": row} for i, row in enumerate(rows)]}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(out)))
            self.end_headers()
            self.wfile.write(out)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    print("ready", flush=True)
    server.serve_forever()


def texts(count, words):
    made = random.Random(1)
    known = "the a of in river stone paper lamp garden winter bread copper violin harbour train window letter mountain morning coffee teacher".split()
    return [" ".join(made.choices(known, k=words)) for _ in range(count)]


def ask(connection, inputs):
    connection.request("POST", "/v1/embeddings", json.dumps({"model": "embed", "input": inputs}), {"content-type": "application/json"})
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, body[:300]
    return json.loads(body)["data"]


def load(port, all_texts, a_request, clients, seconds):
    done, stop = [0] * clients, time.perf_counter() + seconds

    def run(which):
        connection, at = http.client.HTTPConnection("127.0.0.1", port, timeout=120), which * 31
        while time.perf_counter() < stop:
            inputs = [all_texts[(at + i) % len(all_texts)] for i in range(a_request)]
            ask(connection, inputs)
            done[which] += a_request
            at += a_request
    threads = [threading.Thread(target=run, args=(i,)) for i in range(clients)]
    began = time.perf_counter()
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return round(sum(done) / (time.perf_counter() - began))


def measure(name, port, all_texts, options):
    rows = [r["embedding"] for r in ask(http.client.HTTPConnection("127.0.0.1", port, timeout=120), all_texts[:32])]
    out = {"server": name}
    for a_request, clients in ((32, 1), (1, 1), (1, 8)):
        load(port, all_texts, a_request, clients, 1)
        out[f"{a_request} a request, {clients} clients"] = load(port, all_texts, a_request, clients, options.seconds)
    return out, rows


def main():
    if sys.argv[1] == "--python-server":
        return python_server(int(sys.argv[2]), sys.argv[3])
    parser = argparse.ArgumentParser()
    parser.add_argument("hanok")
    parser.add_argument("model")
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--words", type=int, default=20)
    parser.add_argument("--precision", default="float32")
    options = parser.parse_args()
    all_texts = texts(512, options.words)
    for _ in range(options.rounds):
        port = free_port()
        process = subprocess.Popen([sys.executable, __file__, "--python-server", str(port), options.model], stdout=subprocess.PIPE, text=True,
                                   env=dict(os.environ, HF_HUB_OFFLINE="1"))
        process.stdout.readline()
        theirs, their_rows = measure("sentence-transformers", port, all_texts, options)
        process.kill()
        process.wait()
        print(json.dumps(theirs), flush=True)
        with tempfile.TemporaryDirectory() as folder:
            os.environ["HANOK_EMBEDDING_PRECISION"] = options.precision
            server = Served(options.hanok, folder, "--embedding-model", "embed=" + options.model).start()
            ours, our_rows = measure("hanok " + options.precision, server.port, all_texts, options)
            server.stop()
        cosines = [sum(x * y for x, y in zip(a, b)) for a, b in zip(their_rows, our_rows)]
        ours["least cosine to theirs"] = round(min(cosines), 6)
        ours["ratio"] = {key: round(ours[key] / theirs[key], 2) for key in theirs if key != "server"}
        print(json.dumps(ours), flush=True)


main()
