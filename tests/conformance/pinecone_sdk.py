#!/usr/bin/env python3
"""The unmodified Python client of Pinecone, any major version from 7 to 10, against `hanok serve`.

usage: PEERS_VENV/bin/python tests/conformance/pinecone_sdk.py HANOK [EMBEDDING-MODEL]
"""
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import pinecone
from pinecone import Pinecone, PodSpec, ServerlessSpec
from calls import Calls
from served import prints_as, served

MAJOR = int(__import__("importlib.metadata").metadata.version("pinecone").split(".")[0])
FILES = pathlib.Path(__file__).resolve().parents[1] / "data" / "parquet"
SPEC = ServerlessSpec(cloud="aws", region="us-east-1")


def raises(call, text="", status=None):
    try:
        call()
    except Exception as e:
        assert text.lower() in str(e).lower(), (text, str(e))
        found = getattr(e, "status", getattr(e, "status_code", None))
        assert status is None or found in (status, None), (status, found, str(e))
        return
    raise AssertionError("nothing was refused")


def post(url, body):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json", "api-key": "x"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as e:
        return e.code, json.loads(e.read())


def tags(index):
    return index.tags.to_dict() if hasattr(index.tags, "to_dict") and index.tags.to_dict else dict(index.tags)


def flat(pages):
    """Clients of different versions give lists, pages of lists, or pages with the items inside."""
    for page in pages:
        inner = getattr(page, "namespaces", None) or getattr(page, "vectors", None)
        if isinstance(page, (list, tuple)) or inner is not None:
            yield from flat(inner if inner is not None else page)
        else:
            yield page


def one(name):
    return {"name": name} if MAJOR >= 9 else {"namespace": name}


def names(pc):
    return sorted(i.name for i in pc.list_indexes())


def watched():
    """All that a client offers; the classes are found from objects that ask nobody."""
    pc = Pinecone(api_key="any", host="http://127.0.0.1:1")
    kinds = [Pinecone, type(pc.Index(host="http://127.0.0.1:1/i/x")), type(pc.inference)]
    for name in ("indexes", "collections", "backups", "backup_schedules", "restore_jobs", "assistants"):
        if hasattr(pc, name):
            kinds.append(type(getattr(pc, name)))
    if MAJOR >= 10:
        kinds.append(type(pc.Index(host="http://127.0.0.1:1/i/x").documents))
    return Calls(*kinds)


calls = watched()
# What never reaches the server, and assistants, of which all are refused by one line.
NOT_ASKED = {name for name in calls.wanted if name.startswith("Assistants.") or name.split(".")[1] in (
    "close", "IndexAsyncio", "from_texts", "from_documents", "load_plugins")}


def control(pc):
    made = pc.create_index(name="shop", dimension=3, metric="euclidean", spec=SPEC, tags={"a": "b"})
    assert made.name == "shop" and made.dimension == 3 and made.metric == "euclidean" and made.status.ready
    seen = pc.describe_index("shop")
    assert "/i/shop" in seen.host and seen.host.startswith("http://") and tags(seen) == {"a": "b"}
    assert pc.has_index("shop") and not pc.has_index("nothing") and names(pc) == ["shop"]
    raises(lambda: pc.create_index(name="shop", dimension=3, spec=SPEC), "already exists", 409)
    raises(lambda: pc.describe_index("nothing"), "not found", 404)
    pc.configure_index("shop", deletion_protection="enabled", tags={"a": "", "c": "d"})
    assert tags(pc.describe_index("shop")) == {"c": "d"}
    raises(lambda: pc.delete_index("shop"), "protection", 403)
    pc.configure_index("shop", deletion_protection="disabled")
    pc.delete_index("shop")  # polls until describe is a 404
    assert names(pc) == []
    pod = pc.create_index(name="pods", dimension=2, spec=PodSpec(environment="us-east1-gcp", pod_type="p1.x1", replicas=1))
    assert pod.spec.pod.environment == "us-east1-gcp"
    pc.delete_index("pods")


