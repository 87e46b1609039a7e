{{- /* What the values say under a path of config, such as backend.endpoint; empty where they say nothing. */ -}}
{{- define "s3eg.setting" -}}
{{- $node := .root.Values.config -}}
{{- range splitList "." .path -}}
{{- if kindIs "map" $node -}}{{- $node = get $node . -}}{{- else -}}{{- $node = "" -}}{{- end -}}
{{- end -}}
{{- if kindIs "map" $node -}}{{- include "s3eg.text" (get $node "value") -}}{{- end -}}
{{- end -}}

{{- /* A value as a variable holds it. Helm reads whole numbers as floats. */ -}}
{{- define "s3eg.text" -}}
{{- if kindIs "float64" . -}}
{{- if eq (floor .) . -}}{{- printf "%.0f" . -}}{{- else -}}{{- . -}}{{- end -}}
{{- else if kindIs "slice" . -}}
{{- join "," . -}}
{{- else if kindIs "invalid" . -}}
{{- else -}}
{{- toString . -}}
{{- end -}}
{{- end -}}

{{- define "s3eg.variable" -}}
{{- $said := .said -}}
{{- if kindIs "map" $said -}}
{{- $text := include "s3eg.text" (get $said "value") -}}
{{- if and (get $said "valueFrom") (ne $text "") (not (has .path (list "backend.endpoint" "backend.region"))) -}}
{{- fail (printf "config.%s has value and valueFrom: one of the two. Set the other to null where it is the chart's default" .path) -}}
{{- end -}}
{{- if get $said "valueFrom" }}
- name: {{ .name }}
  valueFrom:
    {{- toYaml (get $said "valueFrom") | nindent 4 }}
{{- else if ne $text "" }}
- name: {{ .name }}
  value: {{ $text | quote }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* Variables of a component: of the settings that its services get, and of nothing else. */ -}}
{{- define "s3eg.variables" -}}
{{- $root := .root -}}
{{- $services := .services -}}
{{- range $setting := $root.Files.Get "files/settings.json" | fromJsonArray -}}
{{- $isOurs := false -}}
{{- range $services -}}{{- if has . $setting.services -}}{{- $isOurs = true -}}{{- end -}}{{- end -}}
{{- if $isOurs -}}
{{- $node := $root.Values.config -}}
{{- range splitList "." $setting.path -}}
{{- if kindIs "map" $node -}}{{- $node = get $node . -}}{{- else -}}{{- $node = "" -}}{{- end -}}
{{- end -}}
{{- include "s3eg.variable" (dict "name" $setting.env "said" $node "path" $setting.path) -}}
{{- end -}}
{{- end -}}
{{- if has "edge" $services -}}
{{- $auth := default dict $root.Values.config.auth -}}
{{- range $at, $credential := default list $auth.credentials -}}
{{- include "s3eg.variable" (dict "name" (printf "GW_CRED_%d_ACCESS_KEY" $at) "said" $credential.accessKey "path" (printf "auth.credentials[%d].accessKey" $at)) -}}
{{- include "s3eg.variable" (dict "name" (printf "GW_CRED_%d_SECRET_KEY" $at) "said" $credential.secretKey "path" (printf "auth.credentials[%d].secretKey" $at)) -}}
{{- range $name, $variable := dict "buckets" "BUCKETS" "permissions" "PERMISSIONS" -}}
{{- if get $credential $name }}
- name: GW_CRED_{{ $at }}_{{ $variable }}
  value: {{ get $credential $name | quote }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if has "keys" $services -}}
{{- $encryption := default dict $root.Values.config.encryption -}}
{{- $manager := default dict $encryption.keyManager -}}
{{- $aes := default dict (default dict $manager.selfContained).aes -}}
{{- $named := list -}}
{{- range default list $aes.keys -}}
{{- $version := include "s3eg.text" .version -}}
{{- $named = append $named (printf "%s=env:S3EG_KEK_%s" $version $version) }}
- name: S3EG_KEK_{{ $version }}
  valueFrom:
    secretKeyRef:
      {{- toYaml .secretKeyRef | nindent 6 }}
{{- end -}}
{{- if $named }}
- name: SELF_CONTAINED_AES_KEYS
  value: {{ join "," $named | quote }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* All variables of a component as YAML: what the chart wires, unless config says it; both unless extraEnv does. */ -}}
{{- define "s3eg.environment" -}}
{{- $services := splitList " " (include "s3eg.services" .component) -}}
{{- $own := include "s3eg.own" . | fromYaml -}}
{{- $wired := include "s3eg.chartVariables" . | fromYamlArray -}}
{{- $said := include "s3eg.variables" (dict "root" .root "services" $services) | fromYamlArray -}}
{{- $extra := concat (default list .root.Values.extraEnv) (default list $own.extraEnv) -}}
{{- $kept := list -}}
{{- range $at, $group := list $wired $said $extra -}}
{{- $over := list -}}
{{- range ternary (concat $said $extra) (ternary $extra list (eq $at 1)) (eq $at 0) -}}{{- $over = append $over .name -}}{{- end -}}
{{- range $group -}}{{- if not (has .name $over) -}}{{- $kept = append $kept . -}}{{- end -}}{{- end -}}
{{- end -}}
{{- toYaml $kept -}}
{{- end -}}
