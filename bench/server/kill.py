#!/usr/bin/env python3
"""kill -9 of `hanok serve` under concurrent writes through Chroma's, Pinecone's and OpenAI's APIs, round after round.

usage: python3 bench/server/kill.py HANOK [--rounds 1000] [--seed 1]

Each round starts the server on the data that the last one left, lets six clients write (upserts and deletes, each client
its own ids) until a random moment, and kills it. Through OpenAI's API a record is an uploaded file in a vector store, whose
words are searched; it is acknowledged when the vector store has taken it, also where it is read later. What was acknowledged must be there after the next start with the value
that was acknowledged last, what was deleted must not, and what was in flight may be either; every record is also looked for
by its own vector, and counts must agree. Needs only the standard library. Exit status 1 with the first fault.
"""
import argparse
import contextlib
import http.client
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time

DIM = 8
IDS = 300
CHROMA = "/api/v2/tenants/default_tenant/databases/default_database/collections"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def ask(connection, method, path, body=None):
    connection.request(method, path, None if body is None else json.dumps(body), {"content-type": "application/json"})
    answer = connection.getresponse()
    data = answer.read()
    if answer.status >= 300:
        raise AssertionError(f"{method} {path}: {answer.status} {data[:300]!r}")
    return json.loads(data) if data else None


def vector(key, version):
    made = random.Random(f"{key}/{version}")
    return [round(made.uniform(-1, 1), 4) for _ in range(DIM)]


class Chroma:
    whole, most = True, 40  # a call is done as a whole or not at all; records of a call

    def __init__(self, name):
        self.name = name

    def open(self, connection):
        made = ask(connection, "POST", CHROMA, {"name": self.name, "get_or_create": True})
        self.base = f"{CHROMA}/{made['id']}"

    def upsert(self, connection, ids, vectors, versions):
        ask(connection, "POST", self.base + "/upsert", {"ids": ids, "embeddings": vectors,
                                                        "metadatas": [{"version": v} for v in versions]})

    def delete(self, connection, ids):
        ask(connection, "POST", self.base + "/delete", {"ids": ids})

    def everything(self, connection):
        got = ask(connection, "POST", self.base + "/get", {"include": ["metadatas"]})
        assert len(got["ids"]) == len(set(got["ids"])), "an id is there twice"
        assert ask(connection, "GET", self.base + "/count") == len(got["ids"]), "count differs"
        return {i: m["version"] for i, m in zip(got["ids"], got["metadatas"])}

    def nearest(self, connection, key, version):
        one = vector(key, version)
        return ask(connection, "POST", self.base + "/query", {"query_embeddings": [one], "n_results": 1})["ids"][0]


class Pinecone:
    whole, most = True, 40

    def __init__(self, name):
        self.name = name

    def open(self, connection):
        names = [i["name"] for i in ask(connection, "GET", "/indexes")["indexes"]]
        if self.name not in names:
            ask(connection, "POST", "/indexes", {"name": self.name, "dimension": DIM, "metric": "euclidean",
                                                 "spec": {"serverless": {"cloud": "aws", "region": "r"}}})
        self.base = "/i/" + self.name

    def upsert(self, connection, ids, vectors, versions):
        ask(connection, "POST", self.base + "/vectors/upsert", {
            "vectors": [{"id": i, "values": v, "metadata": {"version": n}} for i, v, n in zip(ids, vectors, versions)]})

    def delete(self, connection, ids):
        ask(connection, "POST", self.base + "/vectors/delete", {"ids": ids})

    def everything(self, connection):
        out, token = {}, ""
        while True:
            page = ask(connection, "GET", f"{self.base}/vectors/list?limit=1000&paginationToken={token}")
            ids = [v["id"] for v in page["vectors"]]
            if ids:
                got = ask(connection, "GET", self.base + "/vectors/fetch?" + "&".join("ids=" + i for i in ids))["vectors"]
                assert set(got) == set(ids), "list and fetch differ"
                out.update({i: v["metadata"]["version"] for i, v in got.items()})
            token = page.get("pagination", {}).get("next", "")
            if not token:
                break
        total = ask(connection, "POST", self.base + "/describe_index_stats", {})["totalVectorCount"]
        assert total == len(out), f"stats say {total}, listed are {len(out)}"
        return out

    def nearest(self, connection, key, version):
        one = vector(key, version)
        return [m["id"] for m in ask(connection, "POST", self.base + "/query", {"vector": one, "topK": 1})["matches"]]


