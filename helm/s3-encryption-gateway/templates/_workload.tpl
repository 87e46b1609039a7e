{{- /* The services that a component plays. */ -}}
{{- define "s3eg.services" -}}
{{- if eq . "gateway" -}}edge crypto keys audit admin{{- else -}}{{ . }}{{- end -}}
{{- end -}}

{{- /* The values of a component. */ -}}
{{- define "s3eg.own" -}}
{{- if eq .component "gateway" -}}
{{- dict "replicaCount" .root.Values.replicaCount "resources" .root.Values.resources "persistence" .root.Values.persistence "nodeSelector" .root.Values.nodeSelector "tolerations" .root.Values.tolerations "affinity" .root.Values.affinity "autoscaling" dict | toYaml -}}
{{- else -}}
{{- get .root.Values .component | toYaml -}}
{{- end -}}
{{- end -}}

{{- /* True where a component has a certificate of the issuer for services. */ -}}
{{- define "s3eg.hasServiceTls" -}}
{{- if and .root.Values.certManager.serviceIssuerRef (or (include "s3eg.hasBroker" .root) (include "s3eg.hasAdmin" .root)) -}}true{{- end -}}
{{- end -}}

{{- define "s3eg.chartVariables" -}}
{{- $root := .root -}}
{{- $component := .component -}}
{{- $isDistributed := ne $component "gateway" -}}
{{- $services := splitList " " (include "s3eg.services" $component) -}}
{{- $tls := include "s3eg.hasServiceTls" . -}}
- name: DATA_DIR
  value: /data
- name: METRICS_ADDR
  value: ":9090"
{{- with include "s3eg.configKey" . }}
- name: CONFIG_PATH
  value: /etc/s3eg/config/{{ . }}
{{- end }}
{{- if and $root.Values.policies (has $component (list "gateway" "edge")) }}
- name: POLICIES
  value: /etc/s3eg/config/policy-*.yaml
{{- end }}
{{- if has $component (list "gateway" "edge") }}
- name: LISTEN_ADDR
  value: ":8080"
{{- if $root.Values.certManager.enabled }}
- name: TLS_ENABLED
  value: "true"
- name: TLS_CERT_FILE
  value: /etc/s3eg/tls/tls.crt
- name: TLS_KEY_FILE
  value: /etc/s3eg/tls/tls.key
{{- end }}
{{- end }}
{{- if and (has $component (list "gateway" "edge" "crypto")) $root.Values.valkey.enabled }}
- name: VALKEY_ADDR
  value: {{ printf "%s-valkey:6379" $root.Release.Name }}
{{- /* The bundled Valkey has no certificate; what lies there is sealed under a key of the upload. */}}
- name: VALKEY_TLS_ENABLED
  value: "false"
- name: VALKEY_INSECURE_ALLOW_PLAINTEXT
  value: "true"
{{- if $root.Values.valkey.auth.enabled }}
- name: VALKEY_PASSWORD_ENV
  value: VALKEY_PASSWORD
- name: VALKEY_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $root.Values.valkey.auth.existingSecret }}
      key: {{ $root.Values.valkey.auth.existingSecretPasswordKey }}
{{- end }}
{{- end }}
{{- if has $component (list "gateway" "admin") }}
{{- if include "s3eg.hasAdmin" $root }}
{{- if eq $component "admin" }}
- name: ADMIN_ENABLED
  value: "true"
{{- end }}
- name: ADMIN_ADDRESS
  value: "0.0.0.0:8081"
{{- if $tls }}
- name: ADMIN_TLS_ENABLED
  value: "true"
- name: ADMIN_TLS_CERT_FILE
  value: /etc/s3eg/service-tls/tls.crt
- name: ADMIN_TLS_KEY_FILE
  value: /etc/s3eg/service-tls/tls.key
{{- end }}
{{- /* A mounted Secret is made of symbolic links that its group can read, which the gateway takes no token from. */}}
{{- if and $root.Values.config.admin (get (default dict (default dict $root.Values.config.admin).auth) "token") }}
- name: ADMIN_ALLOW_INLINE_TOKEN
  value: "true"
{{- end }}
{{- end }}
{{- end }}
{{- if include "s3eg.hasBroker" $root }}
{{- with include "s3eg.brokerUrl" $root }}
- name: NATS_URL
  value: {{ . | quote }}
{{- end }}
{{- if $root.Values.nats.enabled }}
- name: NATS_REPLICAS
  value: {{ min 3 (int $root.Values.nats.replicaCount) | quote }}
{{- end }}
{{- if $root.Values.nats.credsSecret }}
- name: NATS_CREDS_FILE
  value: /etc/s3eg/nats/{{ include "s3eg.brokerKey" $component }}
{{- end }}
{{- if or $root.Values.nats.tlsSecret (and $tls (hasPrefix "tls://" (include "s3eg.brokerUrl" $root))) }}
{{- $folder := ternary "/etc/s3eg/nats-tls" "/etc/s3eg/service-tls" (ne $root.Values.nats.tlsSecret "") }}
- name: NATS_TLS_CA_FILE
  value: {{ $folder }}/ca.crt
