# Stand-ins, made of packages, for the images of docker-compose.yml that are not the gateway's: nothing is pulled. Debian with redis-server
# and awscli for Valkey and the aws cli, nats-server for nats, versitygw for RustFS; each with the user and the folders of what it stands for.
FROM localhost/stand-in-tools AS nats
ENTRYPOINT ["nats-server"]

FROM localhost/stand-in-tools AS valkey
RUN ln -s /usr/bin/redis-server /usr/local/bin/valkey-server && mkdir -p /data && chown 999:999 /data

FROM localhost/stand-in-tools AS aws-cli

FROM localhost/stand-in-tools AS rustfs
SHELL ["/bin/bash", "-c"]
RUN echo $'#!/bin/sh\nexec versitygw --port :9000 --access "$RUSTFS_ACCESS_KEY" --secret "$RUSTFS_SECRET_KEY" posix "$@"' >/usr/local/bin/backend && \
    chmod 0755 /usr/local/bin/backend && mkdir -p /data && chown 10001:10001 /data
USER 10001
ENTRYPOINT ["backend"]
