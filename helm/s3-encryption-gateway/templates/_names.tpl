{{- define "s3eg.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "s3eg.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "s3eg.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "s3eg.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- /* Name of an object of a component; the all-in-one workload has the name of the release alone. */ -}}
{{- define "s3eg.componentName" -}}
{{- if eq .component "gateway" -}}
{{- include "s3eg.fullname" .root -}}
{{- else -}}
{{- printf "%s-%s" (include "s3eg.fullname" .root) .component -}}
{{- end -}}
{{- end -}}

{{- /* The headless Service of a component, for its metrics. */ -}}
{{- define "s3eg.ownService" -}}
{{- ternary (printf "%s-metrics" (include "s3eg.fullname" .root)) (include "s3eg.componentName" .) (eq .component "gateway") -}}
{{- end -}}

{{- define "s3eg.selector" -}}
app.kubernetes.io/name: {{ include "s3eg.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "s3eg.labels" -}}
{{ include "s3eg.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: s3-encryption-gateway
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "s3eg.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{- /* The account of a component as YAML: its own, or the one of the release, or none. */ -}}
{{- define "s3eg.account" -}}
{{- $own := ternary dict (get .root.Values .component) (eq .component "gateway") -}}
{{- if get (default dict $own) "serviceAccount" -}}
{{- $account := $own.serviceAccount -}}
{{- dict "create" $account.create "name" (default (ternary (include "s3eg.componentName" .) "default" (default false $account.create)) $account.name) "annotations" $account.annotations "tokenAudience" $account.tokenAudience | toYaml -}}
{{- else if has .component (list "gateway" "edge" "crypto") -}}
{{- $account := .root.Values.serviceAccount -}}
{{- dict "name" (default (ternary (include "s3eg.fullname" .root) "default" $account.create) $account.name) "tokenAudience" $account.tokenAudience | toYaml -}}
{{- else -}}
name: default
{{- end -}}
{{- end -}}

{{- /* The component that has the S3 port. */ -}}
{{- define "s3eg.front" -}}
{{- ternary "gateway" "edge" (eq .Values.mode "all-in-one") -}}
{{- end -}}

{{- /* Components of this release, separated by spaces. */ -}}
{{- define "s3eg.components" -}}
{{- if eq .Values.mode "all-in-one" -}}
gateway
{{- else -}}
edge crypto keys{{ if .Values.audit.enabled }} audit{{ end }}{{ if .Values.admin.enabled }} admin{{ end }}
{{- end -}}
{{- end -}}

{{- define "s3eg.hasClientTls" -}}
{{- if or .Values.certManager.enabled (eq (include "s3eg.setting" (dict "root" . "path" "tls.enabled")) "true") -}}true{{- end -}}
{{- end -}}

{{- define "s3eg.hasAdmin" -}}
{{- if eq .Values.mode "all-in-one" -}}
{{- if eq (include "s3eg.setting" (dict "root" . "path" "admin.enabled")) "true" -}}true{{- end -}}
{{- else if .Values.admin.enabled -}}true{{- end -}}
{{- end -}}

{{- /* True where a component talks over NATS. */ -}}
{{- define "s3eg.hasBroker" -}}
{{- if or (eq .Values.mode "distributed") (include "s3eg.brokerUrl" .) -}}true{{- end -}}
{{- end -}}

{{- /* Where the broker is: the one of this release, or the one that the values name; empty where they name none. */ -}}
{{- define "s3eg.brokerUrl" -}}
{{- if .Values.nats.enabled -}}
{{- printf "tls://%s-nats:4222" .Release.Name -}}
{{- else -}}
{{- default (include "s3eg.setting" (dict "root" . "path" "nats.url")) .Values.nats.url -}}
{{- end -}}
{{- end -}}

{{- /* The name of the key with which a component shows the broker who it is: as deploy/nats/make-config.ts names it. */ -}}
{{- define "s3eg.brokerKey" -}}
{{- include "s3eg.services" . | replace " " "-" -}}.nk
{{- end -}}

{{- /* Which entry of the ConfigMap is the configuration of a component; empty where there is none. */ -}}
{{- define "s3eg.configKey" -}}
{{- $own := ternary dict (get .root.Values .component) (eq .component "gateway") -}}
{{- if get (default dict $own) "configFile" -}}config-{{ .component }}.yaml
{{- else if .root.Values.configFile -}}config.yaml
{{- end -}}
{{- end -}}

{{- /* What changes where a component has to start anew with its configuration. */ -}}
{{- define "s3eg.configText" -}}
{{- $own := ternary dict (get .root.Values .component) (eq .component "gateway") -}}
{{- default .root.Values.configFile (get (default dict $own) "configFile") -}}
{{- end -}}
