"""A local collection with metadata through Chroma's client: prints what ../11_collection.cpp prints.

usage: python3 recipes.py [http://127.0.0.1:8000]
"""
import sys
from urllib.parse import urlparse

import chromadb

url = urlparse(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
client = chromadb.HttpClient(host=url.hostname, port=url.port)
recipes = client.get_or_create_collection("recipes", embedding_function=None)
recipes.upsert(
    ids=["kimchi", "tteok", "bibimbap"],
    documents=["배추를 소금에 절이고 고춧가루 양념을 바른다.", "쌀가루를 찌고 꿀을 곁들인다.",
               "Warm rice, five vegetables, one egg, a spoon of chili paste."],
    embeddings=[[1, 0], [0, 1], [1, 1]],
    metadatas=[{"minutes": 180, "tags": ["매운맛", "채소"]}, {"minutes": 40, "tags": ["단맛"]}, {"minutes": 30, "tags": ["채소"]}],
)
print(recipes.count(), "recipes")
for found in recipes.get(where={"minutes": {"$lt": 60}}, where_document={"$contains": "vegetables"})["ids"]:
    print("quick:", found)
for text in recipes.get(where={"tags": {"$contains": "채소"}}, where_document={"$contains": "고춧가루"})["documents"]:
    print("채소:", text)
client.delete_collection("recipes")
