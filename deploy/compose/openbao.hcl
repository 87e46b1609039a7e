storage "file" {
  path = "/openbao/file"
}
listener "tcp" {
  address     = "0.0.0.0:8200"
  tls_disable = true # on the network of key stores alone; give it a certificate for anything but a trial
}
