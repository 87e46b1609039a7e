# The OpenBao of docker-compose.yml: one node, TLS by the services' authority.
api_addr     = "https://openbao:8200"
cluster_addr = "https://127.0.0.1:8201"
storage "raft" {
  path    = "/openbao/file"
  node_id = "openbao"
}
listener "tcp" {
  address         = "0.0.0.0:8200"
  cluster_address = "127.0.0.1:8201"
  tls_cert_file   = "/run/secrets/openbao.pem"
  tls_key_file    = "/run/secrets/openbao.key"
}
