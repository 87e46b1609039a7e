#!/usr/bin/env bash
# Makes every secret of docker-compose.yml in deploy/compose/secrets (no default exists anywhere): a CA and a certificate for each service, users of the broker,
# keys, passwords, credentials for a client. Run again it changes nothing. Needs openssl, and Node.js 24 or, where there is none, the gateway's image.
set -euo pipefail
umask 077
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/secrets}
mkdir -p "$out"
cd "$out"

# Containers run as other users than yours: the files that are mounted can be read by all, the folder by you alone.
random() { openssl rand -hex 32; }
once() { [ -e "$1" ] || { cat >"$1.new" && mv "$1.new" "$1"; }; }

if [ ! -e ca.key ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
    -subj "/CN=S3 Encryption Gateway services" -keyout ca.key -out ca.pem 2>/dev/null
fi
for name in edge crypto keys audit admin nats valkey openbao; do
  [ -e "$name.pem" ] && continue
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$name" \
    -keyout "$name.key" -out "$name.csr" 2>/dev/null
  printf 'subjectAltName=DNS:%s,DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\nbasicConstraints=CA:false\n' "$name" >"$name.ext"
  openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 825 -extfile "$name.ext" -out "$name.pem" 2>/dev/null
  rm "$name.csr" "$name.ext"
done

service=$(random) keys=$(random) valkey=$(random) admin=$(random)
backend_key=$(openssl rand -hex 10) backend_secret=$(random)
once service.env <<<"SERVICE_SECRET=$service"
once keys-secret.env <<<"KEYS_SECRET=$keys"
once kek.env <<<"S3EG_KEK_1=$(random)"
once admin.env <<<"ADMIN_AUTH_TOKEN=$admin"
once grafana-password <<<"$(random)"
once valkey.env <<<"VALKEY_PASSWORD=$valkey"
once client.env <<EOF_CLIENT
GW_ACCESS_KEY_1=$(openssl rand -hex 10)
GW_SECRET_KEY_1=$(random)
EOF_CLIENT
once backend.env <<EOF_BACKEND
BACKEND_ACCESS_KEY=$backend_key
BACKEND_SECRET_KEY=$backend_secret
RUSTFS_ACCESS_KEY=$backend_key
RUSTFS_SECRET_KEY=$backend_secret
EOF_BACKEND
# shellcheck source=/dev/null
. ./valkey.env
once valkey.conf <<EOF_VALKEY
port 0
tls-port 6379
tls-cert-file /run/secrets/valkey.pem
tls-key-file /run/secrets/valkey.key
tls-ca-cert-file /run/secrets/ca.pem
tls-auth-clients yes
requirepass $VALKEY_PASSWORD
appendonly yes
dir /data
maxmemory-policy noeviction
EOF_VALKEY
# The names that the demo's S3 client has for them.
# shellcheck source=/dev/null
. ./client.env
once demo.env <<EOF_DEMO
AWS_ACCESS_KEY_ID=$GW_ACCESS_KEY_1
AWS_SECRET_ACCESS_KEY=$GW_SECRET_KEY_1
EOF_DEMO

if node --version 2>/dev/null | grep -Eq '^v(2[4-9]|[3-9][0-9])'; then
  node "$here/../nats/make-config.ts" --out "$out"
else
  docker run --rm --user "$(id -u):$(id -g)" --entrypoint node -v "$out:/out" \
    "${S3EG_IMAGE:-s3-encryption-gateway:local}" deploy/nats/make-config.ts --out /out
fi
chmod 0444 grafana-password ./*.pem ./*.key ./*.nk accounts.conf valkey.conf
chmod 0400 ca.key
