#!/bin/sh
# Pinecone's API by hand. usage: sh pinecone_lab.sh [http://127.0.0.1:8000]
set -e
url=${1:-http://127.0.0.1:8000}
call() { curl -sS --fail-with-body -H 'Content-Type: application/json' -H 'Api-Key: any' "$@"; echo; }

call "$url/indexes" -d '{"name": "curl-lab", "dimension": 2, "metric": "cosine",
  "spec": {"serverless": {"cloud": "aws", "region": "us-east-1"}}}'
host=$url/i/curl-lab   # "host" of the answer
call "$host/vectors/upsert" -d '{"vectors": [
  {"id": "a", "values": [1, 0], "metadata": {"year": 2020}}, {"id": "b", "values": [0, 1], "metadata": {"year": 2021}}]}'
call "$host/query" -d '{"vector": [1, 0.2], "topK": 2, "includeMetadata": true, "filter": {"year": {"$lt": 2021}}}'
call "$host/describe_index_stats" -d '{}'
call -X DELETE "$url/indexes/curl-lab"
