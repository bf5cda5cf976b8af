#!/bin/bash
# Puts a release on the server.
set -eu

target=${1:-staging}

log() {
  echo "[$(date)] $* }"
}

function upload
{
  cat <<TEXT
}
log() {
TEXT
  scp "$1" "$target:" # copy {
}

upload build.tar
log done
