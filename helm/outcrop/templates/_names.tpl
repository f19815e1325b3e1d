{{/* The name that all names begin with. At most 31 characters, so that a model's name (24) and "-scrape" have room in 63; what is cut is told apart by a hash. */}}
{{- define "outcrop.fullname" -}}
{{- $base := .Values.nameOverride | default "outcrop" -}}
{{- $name := .Values.fullnameOverride | default (ternary .Release.Name (printf "%s-%s" .Release.Name $base) (contains $base .Release.Name)) -}}
{{- if gt (len $name) 31 -}}
{{- printf "%s-%s" (trunc 24 $name | trimSuffix "-") (sha256sum $name | trunc 6) -}}
{{- else -}}
{{- $name -}}
{{- end -}}
{{- end }}

{{/* A model's Deployment, Service and so on: dict root, model. */}}
{{- define "outcrop.workload" -}}
{{- include "outcrop.fullname" .root }}-{{ .model.name }}
{{- end }}

{{- define "outcrop.signals" -}}
{{- include "outcrop.fullname" . }}-signals
{{- end }}

{{/* The ConfigMap that signals writes, with the live replicas of each workload. */}}
{{- define "outcrop.replicasMap" -}}
{{- include "outcrop.signals" . }}-replicas
{{- end }}

{{/* The name of what a cluster has only once: with the namespace. */}}
{{- define "outcrop.clusterName" -}}
{{- include "outcrop.fullname" . }}-{{ .Release.Namespace }}
{{- end }}

{{/* What follows from a part of a model's values, for the names of objects that cannot be changed: others take their place, and pods that name them start anew. */}}
{{- define "outcrop.nameHash" -}}
{{- toJson . | sha256sum | trunc 6 -}}
{{- end }}

{{/* The claim of a model's volume, at most 63 characters: dict root, model. */}}
{{- define "outcrop.volumeClaim" -}}
{{- include "outcrop.workload" . }}-{{ include "outcrop.nameHash" .model.source.s3csi }}
{{- end }}

{{/* A model's volume, of which a cluster has one of a name: dict root, model. */}}
{{- define "outcrop.volume" -}}
{{- include "outcrop.workload" . }}-{{ .root.Release.Namespace }}-model-{{ include "outcrop.nameHash" .model.source.s3csi }}
{{- end }}

{{/* The template of the claims to a model's devices: dict root, model. */}}
{{- define "outcrop.deviceClaims" -}}
{{- include "outcrop.workload" . }}-{{ include "outcrop.nameHash" (list .model.deviceClass (int .model.devices) .model.dra) }}
{{- end }}

{{- define "outcrop.servingAccount" -}}
{{- .Values.serviceAccounts.serving.name | default (ternary (include "outcrop.fullname" .) "default" .Values.serviceAccounts.serving.create) -}}
{{- end }}

{{- define "outcrop.signalsAccount" -}}
{{- .Values.serviceAccounts.signals.name | default (ternary (include "outcrop.signals" .) "default" .Values.serviceAccounts.signals.create) -}}
{{- end }}

{{/* What a part's pods are found by, and nobody else's: dict root, component, and perhaps model. */}}
{{- define "outcrop.selector" -}}
app.kubernetes.io/name: {{ .root.Values.nameOverride | default "outcrop" }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- with .model }}
outcrop.dev/model: {{ .name }}
{{- end }}
{{- end }}

{{/* An id as the value of a label, which takes fewer characters. */}}
{{- define "outcrop.labelValue" -}}
{{- regexReplaceAll "[^A-Za-z0-9._-]" . "-" | trunc 63 | trimAll "-._" -}}
{{- end }}

{{/* All labels of an object: dict root, and perhaps component and model. */}}
{{- define "outcrop.labels" -}}
{{- $labels := dict "app.kubernetes.io/name" (.root.Values.nameOverride | default "outcrop") "app.kubernetes.io/instance" .root.Release.Name -}}
{{- with .component }}{{ $_ := set $labels "app.kubernetes.io/component" . }}{{ end -}}
{{- $_ := set $labels "app.kubernetes.io/managed-by" .root.Release.Service -}}
{{- $_ := set $labels "app.kubernetes.io/version" (.root.Chart.AppVersion | replace "+" "_" | trunc 63) -}}
{{- $_ := set $labels "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- with .model -}}
{{- $_ := set $labels "outcrop.dev/model" .name -}}
{{- $_ := set $labels "llm-d.ai/model" (include "outcrop.labelValue" .id) -}}
{{- end -}}
{{- toYaml (merge $labels .root.Values.commonLabels) -}}
{{- end }}

{{/* The labels of a pod: those of its objects without the versions, which would restart pods for nothing, and those of its values. */}}
{{- define "outcrop.podLabels" -}}
{{- $labels := omit (fromYaml (include "outcrop.labels" .)) "app.kubernetes.io/managed-by" "helm.sh/chart" "app.kubernetes.io/version" -}}
{{- toYaml (merge $labels (.more | default dict)) -}}
{{- end }}

{{/* An image: dict root, repository, tag, digest, suffix. */}}
{{- define "outcrop.image" -}}
{{- $path := printf "%s/%s" (trimSuffix "/" .root.Values.image.registry) .repository -}}
{{- if .digest -}}
{{- printf "%s@%s" $path .digest -}}
{{- else -}}
{{- printf "%s:%s%s" $path (.tag | default .root.Chart.AppVersion) (.suffix | default "") -}}
{{- end -}}
{{- end }}

{{- define "outcrop.servingImage" -}}
{{- $image := .root.Values.image -}}
{{- $kind := .model.accelerator -}}
{{- include "outcrop.image" (dict "root" .root "repository" $image.repository "tag" $image.tag "digest" (get $image.digests $kind) "suffix" (get $image.flavours $kind)) -}}
{{- end }}
