{{- /* What can't work is refused here, with the values to change. */ -}}
{{- define "s3eg.validate" -}}
{{- $valkey := include "s3eg.setting" (dict "root" . "path" "multipartState.valkey.addr") -}}
{{- if and .Values.valkey.enabled $valkey -}}
{{- fail "valkey.enabled and config.multipartState.valkey.addr: one of the two. The first is the Valkey of this release, the second an external one" -}}
{{- end -}}
{{- $hasUploads := ne (include "s3eg.setting" (dict "root" . "path" "server.disableMultipartUploads")) "true" -}}
{{- $hasValkey := or .Values.valkey.enabled (ne $valkey "") -}}
{{- if eq .Values.mode "all-in-one" -}}
{{- if and (gt (int .Values.replicaCount) 1) (include "s3eg.hasClaim" .) -}}
{{- fail "persistence.existingClaim is for one replica: several would write the same files" -}}
{{- end -}}
{{- if and (gt (int .Values.replicaCount) 1) $hasUploads (not $hasValkey) -}}
{{- fail "replicaCount above 1 needs valkey.enabled or config.multipartState.valkey.addr: a part of an upload that reaches another replica would be refused. Or set config.server.disableMultipartUploads.value to true" -}}
{{- end -}}
{{- else -}}
{{- if not (include "s3eg.brokerUrl" .) -}}
{{- fail "mode distributed needs nats.url or nats.enabled: services find each other over NATS" -}}
{{- end -}}
{{- if and $hasUploads (not $hasValkey) -}}
{{- fail "mode distributed needs valkey.enabled or config.multipartState.valkey.addr for the state of multipart uploads. Or set config.server.disableMultipartUploads.value to true" -}}
{{- end -}}
{{- if and .Values.admin.enabled (not .Values.certManager.serviceIssuerRef) (ne (include "s3eg.setting" (dict "root" . "path" "admin.tls.enabled")) "true") -}}
{{- fail "admin.enabled needs a certificate: certManager.serviceIssuerRef, or config.admin.tls with files of extraVolumes" -}}
{{- end -}}
{{- end -}}
{{- if and (eq .Values.mode "distributed") (not .Values.audit.enabled) (eq (include "s3eg.setting" (dict "root" . "path" "audit.enabled")) "true") -}}
{{- fail "config.audit.enabled needs audit.enabled: there would be nobody to keep the trail" -}}
{{- end -}}
{{- if and .Values.certManager.enabled (not .Values.certManager.issuerRef) -}}
{{- fail "certManager.enabled needs certManager.issuerRef" -}}
{{- end -}}
{{- if and .Values.certManager.enabled (eq (include "s3eg.setting" (dict "root" . "path" "tls.enabled")) "true") -}}
{{- fail "certManager.enabled and config.tls.enabled: one of the two" -}}
{{- end -}}
{{- if and .Values.keda.enabled (eq .Values.mode "all-in-one") -}}
{{- fail "keda.enabled scales crypto: it needs mode distributed" -}}
{{- end -}}
{{- range list "keys" "audit" "admin" -}}
{{- if get (get $.Values .) "autoscaling" -}}
{{- fail (printf "%s.autoscaling: only edge and crypto are scaled" .) -}}
{{- end -}}
{{- end -}}
{{- range list "edge" "crypto" "admin" -}}
{{- if get (get $.Values .) "persistence" -}}
{{- fail (printf "%s.persistence: only keys and audit keep something of their own in mode distributed" .) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.crypto.autoscaling.targetTransfers .Values.keda.enabled -}}
{{- fail "crypto.autoscaling.targetTransfers is for the HorizontalPodAutoscaler of the chart: with keda.enabled set keda.transfersPerWorker" -}}
{{- end -}}
{{- if and .Values.nats.url (include "s3eg.setting" (dict "root" . "path" "nats.url")) -}}
{{- fail "nats.url and config.nats.url: one of the two" -}}
{{- end -}}
{{- if .Values.nats.enabled -}}
{{- if or .Values.nats.url (include "s3eg.setting" (dict "root" . "path" "nats.url")) -}}
{{- fail "nats.enabled and nats.url: one of the two. The first is the NATS of this release, the second one of yours" -}}
{{- end -}}
{{- if not (or .Values.certManager.serviceIssuerRef (and .Values.nats.serverTlsSecret .Values.nats.tlsSecret)) -}}
{{- fail "nats.enabled needs certificates: certManager.serviceIssuerRef, or nats.serverTlsSecret for its servers and nats.tlsSecret for the services" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.gatewayApi.enabled (not .Values.gatewayApi.parentRefs) -}}
{{- fail "gatewayApi.enabled needs gatewayApi.parentRefs: the Gateways that take requests for the route" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- fail "ingress.enabled needs ingress.hosts" -}}
{{- end -}}
{{- end -}}
