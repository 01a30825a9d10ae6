#!/usr/bin/env bash
# Installs ai-provision from this source tree into a virtual environment of its own:
#   install.sh lists WHAT [LLM]   the pinned requirements for `size` or `github`, as absolute paths
#   install.sh key                a digest of the lists in LISTS, for the cache
#   install.sh venv               makes VENV with the lists in LISTS; prints the command's path
# PYTHON is the interpreter. Nothing is resolved: versions are pinned, wheels only, no bytecode.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source_tree=$(cd "$here/../.." && pwd)

lists() {
  local what=$1 llm=${2:-none}
  case $what in
    github) echo "$here/requirements-github.txt" ;;
    size)
      echo "$here/requirements.txt"
      # auto looks for an Ollama, so it needs what talks to one.
      [ "$llm" = none ] || echo "$here/requirements-llm.txt"
      ;;
    *)
      echo "error: '$what' is neither size nor github" >&2
      return 2
      ;;
  esac
}

key() {
  local list
  while read -r list; do cat "$list"; done <<<"$LISTS" | sha256sum | cut -c1-24
}

pip_install() {
  "$PYTHON" -m pip --python "$VENV/bin/python" --disable-pip-version-check --no-input \
    install --quiet --no-deps --no-compile "$@"
}

venv() {
  local list files=()
  while read -r list; do files+=(-r "$list"); done <<<"$LISTS"
  # The stamp comes last: an environment that was left half-made is made again.
  if [ "$(cat "$VENV/.lists" 2>/dev/null)" != "$(key)" ]; then
    rm -rf "$VENV"
    "$PYTHON" -m venv --without-pip "$VENV"
    pip_install --only-binary :all: "${files[@]}"
    key >"$VENV/.lists"
  fi
  # The source is never cached: which commit of it runs is the workflow's choice alone.
  pip_install --force-reinstall --no-build-isolation "$source_tree"
  echo "$VENV/bin/ai-provision"
}

case ${1:-} in
  lists) lists "${2:-}" "${3:-none}" ;;
  key) key ;;
  venv) venv ;;
  *)
    echo "usage: install.sh lists WHAT [LLM] | key | venv" >&2
    exit 2
    ;;
esac
