#!/usr/bin/env python3
"""A mixed load on `hanok serve` through every API at once, and whether its memory, descriptors or threads grow.

usage: python3 bench/server/mixed.py HANOK [--minutes 60] [--clients 2] [--every 10] [--data FOLDER] [--only KIND...] [-- SERVE_FLAGS...]

Each kind of client runs `--clients` times, one request after the other: Chroma (upsert, delete, query, conditions, get; a collection
made and dropped now and then), Pinecone (upsert, query with a filter, fetch, delete, namespaces), OpenAI (a file uploaded, read into
a vector store, searched, taken out), a collection asked as a model, MCP, and one that sends what is wrong. What is written stays of
one size: each client writes over its own 300 records. Prints a JSON line every `--every` seconds (requests so far, answers of 5xx,
resident memory, descriptors, threads, bytes on disk) and at the end one with the growth of each from the end of the first third to
the end. Exit status 1 where an answer was a 5xx or a connection broke.
"""
import argparse
import contextlib
import http.client
import json
import os
import pathlib
import random
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "conformance"))
from served import Served  # noqa: E402

CHROMA = "/api/v2/tenants/default_tenant/databases/default_database/collections"
DIM, IDS = 64, 300
WORDS = "river stone paper lamp garden winter bread copper violin harbour 도서관 바다 김치 여름 시장".split()


class Client(threading.Thread):
    def __init__(self, port, number, stop):
        super().__init__(daemon=True)
        self.port, self.number, self.stop, self.random = port, number, stop, random.Random(number)
        self.done, self.wrong, self.broken = 0, {}, []

    def run(self):
        while not self.stop.is_set():
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
            try:
                self.begin()
                while not self.stop.is_set():
                    self.step()
            except (OSError, http.client.HTTPException) as error:
                if not self.stop.is_set():
                    self.broken.append(repr(error))
                    time.sleep(0.5)

    def begin(self):
        pass

    def ask(self, method, path, body=None, kind="application/json"):
        data = body if body is None or isinstance(body, (str, bytes)) else json.dumps(body)
        self.connection.request(method, path, data, {"content-type": kind})
        answer = self.connection.getresponse()
        text = answer.read()
        self.done += 1
        if answer.status >= 500:
            self.wrong[f"{answer.status} {method} {path.split('?')[0][:60]}"] = text[:200].decode(errors="replace")
        if answer.will_close:
            self.connection.close()
        return json.loads(text) if answer.status < 300 and "json" in answer.headers.get("content-type", "") else None

    def vector(self):
        return [round(self.random.gauss(0, 1), 3) for _ in range(DIM)]

    def text(self):
        return " ".join(self.random.choices(WORDS, k=12))

    def ids(self, most=30):
        return [f"c{self.number}-{n}" for n in self.random.sample(range(IDS), self.random.randint(1, most))]


class Chroma(Client):
    def begin(self):
        self.base = CHROMA + "/" + self.ask("POST", CHROMA, {"name": f"mixed-{self.number}", "get_or_create": True})["id"]

    def step(self):
        ids = self.ids()
        self.ask("POST", self.base + "/upsert", {"ids": ids, "embeddings": [self.vector() for _ in ids],
                                                 "documents": [self.text() for _ in ids], "metadatas": [{"n": self.random.randrange(10)} for _ in ids]})
        for _ in range(5):
            self.ask("POST", self.base + "/query", {"query_embeddings": [self.vector()], "n_results": 10, "where": self.random.choice([None, {"n": 3}])})
        self.ask("POST", self.base + "/get", {"where_document": {"$contains": self.random.choice(WORDS)}, "limit": 20})
        if self.random.random() < 0.2:
            self.ask("POST", self.base + "/delete", {"ids": self.ids()})
        if self.random.random() < 0.02:
            name = f"short-{self.number}"
            made = self.ask("POST", CHROMA, {"name": name, "get_or_create": True})["id"]
            self.ask("POST", f"{CHROMA}/{made}/add", {"ids": ["a"], "embeddings": [self.vector()]})
            self.ask("DELETE", f"{CHROMA}/{name}")


class Pinecone(Client):
    def begin(self):
        name = f"mixed-p{self.number}"
        if name not in [i["name"] for i in self.ask("GET", "/indexes")["indexes"]]:
            self.ask("POST", "/indexes", {"name": name, "dimension": DIM, "metric": "cosine", "spec": {"serverless": {"cloud": "aws", "region": "r"}}})
        self.base = "/i/" + name

    def step(self):
        ids, ns = self.ids(), self.random.choice(["", "a", "b"])
        self.ask("POST", self.base + "/vectors/upsert", {"namespace": ns, "vectors": [
            {"id": i, "values": self.vector(), "metadata": {"n": self.random.randrange(10)}} for i in ids]})
        for _ in range(5):
            self.ask("POST", self.base + "/query", {"namespace": ns, "vector": self.vector(), "topK": 10, "filter": {"n": {"$lt": 5}}})
        self.ask("GET", self.base + "/vectors/fetch?" + "&".join("ids=" + i for i in ids[:5]) + "&namespace=" + ns)
        if self.random.random() < 0.2:
            self.ask("POST", self.base + "/vectors/delete", {"namespace": ns, "ids": self.ids()})


