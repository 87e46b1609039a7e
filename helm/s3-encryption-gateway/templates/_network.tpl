{{- /* Where the services of a component connect to, as names of `networkPolicy`, separated by spaces (ARCHITECTURE.md, "Network"). */ -}}
{{- define "s3eg.destinations" -}}
{{- $services := splitList " " (include "s3eg.services" .component) -}}
{{- $names := list "tracing" -}}
{{- if include "s3eg.hasBroker" .root -}}{{- $names = append $names "broker" -}}{{- end -}}
{{- if or (has "edge" $services) (has "crypto" $services) -}}{{- $names = concat $names (list "backend" "valkey") -}}{{- end -}}
{{- if has "keys" $services -}}{{- $names = append $names "keyStores" -}}{{- end -}}
{{- if has "audit" $services -}}{{- $names = append $names "auditServer" -}}{{- end -}}
{{- join " " $names -}}
{{- end -}}

{{- /* A rule for the ports that addresses name, or else for `otherwise`, and for those of `beside`. */ -}}
{{- define "s3eg.toPorts" -}}
{{- $ports := list -}}
{{- range regexFindAll ":[0-9]+" (toString .addresses) -1 -}}{{- $ports = append $ports (int (trimPrefix ":" .)) -}}{{- end -}}
{{- $all := concat (default (default list .otherwise) $ports) (default list .beside) | uniq -}}
- ports:
  {{- range $all }}
    - { port: {{ . }}, protocol: TCP }
  {{- end }}
{{- end -}}

{{- define "s3eg.to.broker" -}}
{{- if .Values.nats.enabled -}}
- ports: [{ port: 4222, protocol: TCP }]
  to:
    - podSelector:
        matchLabels:
          app.kubernetes.io/name: nats
          app.kubernetes.io/instance: {{ .Release.Name }}
{{- else -}}
{{- include "s3eg.toPorts" (dict "addresses" (include "s3eg.brokerUrl" .) "otherwise" (list 4222)) -}}
{{- end -}}
{{- end -}}

{{- define "s3eg.to.backend" -}}
{{- $endpoint := include "s3eg.setting" (dict "root" . "path" "backend.endpoint") -}}
{{- include "s3eg.toPorts" (dict "addresses" $endpoint "otherwise" (ternary (list 80) list (hasPrefix "http://" $endpoint)) "beside" (list 443)) -}}
{{- end -}}

{{- define "s3eg.to.valkey" -}}
{{- $valkey := default dict (default dict .Values.config.multipartState).valkey -}}
{{- $addr := include "s3eg.setting" (dict "root" . "path" "multipartState.valkey.addr") -}}
{{- if .Values.valkey.enabled -}}
- ports: [{ port: 6379, protocol: TCP }]
  to:
    - podSelector:
        matchLabels:
          app.kubernetes.io/name: valkey
          app.kubernetes.io/instance: {{ .Release.Name }}
{{- else if or $addr (get (default dict $valkey.addr) "valueFrom") -}}
{{- include "s3eg.toPorts" (dict "addresses" $addr "otherwise" (list 6379)) -}}
{{- end -}}
{{- end -}}

{{- define "s3eg.to.keyStores" -}}
{{- $manager := "encryption.keyManager" -}}
{{- $provider := include "s3eg.setting" (dict "root" . "path" (printf "%s.provider" $manager)) -}}
{{- $bao := include "s3eg.setting" (dict "root" . "path" (printf "%s.openbao.address" $manager)) -}}
{{- $kmip := include "s3eg.setting" (dict "root" . "path" (printf "%s.cosmian.endpoint" $manager)) -}}
{{- if ne (include "s3eg.setting" (dict "root" . "path" (printf "%s.enabled" $manager))) "true" -}}
{{- else if has $provider (list "aws-kms" "azure-key-vault" "gcp-kms") -}}
- ports: [{ port: 443, protocol: TCP }]
{{- else if has $provider (list "openbao" "openbao-transit" "vault" "vault-transit") -}}
{{- include "s3eg.toPorts" (dict "addresses" $bao "otherwise" (list 8200 443)) -}}
{{- else if has $provider (list "cosmian" "kmip") -}}
{{- include "s3eg.toPorts" (dict "addresses" $kmip "otherwise" (list 9998 5696 443)) -}}
{{- end -}}
{{- end -}}

{{- define "s3eg.to.auditServer" -}}
{{- if eq (include "s3eg.setting" (dict "root" . "path" "audit.sink.type")) "http" -}}
{{- include "s3eg.toPorts" (dict "addresses" (include "s3eg.setting" (dict "root" . "path" "audit.sink.endpoint")) "otherwise" (list 443 80)) -}}
{{- end -}}
{{- end -}}

{{- define "s3eg.to.tracing" -}}
{{- if eq (include "s3eg.setting" (dict "root" . "path" "tracing.enabled")) "true" -}}
{{- $endpoint := include "s3eg.setting" (dict "root" . "path" "tracing.otlpEndpoint") -}}
{{- $jaeger := include "s3eg.setting" (dict "root" . "path" "tracing.jaegerEndpoint") -}}
{{- include "s3eg.toPorts" (dict "addresses" (printf "%s %s" $endpoint $jaeger) "otherwise" (list 4318 443)) -}}
{{- end -}}
{{- end -}}
