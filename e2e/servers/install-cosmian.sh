#!/usr/bin/env bash
# Builds Cosmian KMS with cargo and puts it on PATH: about 20 minutes on two cores and 2 GB of disk, so no suite of CI asks for it.
# Its licence (BUSL-1.1) lets us test against it, not ship it. As root on Debian; cargo must be there.
set -euo pipefail

VERSION=5.28.0
command -v cosmian_kms >/dev/null 2>&1 && exit 0
command -v cargo >/dev/null 2>&1 || { echo "install-cosmian.sh: cargo is needed" >&2; exit 1; }

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends build-essential pkg-config libssl-dev >/dev/null

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# A dependency would fetch and compile an OpenSSL of its own unless it finds one laid out so.
libraries=/usr/lib/$(gcc -print-multiarch)
mkdir -p ossl/ssl ossl/lib/ossl-modules ossl/include
cp /etc/ssl/openssl.cnf ossl/ssl/
ln -sf "$libraries/ossl-modules/legacy.so" ossl/lib/ossl-modules/
ln -sf "$libraries/libcrypto.so" "$libraries/libssl.so" ossl/lib/
cp -r /usr/include/openssl ossl/include/
cp -r "/usr/include/$(gcc -print-multiarch)/openssl/." ossl/include/openssl/

# The feature names a dependency of its tests, which a published crate has not: without that line it installs.
cargo info "cosmian_kms_server@$VERSION" >/dev/null
cp -r "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/"cosmian_kms_server-$VERSION" source
sed -i '/"cosmian_kms_client_utils\/non-fips",/d' source/Cargo.toml

export OPENSSL_DIR=$folder/ossl CARGO_TARGET_DIR=$folder/target
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_DEBUG=0
export CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_STRIP=symbols
cargo install --quiet --path source --features non-fips --locked --root /usr/local
