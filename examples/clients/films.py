"""An index of vectors with namespaces, conditions and sparse vectors through Pinecone's client: prints what
../12_vector_index.cpp prints.

usage: python3 films.py [http://127.0.0.1:8000]
"""
import sys

from pinecone import Pinecone, ServerlessSpec

pc = Pinecone(api_key="any", host=sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
if pc.has_index("films"):
    pc.delete_index("films")
pc.create_index(name="films", dimension=3, metric="dotproduct", spec=ServerlessSpec(cloud="aws", region="us-east-1"))
films = pc.Index("films")


def show(what, found):
    print(what + ":", *(f"{match.id} ({match.score:.4g})" for match in found.matches))


films.upsert(vectors=[
    {"id": "parasite", "values": [0.9, 0.1, 0.0], "metadata": {"genre": "drama", "year": 2019}},
    {"id": "okja", "values": [0.7, 0.2, 0.1], "metadata": {"genre": "drama", "year": 2017}},
    {"id": "train", "values": [0.1, 0.9, 0.0], "metadata": {"genre": "horror", "year": 2016}},
])
films.upsert(vectors=[{"id": "kingdom", "values": [0.2, 0.8, 0.0], "metadata": {"genre": "horror"}}], namespace="series")

drama = [1.0, 0.0, 0.0]
show("near drama", films.query(vector=drama, top_k=2))
show("older", films.query(vector=drama, top_k=2, filter={"year": {"$lt": 2019}}))
show("series", films.query(vector=drama, top_k=2, namespace="series"))

before = films.describe_index_stats().total_vector_count
films.update(id="okja", set_metadata={"seen": True})
films.delete(ids=["train"])
print(f"then {before}, now {films.describe_index_stats().total_vector_count}")

# Words beside meaning: the score is the sum of both products.
films.upsert(vectors=[{"id": "okja", "values": [0.7, 0.2, 0.1], "sparse_values": {"indices": [7, 9], "values": [1.0, 2.0]},
                       "metadata": {"genre": "drama", "year": 2017, "seen": True}}])
show("with words", films.query(vector=drama, sparse_vector={"indices": [9], "values": [0.5]}, top_k=2))
pc.delete_index("films")
