#!/usr/bin/env bash
# Installs the programs that the black-box tests need, by name: servers (versitygw minio nats redis radosgw), python, and
# clients (aws s3cmd rclone restic s3fs s5cmd mc; "clients" is all of these).
# Quick when they are there already. As root on Debian for the apt ones; Go and Python must be there for theirs.
set -euo pipefail

VERSITYGW_VERSION=v1.7.0
NATS_VERSION=v2.15.2
MINIO_VERSION=v0.0.0-20260212201848-7aac2a2c5b7c
MC_VERSION=v0.0.0-20250313080218-cf909e1063a9
S5CMD_VERSION=v2.3.0
BOTO3_VERSION=1.43.11

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
    aws) has_program aws || apt_install awscli ;;
    s3cmd | rclone | restic) has_program "$1" || apt_install "$1" ;;
    s3fs) has_program s3fs && has_program fusermount || apt_install s3fs fuse ;;
    s5cmd) has_program s5cmd || go_install_exactly "github.com/peak/s5cmd/v2@$S5CMD_VERSION" ;;
    mc) has_program mc || go_install "github.com/minio/mc@$MC_VERSION" ;;
    clients) for client in aws s3cmd rclone restic s3fs s5cmd mc; do install_one "$client"; done ;;
    *) echo "install.sh: unknown name $1 (versitygw minio nats redis radosgw python aws s3cmd rclone restic s3fs s5cmd mc clients)" >&2; exit 64 ;;
  esac
}

[ $# -gt 0 ] || { echo "usage: install.sh NAME…" >&2; exit 64; }
for name in "$@"; do
  install_one "$name"
  echo "install.sh: $name is there"
done
