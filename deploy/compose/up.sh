#!/usr/bin/env bash
# Builds the image, makes the secrets that are not there yet, and starts docker-compose.yml. Arguments go to `docker compose up`.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -e .env ] || cp .env.example .env
docker compose build edge
deploy/compose/make-secrets.sh
docker compose up -d --wait "$@"
# shellcheck source=/dev/null
. deploy/compose/secrets/client.env
echo "S3: http://$(docker compose port edge 8080)  access key $GW_ACCESS_KEY_1, secret key in deploy/compose/secrets/client.env"
echo "Try it: docker compose run --rm demo"
