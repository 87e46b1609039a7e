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

{{- define "s3eg.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "s3eg.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
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
