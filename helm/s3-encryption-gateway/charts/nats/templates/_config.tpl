{{- /* The configuration of a server: TLS both ways, JetStream within limits, the users of credsSecret; of a cluster also its other servers. */ -}}
{{- define "nats.config" -}}
server_name: $POD_NAME
port: 4222
# for probes: no policy lets anybody but the node reach it
http: 8222
pid_file: "/tmp/nats.pid"
{{ include "nats.tls" . }}
jetstream {
  store_dir: "/data"
  max_memory_store: {{ .Values.jetstream.maxMemoryStore }}
  max_file_store: {{ .Values.jetstream.maxFileStore }}
}
max_payload: 1MB
# A server that goes tells its clients, which find another one meanwhile.
lame_duck_grace_period: 2s
lame_duck_duration: 30s
{{- if gt (int .Values.replicaCount) 1 }}
cluster {
  name: {{ include "nats.name" . }}
  port: 6222
  # Clients know the name of the Service, for which the certificate is.
  no_advertise: true
  {{- include "nats.tls" . | replace "verify: true" "verify_cert_and_check_known_urls: true" | nindent 2 }}
  routes: [
    {{- range $at := until (int .Values.replicaCount) }}
    "nats://{{ include "nats.name" $ }}-{{ $at }}.{{ include "nats.servers" $ }}.{{ $.Release.Namespace }}.svc:6222"
    {{- end }}
  ]
}
{{- end }}
include "accounts.conf"
{{- end -}}

{{- define "nats.tls" -}}
tls {
  cert_file: "/etc/nats-tls/tls.crt"
  key_file: "/etc/nats-tls/tls.key"
  ca_file: "/etc/nats-tls/ca.crt"
  verify: true
}
{{- end -}}
