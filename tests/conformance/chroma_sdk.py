#!/usr/bin/env python3
"""The unmodified Python client of Chroma (chromadb.HttpClient) against `hanok serve`.

usage: PEERS_VENV/bin/python tests/conformance/chroma_sdk.py HANOK

Besides what a server of Chroma does: hybrid search, sparse vectors and forks, which it leaves to its cloud, and the places
where it is wrong (unknown ids in a query, numbers that are no float32, regular expressions that explode).
"""
import json
import math
import pathlib
import subprocess
import sys
import urllib.error
import urllib.request
import uuid

import chromadb
import chromadb.api.client
import numpy
from chromadb.api.types import EmbeddingFunction, SparseVector
from chromadb.errors import ChromaError, InvalidArgumentError, NotFoundError
from chromadb.execution.expression import GroupBy, K, Knn, MinK, Rrf, Search
from calls import Calls
from chromadb.api.functions import STATISTICS_FUNCTION
from chromadb.api.models.Collection import Collection
from served import prints_as, served


def raises(kind, call, text=""):
    try:
        call()
    except kind as e:
        assert text in str(e), (text, str(e))
        return
    raise AssertionError(f"no {kind.__name__}")


def post(url, body):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as e:
        return e.code, json.loads(e.read())


class Mine(EmbeddingFunction):
    def __init__(self):
        pass

    def __call__(self, input):
        return [numpy.array([len(text), text.count("a"), 1], dtype=numpy.float32) for text in input]

    @staticmethod
    def name():
        return "mine"

    def get_config(self):
        return {"b": 1, "a": [1, 2]}

    @staticmethod
    def build_from_config(config):
        assert config == {"b": 1, "a": [1, 2]}
        return Mine()


chromadb.utils.embedding_functions.register_embedding_function(Mine)


calls = Calls(chromadb.api.client.Client, chromadb.api.client.AdminClient, Collection)


def server_itself(client):
    assert client.heartbeat() > 0
    assert client.get_version()
    assert client.get_max_batch_size() >= 41666
    assert client.get_user_identity().databases == ["default_database"]


def collections(client):
    made = client.create_collection("things", metadata={"a": 1, "b": 1.5, "c": "x", "d": True},
                                    configuration={"hnsw": {"space": "cosine", "ef_search": 55}}, embedding_function=Mine())
    assert made.configuration["hnsw"]["space"] == "cosine" and made.configuration["hnsw"]["ef_search"] == 55
    again = client.get_collection("things")  # its embedding function is made from what the server kept
    assert again.id == made.id and again.metadata == {"a": 1, "b": 1.5, "c": "x", "d": True}
    assert isinstance(again.configuration["embedding_function"], Mine)
    raises(ChromaError, lambda: client.create_collection("things"), "exists")
    assert client.get_or_create_collection("things", embedding_function=Mine()).id == made.id
    assert client.get_collection_by_id(made.id).name == "things"
    raises(NotFoundError, lambda: client.get_collection_by_id(uuid.UUID(int=1)), "does not exist")
    raises(NotFoundError, lambda: client.get_collection("nothing"), "does not exist")
    made.modify(name="stuff", metadata={"new": 1}, configuration={"hnsw": {"ef_search": 77}})
    changed = client.get_collection("stuff")
    assert changed.id == made.id and changed.metadata == {"new": 1}
    assert changed.configuration["hnsw"]["ef_search"] == 77 and changed.configuration["hnsw"]["space"] == "cosine"
    assert client.count_collections() == 1 and [c.name for c in client.list_collections()] == ["stuff"]
    client.delete_collection("stuff")
    raises(NotFoundError, lambda: client.delete_collection("stuff"))
    raises(NotFoundError, lambda: changed.count())
    assert client.create_collection("old", metadata={"hnsw:space": "ip"}).configuration["hnsw"]["space"] == "ip"
    client.delete_collection("old")


