#!/usr/bin/env bash
# Makes sure that cargo finds libtorch: yours, when LIBTORCH or LIBTORCH_USE_PYTORCH names one, else a CPU-only one in
# .libtorch/ at the repository root, fetched once (150 MB). Safe to run at any time: it ends at once when all is there.
set -euo pipefail
version=2.13.0 # what tch 0.26 is written for; a test holds it equal to setup/wheels.json and Cargo.lock
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$root/.libtorch

fail() { # message, next step
  printf 'error: %s\nhelp: %s\n' "$1" "$2" >&2
  exit 1
}

check_version() { # version found, where
  [[ ${1%%+*} == "$version" || -n ${LIBTORCH_BYPASS_VERSION_CHECK+set} ]] ||
    fail "$2 is version $1, but tch 0.26 wants $version" "install torch==$version there, or unset the variable that names it"
}

has_libtorch() {
  [[ -f $1/lib/libtorch_cpu.so && -f $1/lib/libtorch.so && -f $1/lib/libc10.so &&
    -f $1/include/torch/csrc/api/include/torch/torch.h ]]
}

# torch-sys looks at whether this variable is there, not at its value, and prefers it to LIBTORCH.
if [[ -n ${LIBTORCH_USE_PYTORCH+set} ]]; then
  python=python3
  [[ -z ${VIRTUAL_ENV+set} ]] || python=python
  found=$("$python" -c 'import torch; print(torch.__version__)') ||
    fail "LIBTORCH_USE_PYTORCH is set, but \`$python\` cannot import torch" \
      "pip install torch==$version, or unset LIBTORCH_USE_PYTORCH to have libtorch fetched"
  check_version "$found" "the torch of \`$python\`"
  echo "libtorch $found: the torch of \`$python\` (LIBTORCH_USE_PYTORCH is set)"
  exit 0
fi

if [[ -n ${LIBTORCH+set} ]]; then
  has_libtorch "$LIBTORCH" ||
    fail "LIBTORCH is set to \`$LIBTORCH\`, which holds no libtorch" \
      "it needs lib/libtorch_cpu.so and include/; or unset LIBTORCH to have libtorch fetched"
  found=$version
  [[ ! -f $LIBTORCH/build-version ]] || found=$(<"$LIBTORCH/build-version")
  check_version "$found" "\`$LIBTORCH\`"
  echo "libtorch $found: $LIBTORCH (LIBTORCH is set)"
  exit 0
fi

# build-version is written last, so a folder that has it is whole.
if [[ -f $folder/build-version && $(<"$folder/build-version") == "$version" ]] && has_libtorch "$folder"; then
  echo "libtorch $version: .libtorch (already there)"
  exit 0
fi

[[ $(uname -sm) == "Linux x86_64" ]] ||
  fail "libtorch is fetched on Linux x86-64 only, and this is $(uname -sm)" \
    "pip install torch==$version and set LIBTORCH_USE_PYTORCH=1, or point LIBTORCH at a libtorch $version"
command -v python3 >/dev/null ||
  fail "python3 is needed to fetch libtorch, and it is not there" \
    "install it (Debian, Ubuntu: \`apt install python3\`), or point LIBTORCH at a libtorch $version"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))' ||
  fail "python3 is older than 3.8" "install a newer one, or point LIBTORCH at a libtorch $version"
python3 "$root/setup/libtorch.py" "$folder"
echo "libtorch $version: .libtorch"
