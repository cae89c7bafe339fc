#!/usr/bin/env python3
"""What the server costs, and what it gains by answering several at once.

usage: bench/server/server.py HANOK [--chat MODEL.gguf] [--embedding FOLDER] [--tokens 128] [--clients 8] [--rounds 3]

chat       tokens a second of one streamed answer over HTTP, and of `hanok bench lm` in one process: the overhead in per cent;
           tokens a second of CLIENTS streamed answers at once, against one
embedding  texts a second of /v1/embeddings: one client with batches of 32, and CLIENTS clients with one text a request
http       requests a second and latency of /healthz over one connection, with none and with 10,000 silent connections beside it

Needs nothing but Python. Pairs are measured in turns; the best of ROUNDS is told.
"""
import argparse
import http.client
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time

parser = argparse.ArgumentParser()
parser.add_argument("hanok")
parser.add_argument("--chat")
parser.add_argument("--embedding")
parser.add_argument("--tokens", type=int, default=128)
parser.add_argument("--clients", type=int, default=8)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--slow", type=int, default=10000)
arguments = parser.parse_args()


class Server:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        command = [arguments.hanok, "serve", "--port", "0", "--json", "-q", "--data", self.folder.name]
        if arguments.chat:
            command += ["-m", "chat=" + arguments.chat, "--chat-template", "plain"]
        command += ["--embedding-model", "embed=" + arguments.embedding if arguments.embedding else "none"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = json.loads(self.process.stdout.readline())["port"]

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port)

    def memory(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()


def post(connection, path, body):
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    return connection.getresponse()


def streamed(server, n):
    """Tokens and seconds from the first token to the last."""
    connection = server.connect()
    answer = post(connection, "/v1/completions", {"model": "chat", "prompt": f"Once upon a time there was a king {n}", "stream": True,
                                                  "max_tokens": arguments.tokens, "temperature": 0.9, "seed": n, "stream_options": {"include_usage": True}})
    first = last = None
    tokens = 0
    for line in answer:
        if line.startswith(b"data: {"):
            last = time.perf_counter()
            first = first or last
            usage = json.loads(line[6:]).get("usage")
            tokens = usage["completion_tokens"] if usage else tokens
    return tokens, first, last


def rate(server, clients):
    results = []
    threads = [threading.Thread(target=lambda n=n: results.append(streamed(server, n))) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tokens = sum(r[0] for r in results)
    return (tokens - clients) / (max(r[2] for r in results) - min(r[1] for r in results))


def in_process():
    out = subprocess.run([arguments.hanok, "bench", "lm", "-m", arguments.chat, "--prompt", "8", "--gen", str(arguments.tokens), "--batch", "1",
                          "--repeats", "1", "--json"], capture_output=True, text=True, check=True).stdout
    return json.loads(out)["decode"]["1"]


def chat():
    server = Server()
    pairs = [(in_process(), rate(server, 1), rate(server, arguments.clients)) for _ in range(arguments.rounds)]
    server.stop()
    alone, one, many = (max(p[i] for p in pairs) for i in range(3))
    print(f"chat: in one process {alone:.1f} tokens/s, streamed {one:.1f} ({100 * (1 - one / alone):+.1f} % overhead), "
          f"{arguments.clients} clients {many:.1f} ({many / one:.2f} x one)")


def embedding():
    server = Server()
    text = "The map room of the library is open from nine to five on Saturdays, tea is served at four."
    body = lambda n: {"model": "embed", "input": [f"{text} {i}" for i in range(n)]}

    def client(requests, n):
        connection = server.connect()
        for _ in range(requests):
            post(connection, "/v1/embeddings", body(n)).read()

    def measured(clients, requests, n):
        begun = time.perf_counter()
        threads = [threading.Thread(target=client, args=(requests, n)) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return clients * requests * n / (time.perf_counter() - begun)

    client(1, 32)
    batched = max(measured(1, 8, 32) for _ in range(arguments.rounds))
    single = max(measured(arguments.clients, 16, 1) for _ in range(arguments.rounds))
    one = max(measured(1, 32, 1) for _ in range(arguments.rounds))
    server.stop()
    print(f"embeddings: one client, 32 texts a request {batched:.0f} texts/s; one text a request: one client {one:.0f}, "
          f"{arguments.clients} clients {single:.0f} texts/s")


def plain():
    server = Server()

    def latencies(n=2000):
        connection = server.connect()
        out = []
        for _ in range(n):
            begun = time.perf_counter()
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            out.append(time.perf_counter() - begun)
        out.sort()
        return f"{n / sum(out):.0f} requests/s, p50 {out[n // 2] * 1e6:.0f} us, p99 {out[n * 99 // 100] * 1e6:.0f} us"

    print("http: alone", latencies(), f"({server.memory():.0f} MiB)")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    slow = []
    for i in range(min(arguments.slow, hard - 100)):
        s = socket.create_connection(("127.0.0.1", server.port))
        if i % 2:
            s.send(b"GET /v1/models HTTP/1.1\r\nHost: x")  # and never an end
        slow.append(s)
    print(f"http: beside {len(slow)} silent connections", latencies(), f"({server.memory():.0f} MiB)")
    for s in slow:
        s.close()
    server.stop()


plain()
if arguments.embedding:
    embedding()
if arguments.chat:
    chat()