- name: NATS_TLS_CERT_FILE
  value: {{ $folder }}/tls.crt
- name: NATS_TLS_KEY_FILE
  value: {{ $folder }}/tls.key
{{- end }}
{{- if eq (include "s3eg.setting" (dict "root" $root "path" "service.secretFile")) "" }}
- name: SERVICE_SECRET
  valueFrom:
    secretKeyRef:
      name: {{ $root.Values.existingSecret }}
      key: SERVICE_SECRET
{{- end }}
{{- if and (or (has "crypto" $services) (has "keys" $services)) (eq (include "s3eg.setting" (dict "root" $root "path" "service.keysSecretFile")) "") }}
- name: KEYS_SECRET
  valueFrom:
    secretKeyRef:
      name: {{ $root.Values.existingSecret }}
      key: KEYS_SECRET
{{- end }}
{{- end }}
{{- if $isDistributed }}
{{- if and $tls (has $component (list "edge" "crypto")) }}
- name: SERVICE_TLS_CA_FILE
  value: /etc/s3eg/service-tls/ca.crt
- name: SERVICE_TLS_CERT_FILE
  value: /etc/s3eg/service-tls/tls.crt
- name: SERVICE_TLS_KEY_FILE
  value: /etc/s3eg/service-tls/tls.key
- name: SERVICE_TLS_SERVER_NAME
  value: {{ include "s3eg.componentName" (dict "root" $root "component" "crypto") }}
{{- end }}
- name: ZONE
  valueFrom:
    fieldRef:
      fieldPath: metadata.labels['topology.kubernetes.io/zone']
{{- if eq $component "crypto" }}
- name: POD_IP
  valueFrom:
    fieldRef:
      fieldPath: status.podIP
- name: CRYPTO_ADVERTISE_URL
  value: {{ ternary "https" "http" (eq $tls "true") }}://$(POD_IP):8090
{{- end }}
{{- end }}
{{- end -}}

{{- define "s3eg.ports" -}}
{{- if has .component (list "gateway" "edge") }}
- name: s3
  containerPort: 8080
{{- end }}
{{- if eq .component "crypto" }}
- name: transfers
  containerPort: 8090
{{- end }}
{{- if and (has .component (list "gateway" "admin")) (include "s3eg.hasAdmin" .root) }}
- name: admin
  containerPort: 8081
{{- end }}
- name: metrics
  containerPort: 9090
{{- end -}}

{{- define "s3eg.probes" -}}
startupProbe:
  httpGet: { path: /startupz, port: metrics }
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /livez, port: metrics }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: { path: /readyz, port: metrics }
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 2
{{- end -}}

{{- define "s3eg.mounts" -}}
- name: data
  mountPath: /data
