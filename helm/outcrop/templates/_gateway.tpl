{{/*
The names by which clients call a model, as JSON: {"names": [...]}; its id and aliases, bare and, but for those with a slash (ARNs), with the
prefix of an inference profile. Dict root, model.
*/}}
{{- define "outcrop.calledNames" -}}
{{- $geographies := .root.Values.gateway.geographies -}}
{{- $names := list -}}
{{- range $id := prepend (get .model.config "aliases" | default list) .model.id -}}
{{- $names = append $names $id -}}
{{- if not (contains "/" $id) -}}
{{- range $geographies }}{{ $names = append $names (printf "%s.%s" . $id) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- toJson (dict "names" (uniq $names)) -}}
{{- end }}

{{/*
The paths under which clients call a model, as JSON: {"paths": [...]}; its names, bare and as AWS SDKs encode them. Those with a slash are left
out: neither an HTTPRoute nor an Ingress may hold a %2F. Dict root, model.
*/}}
{{- define "outcrop.modelPaths" -}}
{{- $paths := list -}}
{{- range $name := (include "outcrop.calledNames" . | fromJson).names -}}
{{- if not (contains "/" $name) -}}
{{- $paths = append $paths (printf "/model/%s" $name) -}}
{{- $paths = append $paths (printf "/model/%s" ($name | replace ":" "%3A")) -}}
{{- end -}}
{{- end -}}
{{- toJson (dict "paths" (uniq $paths)) -}}
{{- end }}

{{/* The model that gets what names none in its path: dict models, root. */}}
{{- define "outcrop.defaultModel" -}}
{{- .root.Values.gateway.defaultModel | default (first .models).name -}}
{{- end }}

{{/* Where a model's requests go, as an HTTPRoute says it: dict root, model. */}}
{{- define "outcrop.backend" -}}
{{- if .root.Values.gateway.inferencePool.enabled -}}
- group: inference.networking.k8s.io
  kind: InferencePool
  name: {{ include "outcrop.workload" . }}
{{- else -}}
- name: {{ include "outcrop.workload" . }}
  port: {{ include "outcrop.servicePort" .root }}
{{- end -}}
{{- end }}

{{/* What a route ends with: dict root, model. */}}
{{- define "outcrop.ruleEnd" -}}
{{- with .root.Values.gateway.httpRoute.requestTimeout -}}
timeouts:
  request: {{ . }}
{{ end -}}
backendRefs:
  {{- include "outcrop.backend" . | nindent 2 }}
{{- end }}

{{- define "outcrop.routeSpec" -}}
parentRefs:
  {{- toYaml .parentRefs | nindent 2 }}
{{- with .hostnames }}
hostnames:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