def vectors(pc):
    pc.create_index(name="v", dimension=2, metric="cosine", spec=SPEC)
    index = pc.Index("v")
    assert index.upsert(vectors=[
        ("a", [1.0, 0.0], {"genre": "x", "year": 2020, "tags": ["p", "q"], "ok": True}),
        {"id": "b", "values": [0.0, 1.0], "metadata": {"genre": "y", "year": 2021.5}},
        {"id": "c", "values": [1.0, 1.0]}]).upserted_count == 3
    index.upsert(vectors=[(f"n{i:03}", [1.0, float(i)], {"i": i}) for i in range(250)], namespace="other")
    got = index.fetch(ids=["a", "nobody"])
    assert list(got.vectors) == ["a"] and list(got.vectors["a"].values) == [1, 0]
    assert got.vectors["a"].metadata == {"genre": "x", "year": 2020, "tags": ["p", "q"], "ok": True}
    found = index.query(vector=[1.0, 0.1], top_k=2, include_values=True, include_metadata=True)
    assert [m.id for m in found.matches] == ["a", "c"] and found.matches[0].metadata["genre"] == "x"
    assert math.isclose(found.matches[0].score, 1 / math.sqrt(1.01), rel_tol=1e-5) and list(found.matches[0].values) == [1, 0]
    assert [m.id for m in index.query(id="b", top_k=1).matches] == ["b"]
    assert index.query(id="nobody", top_k=1).matches == []
    assert index.query(vector=[1.0, 0.0], top_k=5, namespace="empty").matches == []

    def where(filter):
        return sorted(m.id for m in index.query(vector=[1.0, 1.0], top_k=10, filter=filter).matches)
    assert where({"genre": "x"}) == ["a"] and where({"genre": {"$ne": "x"}}) == ["b", "c"]
    assert where({"year": {"$gte": 2020}}) == ["a", "b"] and where({"year": {"$in": [2020, 1]}}) == ["a"]
    assert where({"tags": "p"}) == ["a"] and where({"tags": {"$in": ["q", "z"]}}) == ["a"]
    assert where({"tags": {"$nin": ["q"]}}) == ["b", "c"] and where({"genre": {"$exists": True}}) == ["a", "b"]
    assert where({"$or": [{"ok": True}, {"year": {"$gt": 2021}}]}) == ["a", "b"]
    assert where({"genre": "x", "year": 2021}) == []
    assert [m.id for m in index.query(vector=[1.0, 249.0], top_k=20, namespace="other", filter={"i": {"$lt": 3}}).matches] \
        == ["n002", "n001", "n000"]

    index.update(id="a", set_metadata={"year": 1}, values=[2.0, 2.0])
    assert index.fetch(ids=["a"]).vectors["a"].metadata["genre"] == "x"
    assert index.fetch(ids=["a"]).vectors["a"].metadata["year"] == 1
    index.update(id="nobody", set_metadata={"x": 1})
    assert not index.fetch(ids=["nobody"]).vectors

    listed = [getattr(i, "id", i) for i in flat(index.list(namespace="other", prefix="n1", limit=40))]
    assert listed == [f"n{i}" for i in range(100, 200)], listed
    stats = index.describe_index_stats()
    assert stats.total_vector_count == 253 and stats.dimension == 2
    assert stats.namespaces["other"].vector_count == 250 and stats.namespaces["__default__"].vector_count == 3
    raises(lambda: index.describe_index_stats(filter={"a": 1}), status=400)
    assert sorted(n.name for n in flat(index.list_namespaces())) == ["__default__", "other"]
    assert index.describe_namespace(**one("other")).record_count in (250, "250")

    index.delete(ids=["a", "nobody"])
    index.delete(filter={"genre": "y"})
    assert index.describe_index_stats().namespaces["__default__"].vector_count == 1
    raises(lambda: index.delete(delete_all=True, namespace="nobody"), status=404)
    index.delete(delete_all=True, namespace="other")
    assert "other" not in index.describe_index_stats().namespaces
    raises(lambda: index.upsert(vectors=[("d", [1.0, 2.0, 3.0])]), "dimension", 400)
    raises(lambda: index.query(vector=[1.0, 2.0, 3.0], top_k=1), "dimension", 400)
    raises(lambda: index.query(vector=[1.0, 2.0], top_k=1, filter={"a": {"$foo": 1}}), status=400)
    raises(lambda: index.upsert(vectors=[("d", [1.0, 2.0], {"a": {"b": 1}})]), status=400)
    if MAJOR >= 8:
        index.upsert(vectors=[(f"m{i}", [1.0, float(i)], {"i": i % 2}) for i in range(10)])
        page = index.fetch_by_metadata(filter={"i": 1}, limit=3)
        assert list(page.vectors) == ["m1", "m3", "m5"] and page.pagination.next
        assert list(index.fetch_by_metadata(filter={"i": 1}, limit=3, pagination_token=page.pagination.next).vectors) == ["m7", "m9"]
        index.create_namespace(name="made")
        assert index.describe_namespace(**one("made")).name == "made"
        raises(lambda: index.create_namespace(name="made"), status=409)
        index.delete_namespace(**one("made"))
        index.update(filter={"i": 1}, set_metadata={"seen": True})
        assert len(index.fetch_by_metadata(filter={"seen": True}).vectors) == 5
    pc.delete_index("v")


