#!/usr/bin/env python3
"""A mixed load on `hanok serve` through every API at once, and whether its memory, descriptors or threads grow.

usage: python3 bench/server/mixed.py HANOK [--minutes 60] [--clients 2] [--every 10] [--data FOLDER] [--only KIND...] [-- SERVE_FLAGS...]

Each kind of client runs `--clients` times, one request after the other: Chroma (upsert, delete, query, conditions, get; a collection
made and dropped now and then), Pinecone (upsert, query with a filter, fetch, delete, namespaces), OpenAI (a file uploaded, read into
a vector store, searched, taken out), a collection asked as a model, MCP, and one that sends what is wrong. Where SERVE_FLAGS name a
model (-m, --embedding-model), Models makes vectors, texts and streams with it. Two that are not among them by themselves disturb:
Gone leaves in the middle of requests and answers, and Upkeep sends SIGHUP, makes backups, and drops a collection that others use.
What is written stays of one size: each client writes over its own 300 records. Prints a JSON line every `--every` seconds (requests
so far, answers of 5xx, resident memory, descriptors, threads, bytes on disk) and at the end one with the growth of each from the end
of the first third to the end. Exit status 1 where an answer was a 5xx, a connection broke or the server did not end well; what a
sanitizer reports is in the server's log, which is printed where the status is not 0.

A build with HANOK_SANITIZE=thread under all of it:
  mixed.py build/tsan/hanok --minutes 10 --only Chroma Pinecone OpenAI Asking Wrong Models Gone Upkeep -- -m CHAT.gguf --embedding-model MODEL
"""
import argparse
import contextlib
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
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
    def __init__(self, server, number, stop):
        super().__init__(daemon=True)
        self.server, self.port, self.number, self.stop, self.random = server, server.port, number, stop, random.Random(number)
        self.done, self.wrong, self.broken = 0, {}, []

    def run(self):
        while not self.stop.is_set():
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
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
        path = self.random.choice(["/v1/chat/completions", "/v1/embeddings", CHROMA, CHROMA + "/x/query", "/i/none/query", "/mcp", "/v1/vector_stores"])
        made = self.ask("POST", path, body)
        if isinstance(made, dict) and str(made.get("id", "")).startswith("vs_"):  # {} asks for one rightly
            self.ask("DELETE", f"/v1/vector_stores/{made['id']}")
        self.ask(self.random.choice(["PUT", "PATCH", "DELETE"]), "/v1/" + "a" * self.random.randrange(300))
        time.sleep(0.02)


class Models(Client):
    """Vectors, texts and streams of the models that the server was given."""

    def begin(self):
        models = [m["id"] for m in self.ask("GET", "/v1/models")["data"] if not m["id"].startswith("hanok/")]
        self.embedding = next((m for m in models if self.ask("POST", "/v1/embeddings", {"model": m, "input": "a"})), None)
        self.chat = next((m for m in models if m != self.embedding), None)

    def step(self):
        if self.embedding:
            for wanted in ("float", "base64"):
                self.ask("POST", "/v1/embeddings", {"model": self.embedding, "input": [self.text() for _ in range(4)], "encoding_format": wanted})
        if self.chat:
            talk = {"model": self.chat, "messages": [{"role": "user", "content": self.text()}], "max_tokens": 8, "temperature": 1}
            self.ask("POST", "/v1/chat/completions", {**talk, "logprobs": True, "top_logprobs": 2})
            self.ask("POST", "/v1/chat/completions", {**talk, "stream": True, "stream_options": {"include_usage": True}})
            self.ask("POST", "/v1/responses", {"model": self.chat, "input": self.text(), "max_output_tokens": 8, "stream": self.random.random() < 0.5})
            self.ask("POST", "/v1/completions", {"model": self.chat, "prompt": self.text(), "max_tokens": 8, "n": 2, "seed": 1})