- name: tmp
  mountPath: /tmp
{{- if include "s3eg.configItems" . }}
- name: config
  mountPath: /etc/s3eg/config
  readOnly: true
{{- end }}
{{- if and .root.Values.certManager.enabled (has .component (list "gateway" "edge")) }}
- name: tls
  mountPath: /etc/s3eg/tls
  readOnly: true
{{- end }}
{{- if include "s3eg.hasServiceTls" . }}
- name: service-tls
  mountPath: /etc/s3eg/service-tls
  readOnly: true
{{- end }}
{{- if include "s3eg.hasBroker" .root }}
{{- if .root.Values.nats.credsSecret }}
- name: nats
  mountPath: /etc/s3eg/nats
  readOnly: true
{{- end }}
{{- if .root.Values.nats.tlsSecret }}
- name: nats-tls
  mountPath: /etc/s3eg/nats-tls
  readOnly: true
{{- end }}
{{- end }}
{{- if (include "s3eg.account" . | fromYaml).tokenAudience }}
- name: account-token
  mountPath: /var/run/secrets/kubernetes.io/serviceaccount
  readOnly: true
{{- end }}
{{- with concat (default list .root.Values.extraVolumeMounts) (default list (include "s3eg.own" . | fromYaml).extraVolumeMounts) }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "s3eg.volumes" -}}
{{- $own := include "s3eg.own" . | fromYaml -}}
{{- $persistence := default dict $own.persistence -}}
{{- if include "s3eg.hasClaimTemplate" . }}
{{- else if and (eq .component "gateway") (include "s3eg.hasClaim" .root) }}
- name: data
  persistentVolumeClaim:
    claimName: {{ $persistence.existingClaim }}
{{- else }}
- name: data
  emptyDir: {}
{{- end }}
- name: tmp
  emptyDir: {}
{{- with include "s3eg.configItems" . }}
- name: config
  configMap:
    name: {{ include "s3eg.fullname" $.root }}
    items:
      {{- . | trim | nindent 6 }}
{{- end }}
{{- if and .root.Values.certManager.enabled (has .component (list "gateway" "edge")) }}
- name: tls
  secret:
    secretName: {{ include "s3eg.fullname" .root }}-tls
    defaultMode: 288
{{- end }}
{{- if include "s3eg.hasServiceTls" . }}
- name: service-tls
  secret:
    secretName: {{ include "s3eg.componentName" . }}-service-tls
    defaultMode: 288
{{- end }}
{{- if include "s3eg.hasBroker" .root }}
{{- if .root.Values.nats.credsSecret }}
- name: nats
  secret:
    secretName: {{ .root.Values.nats.credsSecret }}
    defaultMode: 288
    items:
      - key: {{ include "s3eg.brokerKey" .component }}
        path: {{ include "s3eg.brokerKey" .component }}
{{- end }}
{{- if .root.Values.nats.tlsSecret }}
- name: nats-tls
  secret:
    secretName: {{ .root.Values.nats.tlsSecret }}
    defaultMode: 288
{{- end }}
{{- end }}
{{- with (include "s3eg.account" . | fromYaml).tokenAudience }}
- name: account-token
  projected:
    sources:
      - serviceAccountToken:
          audience: {{ . }}
          expirationSeconds: 3600
          path: token
{{- end }}
{{- with concat (default list .root.Values.extraVolumes) (default list $own.extraVolumes) }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* Which entries of the ConfigMap a component sees. */ -}}
{{- define "s3eg.configItems" -}}
{{- with include "s3eg.configKey" . }}
- { key: {{ . }}, path: {{ . }} }
{{- end }}
{{- if has .component (list "gateway" "edge") }}
{{- range $name, $_ := .root.Values.policies }}
- { key: policy-{{ $name }}.yaml, path: policy-{{ $name }}.yaml }
{{- end }}
{{- end }}
{{- end -}}

{{- /* A claim that is there already: for the one process of all-in-one. */ -}}
{{- define "s3eg.hasClaim" -}}
{{- if and .Values.persistence.enabled .Values.persistence.existingClaim -}}true{{- end -}}
{{- end -}}

{{- /* What keeps something of its own in every replica. */ -}}
{{- define "s3eg.hasClaimTemplate" -}}
{{- if eq .component "gateway" -}}
{{- if and .root.Values.persistence.enabled (not .root.Values.persistence.existingClaim) -}}true{{- end -}}
{{- else if has .component (list "keys" "audit") -}}
{{- if (get .root.Values .component).persistence.enabled -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{- define "s3eg.pod" -}}
{{- $root := .root -}}
{{- $own := include "s3eg.own" . | fromYaml -}}
{{- $services := splitList " " (include "s3eg.services" .component) -}}
metadata:
  labels:
    {{- include "s3eg.selector" . | nindent 4 }}
    app.kubernetes.io/part-of: s3-encryption-gateway
    {{- with $root.Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    s3eg/config: {{ include "s3eg.configText" . | sha256sum }}
    {{- with $root.Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ (include "s3eg.account" . | fromYaml).name }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $root.Values.terminationGracePeriodSeconds }}
  {{- with $root.Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $root.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  {{- with default $root.Values.nodeSelector $own.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with default $root.Values.tolerations $own.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with default $root.Values.affinity $own.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    {{- if $root.Values.topologySpreadConstraints }}
    {{- toYaml $root.Values.topologySpreadConstraints | nindent 4 }}
    {{- else }}
    {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "s3eg.selector" $ | nindent 10 }}
    {{- end }}
    {{- end }}
  containers:
    - name: {{ .component }}
      image: {{ include "s3eg.image" $root }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args: [serve, {{ join ", " $services }}]
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      env:
        {{- include "s3eg.environment" . | nindent 8 }}
      ports:
        {{- include "s3eg.ports" . | trim | nindent 8 }}
      {{- include "s3eg.probes" . | nindent 6 }}
      lifecycle:
        preStop:
          # Who sends it requests has time to hear that it goes; SIGTERM then drains it.
          exec:
            command: [node, -e, "setTimeout(() => {}, 5000)"]
      resources:
        {{- toYaml $own.resources | nindent 8 }}
      volumeMounts:
        {{- include "s3eg.mounts" . | trim | nindent 8 }}
  volumes:
    {{- include "s3eg.volumes" . | trim | nindent 4 }}
{{- end -}}