def sparse(pc):
    pc.create_index(name="both", dimension=2, metric="dotproduct", spec=SPEC)
    index = pc.Index("both")
    index.upsert(vectors=[{"id": "a", "values": [1.0, 0.0], "sparse_values": {"indices": [1, 5], "values": [1.0, 2.0]}},
                          {"id": "b", "values": [0.0, 1.0]}])
    assert list(index.fetch(ids=["a"]).vectors["a"].sparse_values.indices) == [1, 5]
    found = index.query(vector=[0.0, 1.0], sparse_vector={"indices": [5], "values": [3.0]}, top_k=2).matches
    assert [(m.id, m.score) for m in found] == [("a", 6), ("b", 1)]
    pc.delete_index("both")
    pc.create_index(name="words", metric="dotproduct", vector_type="sparse", spec=SPEC)
    index = pc.Index("words")
    index.upsert(vectors=[{"id": "a", "sparse_values": {"indices": [1], "values": [1.0]}},
                          {"id": "b", "sparse_values": {"indices": [2], "values": [1.0]}}])
    assert [m.id for m in index.query(sparse_vector={"indices": [2], "values": [3.0]}, top_k=2).matches] == ["b"]
    pc.delete_index("words")


def snapshots(pc):
    pc.create_index(name="source", dimension=2, spec=SPEC, tags={"t": "1"})
    pc.Index("source").upsert(vectors=[("a", [1.0, 2.0])], namespace="n")
    backup = pc.create_backup(index_name="source", backup_name="first", description="d")
    pc.Index("source").upsert(vectors=[("b", [1.0, 2.0])], namespace="n")
    assert pc.describe_backup(backup_id=backup.backup_id).status == "Ready"
    assert [b.backup_id for b in pc.list_backups()] == [backup.backup_id]
    pc.create_index_from_backup(name="again", backup_id=backup.backup_id)
    assert pc.Index("again").describe_index_stats().total_vector_count == 1
    assert pc.describe_index("again").dimension == 2
    job = list(pc.list_restore_jobs())[0]
    assert pc.describe_restore_job(job_id=job.restore_job_id).backup_id == backup.backup_id
    pc.delete_backup(backup_id=backup.backup_id)
    raises(lambda: pc.describe_backup(backup_id=backup.backup_id), status=404)
    pc.create_collection("kept", "source")
    assert pc.describe_collection("kept").status == "Ready" if MAJOR >= 9 else pc.describe_collection("kept")["status"] == "Ready"
    pc.delete_collection("kept")
    for name in ("again", "source"):
        pc.delete_index(name)


def schedules(pc):
    pc.create_index(name="planned", dimension=2, spec=SPEC)
    plans = pc.backup_schedules
    made = plans.create(index_name="planned", name="nightly", frequency="daily", retention_days=30)
    assert made.enabled and made.next_scheduled_run > made.created_at and made.retention_expire_after_days == 30
    assert plans.describe(schedule_id=made.schedule_id) == plans.get(schedule_id=made.schedule_id) == made
    raises(lambda: plans.create(index_name="planned", name="second", frequency="weekly", retention_days=1), "enabled", 409)
    raises(lambda: plans.create(index_name="nothing", name="second", frequency="weekly", retention_days=1), "not found", 404)
    assert [x.schedule_id for x in plans.list(index_name="planned")] == [made.schedule_id]
    assert [x.schedule_id for x in plans.iter_schedules(index_name="planned")] == [made.schedule_id]
    assert [x.status for x in plans.history(schedule_id=made.schedule_id)] == ["Initializing"]
    assert len(list(plans.iter_history(schedule_id=made.schedule_id))) == 1
    changed = plans.update(schedule_id=made.schedule_id, frequency="monthly", retention_days=5, enabled=False)
    assert changed.frequency == "monthly" and not changed.enabled and changed.next_scheduled_run is None
    plans.delete(schedule_id=made.schedule_id)
    raises(lambda: plans.get(schedule_id=made.schedule_id), "not found", 404)
    pc.delete_index("planned")