class Gone(Client):
    """Leaves in the middle: of a head, a body, an answer, a stream."""

    def leave(self, data, wait=0.0, reset=False):
        with socket.create_connection(("127.0.0.1", self.port)) as s, contextlib.suppress(ConnectionError):
            s.sendall(data)
            time.sleep(wait)
            if reset:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.done += 1

    def step(self):
        model = next((m["id"] for m in self.ask("GET", "/v1/models")["data"]), "none")
        for path, body in (("/v1/chat/completions", {"model": model, "messages": [{"role": "user", "content": self.text()}], "stream": True}),
                           ("/v1/embeddings", {"model": model, "input": [self.text()] * 20}),
                           ("/mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}), ("/api/v2/heartbeat", {})):
            text = json.dumps(body)
            whole = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()
            self.leave(whole[:self.random.randrange(1, len(whole))])
            self.leave(whole, self.random.choice([0, 0.01, 0.3]), self.random.random() < 0.5)
            self.leave(whole * 5)
        time.sleep(0.05)


class Upkeep(Client):
    """What a keeper does while others work: settings read again, backups, a collection dropped and made again."""

    def step(self):
        self.server.process.send_signal(signal.SIGHUP)
        made = self.ask("POST", CHROMA, {"name": f"dropped-{self.number}", "get_or_create": True})
        users = [threading.Thread(target=self.use, args=(f"{CHROMA}/{made['id']}",), daemon=True) for _ in range(3)]
        for user in users:
            user.start()
        time.sleep(self.random.random())
        self.ask("DELETE", f"{CHROMA}/dropped-{self.number}")
        for user in users:
            user.join()
        backup = f"{self.server.folder}/backup-{self.number}"
        subprocess.run([self.server.hanok, "backup", "-q", backup, "--data", self.server.folder + "/data"], check=True,
                       env=dict(os.environ, HANOK_CONFIG=self.server.folder + "/config.json"))
        shutil.rmtree(backup)
        indexes = [i["name"] for i in self.ask("GET", "/indexes")["indexes"]]
        if indexes:
            kept = self.ask("POST", f"/indexes/{indexes[0]}/backups", {"name": f"b{self.number}"})
            if kept:
                self.ask("DELETE", f"/backups/{kept['backup_id']}")

    def use(self, base):
        other = Client(self.server, self.number, self.stop)
        other.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        for _ in range(1000):
            other.ask("POST", base + "/upsert", {"ids": [str(n) for n in range(20)], "embeddings": [self.vector() for _ in range(20)]})
            if other.ask("POST", base + "/query", {"query_embeddings": [self.vector()], "n_results": 5}) is None:
                break  # it is gone
        self.done += other.done
        self.wrong.update(other.wrong)


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
    parser.add_argument("--only", nargs="+", help="Chroma, Pinecone, OpenAI, Asking, Wrong, Models, Gone, Upkeep: these kinds of clients alone")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=options.data) as folder:
        server, stop = Served(options.hanok, folder, *flags).start(), threading.Event()
        known = {k.__name__: k for k in (Chroma, Pinecone, OpenAI, Asking, Wrong, Models, Gone, Upkeep)}
        names = options.only or ["Chroma", "Pinecone", "OpenAI", "Asking", "Wrong"] + ["Models"] * any(f.startswith(("-m", "--em")) for f in flags)
        kinds = [known[name] for name in names]
        clients = [kind(server, i * len(kinds) + k, stop) for i in range(options.clients) for k, kind in enumerate(kinds)]
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
        ended = server.process.poll()
        stop.set()
        if ended is None:  # while they work: what is acknowledged is finished, what comes later is turned away
            server.process.terminate()
            ended = server.process.wait(300)
        for client in clients:
            client.join(150)
        if ended:
            print(open(folder + "/serve.log", errors="replace").read()[-200000:], file=sys.stderr)
        third = rows[len(rows) // 3]
        print(json.dumps({"minutes": options.minutes, "requests": rows[-1]["requests"], "server_ended": ended, "5xx": rows[-1]["5xx"],
                          "broken": rows[-1]["broken"][:5], "growth_since_a_third": {
                              key: round(rows[-1][key] - third[key], 1) for key in third if key.endswith(("mb", "s")) and isinstance(third[key], (int, float)) and key != "requests"}}))
        sys.exit(bool(rows[-1]["5xx"] or rows[-1]["broken"] or ended))


main()
