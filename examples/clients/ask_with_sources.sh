#!/bin/sh
# The same with curl:  hanok ingest examples/docs && hanok serve
# usage: examples/clients/ask_with_sources.sh [QUESTION [URL]]
question=${1:-When is the library open on Saturdays?}
url=${2:-http://127.0.0.1:8000}
curl -sS "$url/v1/chat/completions" -H 'Content-Type: application/json' \
  -d "{\"model\": \"hanok/default\", \"messages\": [{\"role\": \"user\", \"content\": \"$question\"}]}"