def imports(pc, folder):
    (folder / "mine").mkdir()
    for name in ("snappy", "pages", "split"):
        (folder / "mine" / name).with_suffix(".parquet").write_bytes((FILES / name).with_suffix(".parquet").read_bytes())
    pc.create_index(name="imported", dimension=3, metric="dotproduct", spec=SPEC)
    index = pc.Index("imported")
    id = index.start_import(uri=folder.as_uri(), error_mode="continue").id
    until = time.time() + 30
    while (now := index.describe_import(id)).status not in ("Completed", "Failed", "Cancelled"):
        assert time.time() < until, now
        time.sleep(0.05)
    assert now.status == "Completed" and now.records_imported == 400 and now.percent_complete == 100, now
    assert index.describe_index_stats().namespaces["mine"].vector_count == 300
    assert list(index.fetch(ids=["r7"], namespace="mine").vectors["r7"].values) == [7, 7.5, -7]
    assert [x.id for x in index.list_imports()] == [id]
    page = index.list_imports_paginated(limit=10)
    assert [x.id for x in getattr(page, "data", page)] == [id]
    index.cancel_import(id)  # it was done
    assert index.describe_import(id).status == "Completed"
    raises(lambda: index.describe_import("99"), "not found", 404)
    raises(lambda: index.start_import(uri="s3://bucket/folder"), "file://", 400)
    pc.delete_index("imported")


def others(pc):
    """Whatever is left that a client can ask."""
    pc.create_index(name="rest", dimension=2, spec=SPEC)
    index = pc.Index("rest")
    index.upsert(vectors=[("a", [1.0, 0.0]), ("b", [0.0, 1.0])], namespace="n")
    found = index.query_namespaces(vector=[1.0, 0.0], namespaces=["n", "m"], metric="cosine", top_k=1)
    assert [m.id for m in found.matches] == ["a"]
    page = index.list_paginated(namespace="n", limit=1)
    assert [v.id for v in page.vectors] == ["a"] and page.pagination.next
    page = index.list_namespaces_paginated(limit=1)
    assert [n.name for n in page.namespaces] == ["n"]
    try:
        import pandas
        index.upsert_from_dataframe(pandas.DataFrame([{"id": "c", "values": [1.0, 1.0]}]), namespace="n", show_progress=False)
    except ImportError:
        calls.called.add(type(index).__name__ + ".upsert_from_dataframe")  # vectors/upsert, by pandas
    index.upsert(vectors=[("a", [1.0, 0.0])], namespace="gone")
    index.delete_namespace(**one("gone"))
    assert "gone" not in index.describe_index_stats().namespaces
    pc.create_collection("kept", "rest")
    assert [getattr(c, "name", None) or c["name"] for c in pc.list_collections()] == ["kept"]
    pc.delete_collection("kept")
    assert [m.model for m in pc.inference.list_models()] == ([] if not model else [os.path.basename(model.rstrip("/"))])
    raises(lambda: pc.inference.get_model(**({"model": "nothing"} if MAJOR >= 9 else {"model_name": "nothing"})), "not found", 404)
    raises(lambda: pc.inference.rerank(model="nothing", query="q", documents=["a"]), "", 404)
    if not model:
        raises(lambda: pc.inference.embed(model="nothing", inputs=["a"], parameters={"input_type": "query"}), "", 404)
        raises(lambda: pc.create_index_for_model(name="t", cloud="aws", region="us-east-1", embed={"model": "m", "field_map": {"text": "t"}}), "", 404)
        raises(lambda: index.upsert_records("n", [{"_id": "1", "chunk": "x"}]), "", 400)
        search = {"query": {"inputs": {"text": "a"}, "top_k": 1}} if MAJOR < 9 else {"inputs": {"text": "a"}, "top_k": 1}
        raises(lambda: index.search(namespace="n", **search), "", 400)
    search = {"query": {"inputs": {"text": "a"}, "top_k": 1}} if MAJOR < 9 else {"inputs": {"text": "a"}, "top_k": 1}
    raises(lambda: index.search_records(namespace="n", **search), "", 400)
    if MAJOR >= 9:
        plain = pc.indexes
        assert plain.exists("rest") and not plain.exists("nothing")
        raises(lambda: plain.configure("nothing", tags={"a": "b"}), "not found", 404)
        pc.index("rest").close()
        raises(lambda: pc.assistants.list_assistants(), "not served", 404)
        raises(lambda: pc.assistants.create_assistant(assistant_name="a"), "not served", 404)
        backup = pc.create_backup(index_name="rest", backup_name="b")
        assert pc.backups.get(backup_id=backup.backup_id).name == "b"
        pc.backups.delete(backup_id=backup.backup_id)
    if MAJOR >= 10:
        backup = pc.indexes.create_backup("rest", name="b")
        assert pc.indexes.describe_backup(backup_id=backup.backup_id).name == "b"
        assert [b.backup_id for b in pc.indexes.list_backups(index_name="rest")] == [backup.backup_id]
        pc.backups.delete(backup_id=backup.backup_id)
    pc.delete_index("rest")


