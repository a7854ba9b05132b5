# shellcheck shell=bash
# Shared by the scripts of this folder, which source it: what they need is found or installed, phases are timed.
# Goes to the root of the repository, whatever the working directory was. Costs nothing by itself.

set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$ROOT"

# OpenBLAS picks its kernels by processor; a forced choice costs speed and changes the last bits.
unset OPENBLAS_CORETYPE
# Open MPI refuses to run as root unless told twice. The tests start mpirun too, hence exported.
if [ "$(id -u)" = 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi

say() { printf '\n== %s\n' "$*"; }
die() { printf '%s: error: %s\n' "${0##*/}" "$*" >&2; exit 1; }
# Prints the comment on top of the script, without the first line and the hashes.
usage() { awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$0"; }

# phase NAME COMMAND...: runs the command; when the script ends, a table says how long each took and which failed.
PHASE="" PHASE_TABLE="" PHASE_START=0 CLOSING=""
phase() {
  PHASE="$1" PHASE_START=$SECONDS
  say "$PHASE"
  shift
  "$@"
  PHASE_TABLE+="$(printf '%6d s  %s' $((SECONDS - PHASE_START)) "$PHASE")"$'\n'
  PHASE=""
}
phases_end() {
  local status=$?
  if [ -n "$PHASE" ]; then
    PHASE_TABLE+="$(printf '%6d s  %s  <- FAILED' $((SECONDS - PHASE_START)) "$PHASE")"$'\n'
  fi
  if [ -n "$PHASE_TABLE" ]; then printf '\nWhat took how long\n%s%6d s  in all\n' "$PHASE_TABLE" "$SECONDS"; fi
  if [ -n "$CLOSING" ]; then printf '\n%s\n' "$CLOSING"; fi
  if [ "$status" != 0 ] && [ -n "$PHASE" ]; then
    printf '%s: FAILED in phase "%s" (exit %d)\n' "${0##*/}" "$PHASE" "$status" >&2
  fi
}
trap phases_end EXIT

# Debian packages and why each is needed.
declare -A WHY=(
  [libopenmpi-dev]="MPI headers and library: the ranks talk through it"
  [openmpi-bin]="mpirun, which starts the ranks"
  [libopenblas-dev]="matrix products"
  [zlib1g-dev]="reads the gzip files of the data set"
  [libpng-dev]="pictures"
  [libssl-dev]="SHA-256 of data and checkpoints"
  [pkg-config]="tells the Swift package manager where the libraries are"
  [mandoc]="checks the manual page"
  [graphviz]="reads what cnn-dist exports as DOT"
  [protobuf-compiler]="makes Swift of .proto files, when they change"
  [chromium]="looks at pages, as a user does"
  [python3-venv]="a Python of its own for PyTorch and TensorBoard, the judges"
  [dataset-fashion-mnist]="Fashion-MNIST, 30 MB"
  [libcurl4-openssl-dev]="links the download of the data set in"
  [slurm-wlm]="a real Slurm to test the job script with"
  [munge]="which Slurm's daemons know each other by"
  [openssh-server]="ssh between the hosts of a test"
  [iproute2]="network namespaces and limited links for a test"
  [dpkg-dev]="finds the packages that the program depends on"
  [debootstrap]="a minimal Debian in a folder, for a test"
  [openssh-client]="ssh, which mpirun starts ranks on other machines with"
  [python3-yaml]="reads manifests for a test"
  [python3-jsonschema]="validates manifests in a test"
)
# shellcheck disable=SC2034  # for the scripts
BUILD_PACKAGES=(libopenmpi-dev openmpi-bin libopenblas-dev zlib1g-dev libpng-dev libssl-dev pkg-config)

missing_packages() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

# Installs what is missing; needs no network and no root when nothing is.
install_packages() {
  command -v dpkg-query >/dev/null || die "installs Debian packages only; elsewhere get the equivalents of: $*"
  local missing package as_root=()
  mapfile -t missing < <(missing_packages "$@")
  if [ ${#missing[@]} = 0 ]; then echo "Debian packages: all there ($*)"; return; fi
  echo "Installs Debian packages:"
  for package in "${missing[@]}"; do printf '  %-22s %s\n' "$package" "${WHY[$package]}"; done
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "root is needed: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  local install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends)
  # The package lists may be absent or old: refresh them only when the first attempt fails.
  "${install[@]}" "${missing[@]}" </dev/null ||
    { "${as_root[@]}" apt-get update -q </dev/null && "${install[@]}" "${missing[@]}" </dev/null; }
}

# The data set is a package of Debian's main archive (bookworm and later). Where apt has none, `cnn-dist data fetch`
# downloads the same files once the program is built: see ensure_data.
install_data() {
  if has_data; then echo "Fashion-MNIST: there"; return; fi
  (install_packages dataset-fashion-mnist) || echo "no such package here; the files are downloaded after the build"
}
has_data() {
  local directory
  for directory in "${CNN_DIST_DATA:-}" data/fashion-mnist /usr/share/datasets/fashion-mnist; do
    if [ -n "$directory" ] && [ -f "$directory/train-images-idx3-ubyte.gz" ]; then return 0; fi
  done
  return 1
}
ensure_data() { # PROGRAM
  has_data || "$1" data fetch
  "$1" data verify
}

# Swift from PATH or from where its installers put it.
ensure_swift() {
  local directory version
  for directory in "$HOME/.local/share/swiftly/bin" /opt/swift/usr/bin /usr/local/swift/usr/bin; do
    if ! command -v swift >/dev/null && [ -x "$directory/swift" ]; then PATH="$directory:$PATH"; fi
  done
  local how="get it from https://www.swift.org/install/linux (swiftly install 6.2)"
  command -v swift >/dev/null || die "no Swift toolchain on PATH, 6.2 or later is needed; $how"
  version="$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p')"
  if [ "$(printf '%s\n' 6.2 "$version" | sort -V | head -1)" != 6.2 ]; then
    die "Swift ${version:-of unknown version} at $(command -v swift), 6.2 or later is needed; $how"
  fi
  echo "Swift $version: $(command -v swift)"
}

# However many ranks on however few cores; unbound, because Open MPI pins one or two ranks to one core each.
MPIRUN=(mpirun --oversubscribe --bind-to none)
run_mpi() { # RANKS COMMAND...
  local ranks="$1"
  shift
  "${MPIRUN[@]}" -n "$ranks" "$@" </dev/null
}

# What shows a run to people, for the tests to read what it wrote: .venv-viewers, 180 MB.
VIEWERS="$ROOT/.venv-viewers/bin/python"
TENSORBOARD=2.21.0 PROMETHEUS_CLIENT=0.26.0 MLFLOW=3.17.2
ensure_viewers() {
  local wanted=("tensorboard==$TENSORBOARD" "prometheus-client==$PROMETHEUS_CLIENT")
  if [ -n "${CNN_DIST_LONG_TESTS:-}" ]; then wanted+=("mlflow-skinny==$MLFLOW"); fi
  install_packages python3-venv
  if [ ! -x "$VIEWERS" ]; then /usr/bin/python3 -m venv .venv-viewers; fi
  "$VIEWERS" -m pip install --quiet --disable-pip-version-check "${wanted[@]}"
  echo "${wanted[*]}: .venv-viewers"
}

# PyTorch lives in .venv (Debian's Python, about 700 MB); made when absent or of another version.
PYTHON="$ROOT/.venv/bin/python"
TORCH=2.13.0
ensure_torch() {
  if "$PYTHON" -c "import numpy, onnx, onnxruntime, safetensors, torch; assert torch.__version__.split('+')[0] == '$TORCH'" 2>/dev/null; then
    echo "PyTorch $TORCH: .venv"
    return
  fi
  echo "Makes .venv with PyTorch $TORCH, which judges cnn-dist's numbers and speed"
  install_packages python3-venv
  /usr/bin/python3 -m venv --clear .venv
  local pip=("$PYTHON" -m pip install --quiet --disable-pip-version-check "torch==$TORCH+cpu" numpy safetensors onnx onnxruntime)
  # The CPU wheel may be at hand (PIP_FIND_LINKS, a mirror); otherwise it comes from PyTorch's own index.
  "${pip[@]}" 2>/dev/null || "${pip[@]}" --extra-index-url https://download.pytorch.org/whl/cpu
}
