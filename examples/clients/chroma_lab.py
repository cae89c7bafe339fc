"""A local vector database: what the course does with Chroma, unchanged but for the address.

usage: python3 chroma_lab.py [http://127.0.0.1:8000]
"""
import sys
from urllib.parse import urlparse

import chromadb

url = urlparse(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
client = chromadb.HttpClient(host=url.hostname, port=url.port)

# Vectors come from any embedding model; here they are small enough to be read: (food, animal, machine).
vectors = {
    "Kimchi is fermented cabbage.": [0.9, 0.1, 0.0],
    "A cat sleeps on the sofa.": [0.0, 0.9, 0.1],
    "The tractor needs diesel.": [0.1, 0.0, 0.9],
    "Dogs like to eat meat.": [0.4, 0.8, 0.0],
}
collection = client.get_or_create_collection("lab", configuration={"hnsw": {"space": "cosine"}})
collection.upsert(
    ids=[f"s{i}" for i in range(len(vectors))],
    documents=list(vectors),
    embeddings=list(vectors.values()),
    metadatas=[{"length": len(text), "first": text[0]} for text in vectors],
)
print("records:", collection.count())

found = collection.query(query_embeddings=[[0.2, 1.0, 0.0]], n_results=2)
for text, distance in zip(found["documents"][0], found["distances"][0]):
    print(f"near an animal: {text} ({distance:.3f})")

found = collection.query(query_embeddings=[[0.2, 1.0, 0.0]], n_results=2, where={"first": "D"})
print("with a condition:", found["documents"][0])
print("with a word:", collection.get(where_document={"$contains": "tractor"})["documents"])

collection.update(ids=["s0"], embeddings=[[1.0, 0.0, 0.0]], metadatas=[{"seen": True}])
print("updated:", collection.get(ids=["s0"])["metadatas"][0]["seen"])
collection.delete(ids=["s2"])
print("left:", collection.get()["ids"])
client.delete_collection("lab")