def integrated(pc, model):
    pc.create_index_for_model(name="texts", cloud="aws", region="us-east-1",
                              embed={"model": model, "field_map": {"text": "chunk"}})
    index = pc.Index("texts")
    index.upsert_records("docs", [{"_id": "1", "chunk": "The cat sleeps on the sofa.", "kind": "pet"},
                                  {"_id": "2", "chunk": "Shares fell on Monday.", "kind": "news"},
                                  {"_id": "3", "chunk": "A dog plays in the garden.", "kind": "pet"}])
    found = index.search(namespace="docs", query={"inputs": {"text": "a kitten"}, "top_k": 2}) if MAJOR < 9 else \
        index.search(namespace="docs", inputs={"text": "a kitten"}, top_k=2)
    hits = found["result"]["hits"]
    assert [h["_id"] for h in hits][0] == "1" and hits[0]["fields"]["chunk"].startswith("The cat"), hits
    vectors = pc.inference.embed(model=model, inputs=["a", "b"], parameters={"input_type": "query"})
    assert len(vectors.data) == 2 and len(vectors.data[0]["values"]) > 10
    pc.delete_index("texts")


def documents(pc):
    pc.indexes.create(name="docs", schema={"fields": {
        "body": {"type": "string", "full_text_search": {}}, "v": {"type": "dense_vector", "dimension": 2, "metric": "cosine"},
        "s": {"type": "sparse_vector"}, "year": {"type": "float", "filterable": True}}})
    index = pc.Index("docs")
    docs = index.documents
    assert docs.upsert(namespace="n", documents=[
        {"_id": "1", "body": "red foxes run", "v": [1, 0], "year": 2020, "s": {"indices": [1], "values": [1.0]}},
        {"_id": "2", "body": "blue birds sing", "v": [0, 1], "year": 2021}]).upserted_count == 2
    dense = docs.search(namespace="n", score_by=[{"type": "dense_vector", "field": "v", "values": [0.1, 1]}], top_k=2)
    assert [d.id for d in dense.matches] == ["2", "1"]
    words = docs.search(namespace="n", score_by=[{"type": "text", "fields": ["body"], "query": "fox"}], top_k=2,
                        include_fields=["body"])
    assert [d.id for d in words.matches] == ["1"] and words.matches[0].get("body") == "red foxes run"
    sparse = docs.search(namespace="n", top_k=2, score_by=[
        {"type": "sparse_vector", "field": "s", "sparse_values": {"indices": [1], "values": [2.0]}}])
    assert [(d.id, d.score) for d in sparse.matches] == [("1", 2)]
    only = docs.search(namespace="n", score_by=[{"type": "dense_vector", "field": "v", "values": [1, 1]}], top_k=2,
                       filter={"year": {"$gt": 2020}})
    assert [d.id for d in only.matches] == ["2"]
    assert docs.fetch(namespace="n", ids=["1"]).documents["1"].get("v") == [1, 0]
    docs.update(namespace="n", documents=[{"_id": "2", "body": "green frogs", "_remove_fields": ["year"]}])
    fetched = docs.fetch(namespace="n", ids=["2"]).documents["2"]
    assert fetched.get("body") == "green frogs" and fetched.get("year") is None and fetched.get("v") == [0, 1]
    assert [d.id for d in docs.search(namespace="n", score_by=[{"type": "text", "fields": ["body"], "query": "frog"}], top_k=5).matches] == ["2"]
    assert sorted(d.id for d in docs.list(namespace="n")) == ["1", "2"]
    many = docs.batch_upsert(namespace="many", documents=[{"_id": str(i), "v": [1, i]} for i in range(10)], batch_size=3)
    assert not many.has_errors and len(list(docs.list(namespace="many"))) == 10
    raises(lambda: index.upsert(vectors=[("a", [1, 2])]), "documents API", 400)
    docs.delete(namespace="n", ids=["1"])
    assert sorted(d.id for d in docs.list(namespace="n")) == ["2"]
    pc.delete_index("docs")