def records(client):
    c = client.create_collection("records")
    c.add(ids=["a", "b", "c"], embeddings=[[0, 0], [1, 0], [3, 4]], documents=["red fox", "blue bird", None],
          metadatas=[{"n": 1, "tags": ["x", "y"], "f": 1.0}, {"n": 2, "s": "t"}, None], uris=["u:a", None, None])
    assert c.count() == 3
    c.add(ids=["a"], embeddings=[[9, 9]])  # is there already: left alone
    got = c.get(ids=["b", "a", "nobody"], include=["embeddings", "documents", "metadatas", "uris"])
    assert got["ids"] == ["a", "b"] and got["embeddings"].tolist() == [[0, 0], [1, 0]]
    assert got["documents"] == ["red fox", "blue bird"] and got["uris"] == ["u:a", None]
    assert got["metadatas"][0] == {"n": 1, "tags": ["x", "y"], "f": 1.0} and type(got["metadatas"][0]["f"]) is float
    assert c.get(limit=1, offset=1)["ids"] == ["b"] and c.get(include=[])["documents"] is None
    found = c.query(query_embeddings=[[0, 0], [3, 3]], n_results=2, include=["distances", "documents", "embeddings"])
    assert found["ids"] == [["a", "b"], ["c", "a"]] or found["ids"] == [["a", "b"], ["c", "b"]]
    assert found["distances"][0] == [0, 1] and math.isclose(found["distances"][1][0], 1)
    assert c.query(query_embeddings=[[0, 0]], n_results=100)["ids"] == [["a", "b", "c"]]
    assert c.query(query_embeddings=[[0, 0]], ids=["c"])["ids"] == [["c"]]
    raises(NotFoundError, lambda: c.query(query_embeddings=[[0, 0]], ids=["c", "nobody"]), "Error finding id")  # no 500

    def where(**what):
        return c.get(**what)["ids"]
    assert where(where={"n": 1}) == ["a"] and where(where={"n": {"$ne": 1}}) == ["b", "c"]
    assert where(where={"n": 1.0}) == ["a"] and where(where={"n": {"$in": [2, 3]}}) == ["b"]
    assert where(where={"$or": [{"n": {"$gt": 1}}, {"f": 1.0}]}) == ["a", "b"]
    assert where(where={"tags": {"$contains": "x"}}) == ["a"]
    assert where(where={"tags": {"$not_contains": "x"}}) == ["b", "c"]
    assert where(where_document={"$contains": "fox"}) == ["a"]
    assert where(where_document={"$regex": "b.*d$"}) == ["b"]
    assert where(where_document={"$and": [{"$not_contains": "fox"}, {"$contains": "bird"}]}) == ["b"]
    assert where(where={"n": {"$gte": 1}}, where_document={"$contains": "blue"}) == ["b"]

    c.update(ids=["a", "nobody"], embeddings=[[0, 0], [1, 1]], metadatas=[{"n": 5, "tags": None}, {"n": 7}], documents=["green fox", "x"])
    assert c.get(ids=["a"])["metadatas"] == [{"n": 5, "f": 1.0}] and c.get(ids=["a"])["documents"] == ["green fox"]
    c.upsert(ids=["c", "d"], embeddings=[[3, 4], [7, 7]], metadatas=[{"n": 3}, {"n": 4}])
    assert c.count() == 4 and c.get(ids=["c"])["metadatas"] == [{"n": 3}]
    raises(InvalidArgumentError, lambda: c.add(ids=["e"], embeddings=[[1, 2, 3]]), "dimension of 2, got 3")
    raises(InvalidArgumentError, lambda: c.query(query_embeddings=[[1, 2, 3]]), "dimension of 2, got 3")
    for bad in (math.nan, math.inf, 1e39):
        raises(ChromaError, lambda: c.add(ids=["e"], embeddings=[[bad, 1]]))
    assert c.delete(ids=["d", "nobody"])["deleted"] == 1
    c.delete(where={"n": {"$gt": 4}})
    assert c.get()["ids"] == ["b", "c"]
    assert c.get_indexing_status().op_indexing_progress == 1.0
    assert c.peek(1)["ids"] == ["b"]
    client.delete_collection("records")


def many(client):
    random = numpy.random.default_rng(5)
    rows = random.standard_normal((3000, 48), dtype=numpy.float32)
    rows /= numpy.linalg.norm(rows, axis=1, keepdims=True)
    c = client.create_collection("many", configuration={"hnsw": {"space": "cosine"}})
    for begin in range(0, len(rows), 1000):
        c.add(ids=[str(i) for i in range(begin, begin + 1000)], embeddings=rows[begin:begin + 1000],
              metadatas=[{"ten": i % 10, "hundred": i % 100} for i in range(begin, begin + 1000)])
    queries = rows[:20] + 0.1 * random.standard_normal((20, 48), dtype=numpy.float32)
    exact = numpy.argsort(-(queries / numpy.linalg.norm(queries, axis=1, keepdims=True)) @ rows.T, axis=1)
    found = c.query(query_embeddings=queries, n_results=10)["ids"]
    hits = sum(len(set(ids) & {str(i) for i in best[:10]}) for ids, best in zip(found, exact))
    assert hits >= 0.98 * 200, hits
    filtered = c.query(query_embeddings=queries[:1], n_results=30, where={"hundred": 7})["ids"][0]
    assert filtered == [str(i) for i in exact[0] if i % 100 == 7][:30] and len(filtered) == 30  # k whenever k exist
    for _ in range(3):  # Chroma's own server loses some rows to search here
        c.upsert(ids=[str(i) for i in range(0, 3000, 3)], embeddings=rows[::3])
    again = c.query(query_embeddings=rows[::100], n_results=1)["ids"]
    assert again == [[str(i)] for i in range(0, 3000, 100)]
    client.delete_collection("many")


