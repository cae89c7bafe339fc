#!/bin/sh
# Chroma's API by hand. usage: sh chroma_lab.sh [http://127.0.0.1:8000]
set -e
base=${1:-http://127.0.0.1:8000}/api/v2/tenants/default_tenant/databases/default_database
post() { curl -sS --fail-with-body -H 'Content-Type: application/json' "$base/$1" -d "$2"; echo; }

id=$(post collections '{"name": "curl-lab", "get_or_create": true}' | sed 's/^{"id":"\([^"]*\)".*/\1/')
post "collections/$id/upsert" '{
  "ids": ["a", "b"], "embeddings": [[1, 0], [0, 1]], "documents": ["red fox", "blue bird"],
  "metadatas": [{"year": 2020}, {"year": 2021}]}'
post "collections/$id/query" '{"query_embeddings": [[1, 0.2]], "n_results": 1}'
post "collections/$id/get" '{"where": {"year": {"$gt": 2020}}, "include": ["documents"]}'
curl -sS --fail-with-body -X DELETE "$base/collections/curl-lab"; echo
