#!/usr/bin/env bash
# clang-format 14 over every C++ file of the repository: tools/format.sh repairs, tools/format.sh --check only says what is
# wrong. Exit status: 1 when something is wrong, 77 when there is no clang-format 14 (other versions format differently).
set -uo pipefail
cd "$(dirname "$0")/.."
program=$(command -v clang-format-14 || command -v clang-format) &&
  "$program" --version | grep -q 'version 14\.' || { echo "no clang-format 14: nothing was checked"; exit 77; }
files() { git ls-files -z --cached --others --exclude-standard '*.cpp' '*.h'; }
[ "$(files | wc -c)" -gt 0 ] || { echo "not a git checkout: nothing was checked"; exit 77; }
case ${1-} in
  --check) files | xargs -0 "$program" --dry-run --Werror --ferror-limit=1 ;;
  "") files | xargs -0 "$program" -i ;;
  *) sed -n '2,3p' "$0"; exit 2 ;;
esac || { echo "clang-format would change the files above; tools/format.sh does"; exit 1; }
