#!/usr/bin/env bash
# Starts the OpenBao of docker-compose.yml and unseals it; again after each of its restarts, for it wakes up sealed. The first time it also initialises it, and makes a Transit
# key and a login for keys that may use that key and nothing else, with settings in secrets/key-store.env. One unseal key, beside the root token in secrets/openbao-init.txt:
# whoever has that file has the key. For more than a trial keep it elsewhere, and in shares.
set -euo pipefail
umask 077
cd "$(dirname "$0")/../.."
init=deploy/compose/secrets/openbao-init.txt settings=deploy/compose/secrets/key-store.env

in_openbao() { docker compose exec -T openbao "$@"; }
of_init() { sed -n "s/^$1: //p" "$init"; }
# Runs what follows until it says yes, for a minute.
until_yes() {
  for _ in $(seq 60); do
    "$@" && return 0
    sleep 1
  done
  echo "openbao.sh: OpenBao does not answer as it should: docker compose logs openbao" >&2
  return 1
}
# 0: open, 2: sealed, 1: not to be reached
status() {
  local code=0
  in_openbao bao status >/dev/null 2>&1 || code=$?
  echo "$code"
}
answers() { [ "$(status)" != 1 ]; }
is_active() { [ "$(in_openbao bao read -field=is_self sys/leader 2>/dev/null)" = true ]; }

docker compose up -d openbao
until_yes answers
if [ ! -e "$init" ]; then
  in_openbao bao operator init -key-shares=1 -key-threshold=1 >"$init.new"
  mv "$init.new" "$init"
fi
if [ "$(status)" = 2 ]; then
  of_init "Unseal Key 1" | in_openbao bao write sys/unseal key=- >/dev/null
fi
until_yes is_active

if [ ! -e "$settings" ]; then
  # Said on standard input, so that no list of processes shows the token.
  in_openbao sh -eu >"$settings.new" <<END
export BAO_TOKEN=$(of_init "Initial Root Token")
bao secrets list | grep -q '^transit/' || bao secrets enable transit >&2
bao write -f transit/keys/s3eg >&2
bao policy write s3eg - >&2 <<POLICY
path "transit/encrypt/s3eg" { capabilities = ["update"] }
path "transit/decrypt/s3eg" { capabilities = ["update"] }
path "transit/keys/s3eg" { capabilities = ["read"] }
POLICY
bao auth list | grep -q '^approle/' || bao auth enable approle >&2
bao write auth/approle/role/keys token_policies=s3eg token_ttl=1h >&2
echo OPENBAO_ADDR=https://openbao:8200
echo OPENBAO_CACERT=/run/secrets/ca.pem
echo OPENBAO_TRANSIT_KEY_NAME=s3eg
echo OPENBAO_AUTH_METHOD=approle
echo OPENBAO_ROLE_ID=\$(bao read -field=role_id auth/approle/role/keys/role-id)
echo OPENBAO_SECRET_ID=\$(bao write -f -field=secret_id auth/approle/role/keys/secret-id)
END
  mv "$settings.new" "$settings"
fi
echo "OpenBao is open; settings of keys are in $settings"
