#!/usr/bin/env python3
"""hanok and the server of Chroma (PyPI's chromadb), in turns, with the same requests of Chroma's API.

usage: VENV/bin/python bench/server/peers.py HANOK [--set FOLDER/NAME] [--rows 20000] [--dim 384] [--seconds 4] [--rounds 2]
                                            [--only hanok] [--ef 100] [--chroma-ef 100]

VENV needs chromadb and numpy. --set: rows are FOLDER/NAME.npy, questions FOLDER/NAME_q.npy, as bench/ann/make_sets.py lays
them (`sentences`: vectors of real sentences). Without it rows are points around 200 centres with much noise and questions are
points around 200 others: no collection is like that, and no graph of neighbours finds its way in it. Both at length 1, with
metadata {"k": i % 100, "name": ...}; the space is cosine. --ef, --chroma-ef: the `ef_search` that the collection is made with;
100 is the default of both, at which hanok measures what .99 takes. Requests are encoded before the clock runs and sent over plain sockets that stay open, so that what is
measured is the server. Insert: batches of 1,000, embeddings in base64 as the client sends them, until the last is
acknowledged. Query: k = 10 with documents, metadata and distances, embeddings as decimal numbers as the client sends them;
"1 %" adds {"where": {"k": 7}}. Recall is that of 10 against an exact scan. Both servers run on the same cores as the
clients. Prints one JSON object a line.
"""
import argparse
import base64
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import numpy