class OpenAI(Client):
    def begin(self):
        self.base, self.files = "/v1/vector_stores/" + self.ask("POST", "/v1/vector_stores", {"name": f"mixed {self.number}"})["id"], []

    def step(self):
        body = (f'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n--b\r\nContent-Disposition: form-data; '
                f'name="file"; filename="f.md"\r\n\r\n{chr(10).join(self.text() + "." for _ in range(20))}\r\n--b--\r\n')
        file = self.ask("POST", "/v1/files", body.encode(), "multipart/form-data; boundary=b")["id"]
        self.ask("POST", self.base + "/files", {"file_id": file})
        self.files.append(file)
        for _ in range(3):
            self.ask("POST", self.base + "/search", {"query": self.text()})
        self.ask("GET", self.base + "/files?limit=20")
        if len(self.files) > 30:
            old = self.files.pop(0)
            self.ask("DELETE", f"{self.base}/files/{old}")
            self.ask("DELETE", f"/v1/files/{old}")


class Asking(Client):
    def step(self):
        self.ask("POST", "/v1/chat/completions", {"model": "hanok/mixed-0", "messages": [{"role": "user", "content": "Where is the " + self.random.choice(WORDS)}]})
        self.ask("GET", "/v1/models")
        self.ask("POST", "/mcp?collection=mixed-0", {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "search", "arguments": {"query": self.text()}}})
        self.ask("GET", "/metrics")
        time.sleep(0.02)


class Wrong(Client):
    def step(self):
        body = self.random.choice([b"{", b"[" * 2000, b"\xff\xfe", b'{"n_results": 1e999}', b'{"ids": ["a"], "embeddings": [[1, NaN]]}', b"{}"])
        self.ask("POST", self.random.choice(["/v1/chat/completions", "/v1/embeddings", CHROMA, CHROMA + "/x/query", "/i/none/query", "/mcp", "/v1/vector_stores"]), body)
        self.ask(self.random.choice(["PUT", "PATCH", "DELETE"]), "/v1/" + "a" * self.random.randrange(300))
        time.sleep(0.02)


def numbers(server):
    base = f"/proc/{server.process.pid}"
    status = dict(line.split(":", 1) for line in open(base + "/status"))
    disk = 0
    for folder, _, files in os.walk(server.folder):
        for file in files:
            with contextlib.suppress(OSError):  # gone meanwhile
                disk += os.path.getsize(os.path.join(folder, file))
    return {"resident_mb": round(int(status["VmRSS"].split()[0]) / 1024, 1), "anonymous_mb": round(int(status["RssAnon"].split()[0]) / 1024, 1),
            "descriptors": len(os.listdir(base + "/fd")), "threads": int(status["Threads"]), "disk_mb": round(disk / 1e6, 1)}


def main():
    arguments, flags = sys.argv[1:], []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, flags = arguments[:at], arguments[at + 1:]
    parser = argparse.ArgumentParser()
    parser.add_argument("hanok")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--clients", type=int, default=2)
    parser.add_argument("--every", type=float, default=10)
    parser.add_argument("--data")
    parser.add_argument("--only", nargs="+", help="Chroma, Pinecone, OpenAI, Asking, Wrong: these kinds of clients alone")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=options.data) as folder:
        server, stop = Served(options.hanok, folder, *flags).start(), threading.Event()
        kinds = [k for k in (Chroma, Pinecone, OpenAI, Asking, Wrong) if not options.only or k.__name__ in options.only]
        clients = [kind(server.port, i * len(kinds) + k, stop) for i in range(options.clients) for k, kind in enumerate(kinds)]
        for client in clients:
            client.start()
        rows, until = [], time.time() + 60 * options.minutes
        while time.time() < until and server.process.poll() is None:
            time.sleep(options.every)
            wrong = {}
            for client in clients:
                wrong.update(client.wrong)
            rows.append({"requests": sum(c.done for c in clients), "5xx": wrong, "broken": sum((c.broken for c in clients), []), **numbers(server)})
            print(json.dumps(rows[-1], ensure_ascii=False), flush=True)
        stop.set()
        for client in clients:
            client.join(150)
        ended = server.process.poll()
        if ended is None:
            server.stop()
        third = rows[len(rows) // 3]
        print(json.dumps({"minutes": options.minutes, "requests": rows[-1]["requests"], "server_ended": ended, "5xx": rows[-1]["5xx"],
                          "broken": rows[-1]["broken"][:5], "growth_since_a_third": {
                              key: round(rows[-1][key] - third[key], 1) for key in third if key.endswith(("mb", "s")) and isinstance(third[key], (int, float)) and key != "requests"}}))
        sys.exit(bool(rows[-1]["5xx"] or rows[-1]["broken"] or ended is not None))


main()
