"""An index of vectors: what the course does with Pinecone, unchanged but for the address.

usage: python3 pinecone_lab.py [http://127.0.0.1:8000]
"""
import sys

from pinecone import Pinecone, ServerlessSpec

pc = Pinecone(api_key="any", host=sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")

if pc.has_index("lab"):
    pc.delete_index("lab")
pc.create_index(name="lab", dimension=3, metric="cosine", spec=ServerlessSpec(cloud="aws", region="us-east-1"))
index = pc.Index("lab")

index.upsert(vectors=[
    {"id": "kimchi", "values": [0.9, 0.1, 0.0], "metadata": {"kind": "food", "price": 5}},
    {"id": "cat", "values": [0.0, 0.9, 0.1], "metadata": {"kind": "animal", "price": 0}},
    {"id": "tractor", "values": [0.1, 0.0, 0.9], "metadata": {"kind": "machine", "price": 20000}},
])
index.upsert(vectors=[("dog", [0.4, 0.8, 0.0], {"kind": "animal"})], namespace="more")
print("vectors:", index.describe_index_stats().total_vector_count)

for match in index.query(vector=[0.2, 1.0, 0.0], top_k=2, include_metadata=True).matches:
    print(f"near an animal: {match.id} ({match.score:.3f}) {match.metadata['kind']}")
cheap = index.query(vector=[0.2, 1.0, 0.0], top_k=3, filter={"price": {"$lt": 100}})
print("cheap:", [match.id for match in cheap.matches])
print("in the other namespace:", [m.id for m in index.query(vector=[1, 1, 0], top_k=3, namespace="more").matches])

index.update(id="cat", set_metadata={"name": "Nabi"})
print("updated:", index.fetch(ids=["cat"]).vectors["cat"].metadata["name"])
index.delete(ids=["tractor"])
print("left:", index.describe_index_stats().total_vector_count)
pc.delete_index("lab")
