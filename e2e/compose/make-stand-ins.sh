#!/usr/bin/env bash
# Makes stand-ins for the images that docker-compose.yml names beside the gateway's (stand-ins.Dockerfile) from packages.
# Usage: make-stand-ins.sh STORE TARGET=IMAGE…. As root; needs what install.sh knows as containers, nats and versitygw.
set -euo pipefail
store=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
storage=(--root "$store/root" --runroot "$store/run" --storage-driver overlay)
tools=localhost/stand-in-tools
programs=$(go env GOPATH)/bin

if ! buildah "${storage[@]}" images -q "$tools" >/dev/null 2>&1; then
  [ -e "$store/tools.tar" ] ||
    mmdebstrap --quiet --variant=minbase --include=ca-certificates,redis-server,awscli bookworm "$store/tools.tar"
  container=$(buildah "${storage[@]}" from scratch)
  buildah "${storage[@]}" add -q "$container" "$store/tools.tar" / >/dev/null
  buildah "${storage[@]}" copy -q --chmod 0755 "$container" "$programs/nats-server" "$programs/versitygw" /usr/local/bin/ >/dev/null
  buildah "${storage[@]}" commit -q --rm "$container" "$tools" >/dev/null
fi
empty=$(mktemp -d)
trap 'rmdir "$empty"' EXIT
for one in "$@"; do
  buildah "${storage[@]}" bud --quiet --format docker --isolation chroot --pull-never --layers \
    --target "${one%%=*}" -t "${one#*=}" -f "$here/stand-ins.Dockerfile" "$empty" >/dev/null
done