def hybrid(client):
    c = client.create_collection("hybrid", configuration={"hnsw": {"space": "l2"}})
    c.add(ids=["a", "b", "c", "d"], embeddings=[[0, 0], [1, 0], [2, 0], [3, 0]],
          documents=["one", "two", "three", "four"],
          metadatas=[{"g": "x", "words": SparseVector(indices=[1, 2], values=[1.0, 1.0])},
                     {"g": "x", "words": SparseVector(indices=[2], values=[2.0])},
                     {"g": "y", "words": SparseVector(indices=[3], values=[1.0])}, {"g": "y"}])
    kept = c.get(ids=["a"])["metadatas"][0]["words"]
    assert kept.indices == [1, 2] and kept.values == [1.0, 1.0]
    near = c.search(Search().rank(Knn(query=[0.0, 0.0], limit=3)).select(K.SCORE, K.DOCUMENT, "g"))
    assert near["ids"] == [["a", "b", "c"]] and near["scores"] == [[0, 1, 4]]
    assert near["documents"] == [["one", "two", "three"]] and near["metadatas"][0][0] == {"g": "x"}
    words = c.search(Search().rank(Knn(query=SparseVector(indices=[2], values=[1.0]), key="words")).select(K.SCORE))
    assert words["ids"] == [["b", "a"]] and words["scores"] == [[-1, 0]]
    fused = c.search(Search().rank(Rrf([
        Knn(query=[0.0, 0.0], return_rank=True, limit=4, default=100.0),
        Knn(query=SparseVector(indices=[2], values=[1.0]), key="words", return_rank=True, limit=4, default=100.0)])))
    assert fused["ids"][0][:2] == ["a", "b"] or fused["ids"][0][:2] == ["b", "a"]
    only = c.search(Search().where(K("g") == "y").rank(Knn(query=[0.0, 0.0]) * 2 + 1).limit(1).select(K.SCORE))
    assert only["ids"] == [["c"]] and only["scores"] == [[9]]
    grouped = c.search(Search().rank(Knn(query=[0.0, 0.0])).group_by(GroupBy(keys=K("g"), aggregate=MinK(keys=K.SCORE, k=1))))
    assert grouped["ids"] == [["a", "c"]]
    plain = c.search([Search().where(K.DOCUMENT.contains("t")).limit(2), Search().limit(1, offset=3)])
    assert plain["ids"] == [["b", "c"], ["d"]]

    fork = c.fork("forked")
    fork.add(ids=["e"], embeddings=[[4, 0]])
    assert fork.count() == 5 and c.count() == 4 and c.fork_count() == 1 and fork.fork_count() == 1
    c.delete(ids=["a"])
    assert fork.get(ids=["a"])["ids"] == ["a"]
    # What is not here says so.
    raises(ChromaError, lambda: c.attach_function(STATISTICS_FUNCTION, "f", "out"), "not supported")
    raises(ChromaError, lambda: c.detach_function("f"), "not supported")
    raises(NotFoundError, lambda: c.get_attached_function("f"), "not found")
    client.delete_collection("hybrid")
    client.delete_collection("forked")


def tenants(url):
    admin = chromadb.AdminClient(chromadb.Settings(
        chroma_api_impl="chromadb.api.fastapi.FastAPI", chroma_server_host="127.0.0.1",
        chroma_server_http_port=int(url.rsplit(":", 1)[1])))
    admin.create_tenant("other")
    admin.create_database("base", tenant="other")
    raises(ChromaError, lambda: admin.create_tenant("other"), "exists")
    assert [d["name"] for d in admin.list_databases(tenant="other")] == ["base"]
    assert admin.get_tenant("other")["name"] == "other" and admin.get_database("base", tenant="other")["name"] == "base"
    raises(NotFoundError, lambda: admin.get_tenant("nobody"))
    client = chromadb.HttpClient(host="127.0.0.1", port=int(url.rsplit(":", 1)[1]), tenant="other", database="base")
    assert client.list_collections() == []
    client.create_collection("same").add(ids=["1"], embeddings=[[1]])
    default = chromadb.HttpClient(host="127.0.0.1", port=int(url.rsplit(":", 1)[1]))
    raises(NotFoundError, lambda: default.get_collection("same"))
    default.set_tenant("other", "base")
    assert default.get_collection("same").count() == 1
    default.set_database("base")
    default.set_tenant("default_tenant")
    admin.delete_database("base", tenant="other")
    raises(Exception, lambda: admin.get_database("base", tenant="other"))