class OpenAI:
    whole, most = False, 3  # a file is a call of its own

    def __init__(self, name):
        self.name, self.files = name, {}

    def open(self, connection):
        stores = [s["id"] for s in ask(connection, "GET", "/v1/vector_stores?limit=1000")["data"] if s["name"] == self.name]
        self.base = "/v1/vector_stores/" + (stores or [ask(connection, "POST", "/v1/vector_stores", {"name": self.name})["id"]])[0]

    @staticmethod
    def word(key, version):
        return "mark" + key.replace("-", "x") + "v" + str(version)

    def upload(self, connection, key, version):
        text = f"The only word of this record is {self.word(key, version)}."
        body = (f'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n--b\r\nContent-Disposition: form-data; '
                f'name="file"; filename="{key}.txt"\r\n\r\n{text}\r\n--b--\r\n')
        connection.request("POST", "/v1/files", body, {"content-type": "multipart/form-data; boundary=b"})
        answer = connection.getresponse()
        data = answer.read()
        assert answer.status == 200, (answer.status, data)
        return json.loads(data)["id"]

    def drop(self, connection, file):
        ask(connection, "DELETE", f"{self.base}/files/{file}")
        ask(connection, "DELETE", f"/v1/files/{file}")

    def upsert(self, connection, ids, vectors, versions):
        for key, version in zip(ids, versions):
            before = self.files.get(key)
            file = self.upload(connection, key, version)
            ask(connection, "POST", self.base + "/files", {"file_id": file, "attributes": {"key": key, "version": version}})
            self.files[key] = file
            if before:
                self.drop(connection, before)

    def delete(self, connection, ids):
        for key in ids:
            if key in self.files:
                self.drop(connection, self.files[key])
                del self.files[key]

    def everything(self, connection):
        until = time.time() + 60
        while True:
            rows = ask(connection, "GET", self.base + "/files?limit=10000")["data"]
            if not any(row["status"] == "in_progress" for row in rows):
                break
            assert time.time() < until, "files stay in progress"
            time.sleep(0.05)
        assert all(row["status"] == "completed" for row in rows), [r for r in rows if r["status"] != "completed"][:3]
        assert len({row["id"] for row in rows}) == len(rows), "a file is there twice"
        assert ask(connection, "GET", self.base)["file_counts"]["completed"] == len(rows), "count differs"
        newest, self.files = {}, {}
        for row in sorted(rows, key=lambda r: r["attributes"]["version"]):
            key = row["attributes"]["key"]
            if key in self.files:  # the kill came between the new one and the end of the old one
                self.drop(connection, self.files[key])
            newest[key], self.files[key] = row["attributes"]["version"], row["id"]
        return newest

    def nearest(self, connection, key, version):
        found = ask(connection, "POST", self.base + "/search", {"query": self.word(key, version), "max_num_results": 1})["data"]
        return [row["attributes"]["key"] for row in found]


class Writer:
    """One client: what it knows to be there, and what was in flight when the server died."""

    def __init__(self, number, api):
        self.number, self.api, self.known, self.doubt = number, api, {}, {}
        self.random, self.version, self.acknowledged = random.Random(number), 0, 0
        self.refused = None

    def key(self, number):
        return f"c{self.number}-{number}"

    def write(self, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        with contextlib.suppress(OSError, http.client.HTTPException):
            while self.refused is None:
                numbers = self.random.sample(range(IDS), self.random.randint(1, self.api.most))
                self.version += 1
                delete = self.random.random() < 0.25
                after = {n: None if delete else self.version for n in numbers}
                self.doubt = after
                ids = [self.key(n) for n in numbers]
                try:
                    if delete:
                        self.api.delete(connection, ids)
                    else:
                        self.api.upsert(connection, ids, [vector(i, self.version) for i in ids], [self.version] * len(ids))
                except AssertionError as e:
                    self.refused = str(e)
                    return
                self.known.update(after)
                self.doubt = {}
                self.acknowledged += len(numbers)

    def check(self, there, connection):
        for number in range(IDS):
            found = there.get(self.key(number))
            allowed = [self.known.get(number)] + ([self.doubt[number]] if number in self.doubt else [])
            assert found in allowed, f"{self.api.name} {self.key(number)}: is {found}, acknowledged was {allowed[0]}"
            self.known[number] = found
        in_flight = {there.get(self.key(n)) == v for n, v in self.doubt.items()} if self.doubt else set()
        assert not self.api.whole or len(in_flight) <= 1 or self.partly_same(there), "a batch is there in part"
        self.doubt = {}
        present = [n for n, v in self.known.items() if v is not None]
        for number in self.random.sample(present, min(20, len(present))):
            found = self.api.nearest(connection, self.key(number), self.known[number])
            assert found == [self.key(number)], f"{self.key(number)} is not found by what is its own: {found}"

    def partly_same(self, there):
        # A delete in flight: ids that were away before are no evidence.
        return all(v is None for v in self.doubt.values())


def start(hanok, folder, port):
    environment = dict(os.environ, HANOK_DATA=folder + "/data", HANOK_CONFIG=folder + "/config.json",
                       HANOK_EMBEDDING_MODEL="none")
    environment.pop("HANOK_API_KEY", None)
    log = open(folder + "/log", "a")
    process = subprocess.Popen([hanok, "serve", "--port", str(port)], env=environment, stdout=log, stderr=log)
    for _ in range(1200):
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", "/healthz")
            if connection.getresponse().read() is not None:
                return process, http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        if process.poll() is not None:
            break
        time.sleep(0.02)
    sys.exit("hanok serve does not start:\n" + open(folder + "/log").read()[-3000:])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("hanok")
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    moments = random.Random(options.seed)
    # A writer of OpenAI's has a vector store of its own: it knows its files by their ids.
    apis = [Chroma("killed-a"), Pinecone("killed-b"), OpenAI("killed-c"), OpenAI("killed-d")]
    writers = [Writer(i, apis[i] if i < 4 else apis[i - 4]) for i in range(6)]
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(options.rounds + 1):
            port = free_port()
            process, connection = start(options.hanok, folder, port)
            for api in apis:
                api.open(connection)
                there = api.everything(connection)
                for writer in writers:
                    if writer.api is api:
                        writer.check(there, connection)
            if turn == options.rounds:
                process.kill()
                process.wait()
                break
            threads = [threading.Thread(target=w.write, args=(port,)) for w in writers]
            for thread in threads:
                thread.start()
            time.sleep(moments.uniform(0.02, 0.6))
            process.kill()
            process.wait()
            for thread in threads:
                thread.join()
            for writer in writers:
                assert writer.refused is None, writer.refused
            if turn % 10 == 9:
                print(f"{turn + 1} rounds, {sum(w.acknowledged for w in writers)} records acknowledged", flush=True)
    print(json.dumps({"rounds": options.rounds, "acknowledged": sum(w.acknowledged for w in writers), "faults": 0}))


main()