COLLECTIONS = "/api/v2/tenants/default_tenant/databases/default_database/collections"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Connection:
    """One request after the other over one socket."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def ask(self, request):
        self.socket.sendall(request)
        data = self.rest
        while b"\r\n\r\n" not in data:
            more = self.socket.recv(1 << 20)
            if not more:
                raise ConnectionError("closed")
            data += more
        head, body = data.split(b"\r\n\r\n", 1)
        lower = head.lower()
        at = lower.find(b"content-length:")
        if at < 0:
            raise ValueError(head.decode())
        length = int(lower[at + 15:].split(b"\r\n", 1)[0])
        pieces, have = [body], len(body)
        while have < length:
            more = self.socket.recv(1 << 20)
            if not more:
                raise ConnectionError("closed")
            pieces.append(more)
            have += len(more)
        body = b"".join(pieces)
        self.rest = body[length:]
        status = int(head[9:12])
        if status >= 300:
            raise ValueError(f"{status}: {body[:300].decode()}")
        return body[:length]


def request(method, path, body=b""):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return (f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


class Server:
    def __init__(self, name, hanok, folder):
        self.name, self.folder, self.port = name, folder, free_port()
        if name == "hanok":
            self.command = [hanok, "serve", "--port", str(self.port)]
        else:
            self.command = [str(pathlib.Path(sys.executable).parent / "chroma"), "run", "--path", folder + "/chroma",
                            "--port", str(self.port)]
        self.environment = dict(os.environ, HANOK_DATA=folder + "/data", HANOK_CONFIG=folder + "/config.json",
                                HANOK_EMBEDDING_MODEL="none", ANONYMIZED_TELEMETRY="False")

    def start(self):
        log = open(self.folder + "/" + self.name + ".log", "a")
        began = time.perf_counter()
        self.process = subprocess.Popen(self.command, env=self.environment, stdout=log, stderr=log)
        while True:
            with contextlib.suppress(OSError, ConnectionError, ValueError):
                Connection(self.port).ask(request("GET", "/api/v2/heartbeat"))
                return began
            if self.process.poll() is not None or time.perf_counter() - began > 60:
                raise RuntimeError(open(self.folder + "/" + self.name + ".log").read()[-2000:])
            time.sleep(0.01)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def cpu_s(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024


def settle(server, most=150):
    """Waits until the server has nothing left to do: seconds."""
    began, before, quiet = time.perf_counter(), server.cpu_s(), 0
    while quiet < 5 and time.perf_counter() - began < most:
        time.sleep(0.2)
        now = server.cpu_s()
        quiet = quiet + 1 if now - before < 0.02 else 0
        before = now
    return round(max(0, time.perf_counter() - began - 1), 1)


def points(rows, dim, seed):
    random = numpy.random.default_rng(seed)
    centres = random.standard_normal((200, dim), dtype=numpy.float32)
    out = centres[random.integers(0, 200, rows)] + 0.7 * random.standard_normal((rows, dim), dtype=numpy.float32)
    return out / numpy.linalg.norm(out, axis=1, keepdims=True)


def of_length_one(path, most):
    rows = numpy.load(path, mmap_mode="r")[:most].astype(numpy.float32)
    return rows / numpy.linalg.norm(rows, axis=1, keepdims=True)


def batches(rows, uuid):
    for begin in range(0, len(rows), 1000):
        part = rows[begin:begin + 1000]
        numbers = range(begin, begin + len(part))
        yield request("POST", f"{COLLECTIONS}/{uuid}/add", {
            "ids": [f"id{i}" for i in numbers],
            "embeddings": [base64.b64encode(row.tobytes()).decode() for row in part],
            "metadatas": [{"k": i % 100, "name": f"name {i}"} for i in numbers],
            "documents": [f"document number {i} of the measurement" for i in numbers]})


def queries(vectors, uuid, where=None):
    return [request("POST", f"{COLLECTIONS}/{uuid}/query",
                    {"query_embeddings": [v.tolist()], "n_results": 10, "where": where, "where_document": None, "ids": None,
                     "include": ["metadatas", "documents", "distances"]}) for v in vectors]


def load(port, requests, clients, seconds):
    times, stop = [[] for _ in range(clients)], time.perf_counter() + seconds

    def run(which):
        connection, at = Connection(port), which * 7
        while (before := time.perf_counter()) < stop:
            connection.ask(requests[at % len(requests)])
            times[which].append(time.perf_counter() - before)
            at += 1
    threads = [threading.Thread(target=run, args=(i,)) for i in range(clients)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    every = numpy.array(sorted(sum(times, [])))
    return {"p50_ms": round(1000 * float(numpy.percentile(every, 50)), 3),
            "p99_ms": round(1000 * float(numpy.percentile(every, 99)), 3), "per_s": round(len(every) / seconds)}


def recall(port, requests, vectors, rows, allowed=None):
    connection, hits = Connection(port), 0
    scores = vectors @ rows.T
    if allowed is not None:
        scores[:, ~allowed] = -2
    for text, row in zip(requests, scores):
        found = json.loads(connection.ask(text))["ids"][0]
        hits += len(set(found) & {f"id{i}" for i in numpy.argsort(-row)[:10]})
    return round(hits / (10 * len(requests)), 4)


def measure(name, rows, vectors, options):
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        server = Server(name, options.hanok, folder)
        server.start()
        connection = Connection(server.port)
        ef = options.ef if name == "hanok" else options.chroma_ef
        made = json.loads(connection.ask(request("POST", COLLECTIONS, {
            "name": "peers", "configuration": {"hnsw": {"space": "cosine", "ef_search": ef}}, "get_or_create": False})))
        prepared = list(batches(rows, made["id"]))
        began = time.perf_counter()
        for batch in prepared:
            connection.ask(batch)
        out = {"server": name, "ef_search": ef, "rows": len(rows), "dim": rows.shape[1],
               "insert_rows_per_s": round(len(rows) / (time.perf_counter() - began))}
        plain, filtered = queries(vectors, made["id"]), queries(vectors, made["id"], {"k": 7})
        out["work_afterwards_s"] = settle(server)  # hanok's index is built beside other work; searches are exact until then
        out["memory_idle_mb"] = round(server.memory_mb())
        connection = Connection(server.port)  # the other one was silent for too long
        for _ in range(2):
            connection.ask(plain[0])
        out["recall"] = recall(server.port, plain, vectors, rows)
        out["recall_1%"] = recall(server.port, filtered[:50], vectors[:50], rows, numpy.arange(len(rows)) % 100 == 7)
        for clients in options.clients:
            out[f"query_{clients}"] = load(server.port, plain, clients, options.seconds)
            out[f"query_{clients}_1%"] = load(server.port, filtered, clients, options.seconds)
        out["memory_mb"] = round(server.memory_mb())
        server.stop()
        began = server.start()
        again = json.loads(Connection(server.port).ask(plain[0]))
        out["restart_to_answer_s"] = round(time.perf_counter() - began, 3)
        assert len(again["ids"][0]) == 10
        server.stop()
        print(json.dumps(out), flush=True)
        return out


parser = argparse.ArgumentParser()
parser.add_argument("hanok")
parser.add_argument("--rows", type=int, default=20000)
parser.add_argument("--dim", type=int, default=384)
parser.add_argument("--seconds", type=float, default=4)
parser.add_argument("--rounds", type=int, default=2)
parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 64])
parser.add_argument("--set", help="FOLDER/NAME of rows and questions")
parser.add_argument("--ef", type=int, default=100)
parser.add_argument("--chroma-ef", type=int, default=100)
parser.add_argument("--only", choices=["hanok", "chroma"])
parser.add_argument("--folder", help="where the data directories are made; else the system's temporary folder")
options = parser.parse_args()
if options.set:
    rows, vectors = of_length_one(options.set + ".npy", options.rows), of_length_one(options.set + "_q.npy", 200)
else:
    rows, vectors = points(options.rows, options.dim, 1), points(200, options.dim, 2)
for _ in range(options.rounds):
    for name in ["chroma", "hanok"]:
        if options.only in (None, name):
            measure(name, rows, vectors, options)