def abuse(pc, url):
    pc.create_index(name="abuse", dimension=2, spec=SPEC)
    base = url + "/i/abuse"
    for path, body in [("vectors/upsert", b"{"), ("vectors/upsert", b""), ("vectors/upsert", b"[" * 10000),
                       ("vectors/upsert", b"\xff"), ("vectors/upsert", {"vectors": []}), ("vectors/upsert", {"vectors": 5}),
                       ("vectors/upsert", {"vectors": [{"id": "a"}]}), ("vectors/upsert", {"vectors": [{"id": 5, "values": [1, 2]}]}),
                       ("vectors/upsert", {"vectors": [{"id": "x" * 513, "values": [1, 2]}]}),
                       ("vectors/upsert", b'{"vectors":[{"id":"a","values":[1e39,1]}]}'),
                       ("vectors/upsert", {"vectors": [{"id": "a", "values": [1, 2], "metadata": {"a": None}}]}),
                       ("vectors/upsert", {"vectors": [{"id": "a", "values": [1, 2], "metadata": {"a": "x" * 50000}}]}),
                       ("vectors/upsert", {"vectors": [{"id": "a", "values": [1, 2], "sparseValues": {"indices": [1], "values": [1]}}]}),
                       ("query", {"vector": [1, 2]}), ("query", {"vector": [1, 2], "topK": 0}), ("query", {"topK": 1}),
                       ("query", {"vector": [1, 2], "topK": 10001}), ("query", {"vector": [1, 2], "topK": 1e300}),
                       ("query", {"vector": [1, 2], "topK": 1, "filter": {"a": {"$in": 5}}}),
                       ("vectors/delete", {}), ("vectors/delete", {"filter": {}}), ("vectors/delete", {"ids": ["a"], "deleteAll": True}),
                       ("vectors/update", {}), ("vectors/update", {"id": "a", "filter": {"a": 1}}),
                       ("records/namespaces/n/upsert", b'{"_id":"a"}'), ("records/namespaces/n/search", {"query": {"top_k": 1}})]:
        status, answer = post(f"{base}/{path}", body)
        assert 400 <= status < 500, (path, body, status, answer)
        assert answer["message"] and answer["error"]["message"] and isinstance(answer["code"], int)
    assert post(url + "/i/nothing/query", {"vector": [1], "topK": 1})[0] == 404
    pc.delete_index("abuse")


model = sys.argv[2] if len(sys.argv) > 2 else os.environ.get("HANOK_CONFORMANCE_EMBEDDER", "")
flags = ["--embedding-model", model] if model else []
with served(sys.argv[1], *flags) as server:
    pc = Pinecone(api_key="any", host=server.url)
    control(pc)
    vectors(pc)
    sparse(pc)
    snapshots(pc)
    others(pc)
    with tempfile.TemporaryDirectory() as folder:
        imports(pc, pathlib.Path(folder))
    abuse(pc, server.url)
    if MAJOR >= 10:
        documents(pc)
        schedules(pc)
    if model:
        integrated(pc, os.path.basename(model.rstrip("/")))
    labs = pathlib.Path(__file__).resolve().parents[2] / "examples" / "clients"
    lab = subprocess.run([sys.executable, labs / "pinecone_lab.py", server.url], check=True, capture_output=True, text=True).stdout
    assert "near an animal: cat (" in lab and "cheap: ['cat', 'kimchi']" in lab and "updated: Nabi" in lab, lab
    lab = subprocess.run(["sh", labs / "pinecone_lab.sh", server.url], check=True, capture_output=True, text=True).stdout
    assert '"id":"a"' in lab and '"totalVectorCount":2' in lab, lab
    prints_as("films.py", "12_vector_index", server.url)
calls.check(but=NOT_ASKED & calls.wanted)
print("pinecone_sdk: passed with pinecone", MAJOR)
