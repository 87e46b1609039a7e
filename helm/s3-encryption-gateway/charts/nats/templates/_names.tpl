{{- define "nats.labels" -}}
app.kubernetes.io/name: nats
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: broker
{{- end -}}

{{- /* Where clients connect. */ -}}
{{- define "nats.name" -}}
{{- printf "%s-nats" .Release.Name -}}
{{- end -}}

{{- /* The headless Service, under which each server has a name of its own. */ -}}
{{- define "nats.servers" -}}
{{- printf "%s-nats-servers" .Release.Name -}}
{{- end -}}
