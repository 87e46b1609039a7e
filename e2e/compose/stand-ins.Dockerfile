# Stand-ins, made of packages, for the images of docker-compose.yml that are not the gateway's: nothing is pulled. Debian with redis-server,
# awscli and prometheus for Valkey, the aws cli and Prometheus, nats-server for nats, versitygw for RustFS, bao for OpenBao; each with the user and the
# folders of what it stands for. Grafana's has them and no Grafana: no package brings one.
ARG TOOLS
FROM ${TOOLS} AS nats
ENTRYPOINT ["nats-server"]

FROM ${TOOLS} AS valkey
RUN ln -s /usr/bin/redis-server /usr/local/bin/valkey-server && mkdir -p /data && chown 999:999 /data

FROM ${TOOLS} AS aws-cli

FROM ${TOOLS} AS rustfs
SHELL ["/bin/bash", "-c"]
RUN echo $'#!/bin/sh\nexec versitygw --port :9000 --access "$RUSTFS_ACCESS_KEY" --secret "$RUSTFS_SECRET_KEY" posix "$@"' >/usr/local/bin/backend && \
    chmod 0755 /usr/local/bin/backend && mkdir -p /data && chown 10001:10001 /data
USER 10001
ENTRYPOINT ["backend"]

FROM ${TOOLS} AS prometheus
RUN mkdir -p /prometheus && chown 65534:65534 /prometheus
WORKDIR /prometheus
USER 65534:65534
ENTRYPOINT ["prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]

# The image's entrypoint adds a folder of its own to the configuration, and as root becomes the user 100.
FROM ${TOOLS} AS openbao
SHELL ["/bin/bash", "-c"]
RUN mkdir -p /openbao/{file,logs,config} && chown -R 100:1000 /openbao && \
    echo $'#!/bin/sh\nset -e\n[ "$1" != server ] || { shift; set -- server -config=/openbao/config "$@"; }\n[ "$(id -u)" != 0 ] || exec setpriv --reuid 100 --regid 1000 --clear-groups bao "$@"\nexec bao "$@"' >/usr/local/bin/start && \
    chmod 0755 /usr/local/bin/start
ENTRYPOINT ["start"]

FROM ${TOOLS} AS grafana
RUN mkdir -p /var/lib/grafana && chown 472:0 /var/lib/grafana
USER 472
ENTRYPOINT ["sleep", "infinity"]