def abuse(client, url):
    c = client.create_collection("abuse")
    c.add(ids=["a"], embeddings=[[1, 2]], documents=["a" * 1000])
    base = f"{url}/api/v2/tenants/default_tenant/databases/default_database/collections/{c.id}"
    for path, body in [("add", b"{"), ("add", b""), ("add", b"[]"), ("add", b"\xff"), ("add", b"[" * 100000),
                       ("add", {"ids": ["b"]}), ("add", {"ids": "b", "embeddings": [[1, 2]]}),
                       ("add", {"ids": ["b"], "embeddings": [["x", 2]]}), ("add", {"ids": ["b"], "embeddings": [[]]}),
                       ("add", {"ids": ["b"], "embeddings": ["!!!!"]}), ("add", {"ids": ["b"], "embeddings": [None]}),
                       ("add", {"ids": [""], "embeddings": [[1, 2]]}), ("add", {"ids": ["b", "c"], "embeddings": [[1, 2]]}),
                       ("add", {"ids": ["b"], "embeddings": [[1, 2]], "metadatas": [{"#a": 1}]}),
                       ("add", {"ids": ["b"], "embeddings": [[1, 2]], "metadatas": [{"a": {"b": 1}}]}),
                       ("add", {"ids": ["b"], "embeddings": [[1, 2]], "metadatas": [{"a": [1, "b"]}]}),
                       ("add", b'{"ids":["b"],"embeddings":[[NaN,1]]}'), ("add", b'{"ids":["b"],"embeddings":[[1e999,1]]}'),
                       ("query", {"query_embeddings": [[1, 2]], "n_results": -1}),
                       ("query", {"query_embeddings": [[1, 2]], "n_results": 1e300}), ("query", {"query_embeddings": 5}),
                       ("query", {"query_embeddings": [[1, 2]], "include": ["secrets"]}),
                       ("get", {"limit": -1}), ("get", {"where": {"a": {"$foo": 1}}}), ("get", {"where": []}),
                       ("get", {"where_document": {"$regex": "("}}), ("search", {"searches": [{"rank": {"$foo": 1}}]}),
                       ("fork", {"new_name": "x"}), ("conditional/get", {})]:
        status, answer = post(f"{base}/{path}", body)
        assert 400 <= status < 500 or (status == 501 and path.startswith("conditional")), (path, body, status, answer)
        assert answer["error"] and answer["message"], answer
    assert post(f"{base}/query", {"query_embeddings": [[1, 2]], "n_results": 4294967295})[1]["ids"] == [["a"]]
    status, _ = post(f"{base}/get", {"where_document": {"$regex": "(a{1000}){1000}"}})
    assert status == 400 or status == 200
    assert post(f"{base}/get", {"where_document": {"$regex": "(a*)*b"}})[1]["ids"] == []  # linear in the text
    assert post(f"{url}/api/v1/collections", {})[0] == 410
    assert c.count() == 1
    client.delete_collection("abuse")


with served(sys.argv[1], "--allow-reset") as server:
    client = chromadb.HttpClient(host="127.0.0.1", port=server.port)
    server_itself(client)
    collections(client)
    records(client)
    many(client)
    hybrid(client)
    tenants(server.url)
    abuse(client, server.url)
    kept = client.create_collection("kept", metadata={"k": 1})
    kept.add(ids=["a"], embeddings=[[1, 2]], documents=["x"])
    server.kill()  # what was acknowledged is there after it
    server.start()
    client = chromadb.HttpClient(host="127.0.0.1", port=server.port)
    assert client.get_collection("kept").get(include=["embeddings"])["embeddings"].tolist() == [[1, 2]]
    assert client.get_collection("kept").metadata == {"k": 1}
    client.reset()
    assert client.list_collections() == []
    labs = pathlib.Path(__file__).resolve().parents[2] / "examples" / "clients"
    lab = subprocess.run([sys.executable, labs / "chroma_lab.py", server.url], check=True, capture_output=True, text=True).stdout
    assert "near an animal: A cat sleeps on the sofa. (0.0" in lab and "left: ['s0', 's1', 's3']" in lab, lab
    lab = subprocess.run(["sh", labs / "chroma_lab.sh", server.url], check=True, capture_output=True, text=True).stdout
    assert '"ids":[["a"]]' in lab and '"documents":["blue bird"]' in lab, lab
    prints_as("recipes.py", "11_collection", server.url)
# Not of the server: the client's own parts. get_model is pydantic's.
calls.check(but={"Client.get_settings", "Client.close", "Client.from_system", "Client.clear_system_cache"} & calls.wanted
            | {name for name in calls.wanted if name.endswith((".clear_system_cache", ".from_system", ".get_model",
                                                               ".get_chroma_cloud_api_key_from_clients"))})
print("chroma_sdk: passed with chromadb", chromadb.__version__)
