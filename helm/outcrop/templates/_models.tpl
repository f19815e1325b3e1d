{{/* Writes one map over another, into the first: dict into, over. Unlike sprig's, false, 0 and "" count; null does not. */}}
{{- define "outcrop.merge" -}}
{{- $into := .into -}}
{{- range $key, $value := .over -}}
{{- if and (kindIs "map" $value) (kindIs "map" (get $into $key)) -}}
{{- include "outcrop.merge" (dict "into" (get $into $key) "over" $value) -}}
{{- else if not (kindIs "invalid" $value) -}}
{{- $_ := set $into $key $value -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/*
Puts the models with their defaults into the dict it is called with, under "models", and checks them: dict root. What a template writes is
text, so this is the way to hand numbers on as numbers.
*/}}
{{- define "outcrop.models" -}}
{{- $root := .root -}}
{{- $models := list -}}
{{- $names := dict -}}
{{- $ids := dict -}}
{{- $labels := dict -}}
{{- range .root.Values.models -}}
{{- $model := deepCopy $root.Values.modelDefaults -}}
{{- include "outcrop.merge" (dict "into" $model "over" .) -}}
{{- if hasKey $names $model.name -}}
{{- fail (printf "models: two are called %s" $model.name) -}}
{{- end -}}
{{- $_ := set $names $model.name true -}}
{{- if hasKey $ids $model.id -}}
{{- fail (printf "models: %s and %s have the id %s" (get $ids $model.id) $model.name $model.id) -}}
{{- end -}}
{{- $_ := set $ids $model.id $model.name -}}
{{- $label := include "outcrop.labelValue" $model.id -}}
{{- if and (hasKey $labels $label) (has $root.Values.autoscaling.mode (list "external" "hpa")) -}}
{{- fail (printf "models: the ids of %s and %s are both %s as a label, by which an autoscaler asks for them; rename one" (get $labels $label) $model.name $label) -}}
{{- end -}}
{{- $_ := set $labels $label $model.name -}}
{{- include "outcrop.completeModel" (dict "root" $root "model" $model) -}}
{{- include "outcrop.checkModel" (dict "root" $root "model" $model) -}}
{{- $models = append $models $model -}}
{{- end -}}
{{- if not $models -}}
{{- fail "models is empty: name at least one model, with its name, id and source" -}}
{{- end -}}
{{- include "outcrop.check" (dict "root" $root "models" $models) -}}
{{- $_ := set . "models" $models -}}
{{- end }}

{{/* What follows from the accelerator, where the values leave it open. */}}
{{- define "outcrop.completeModel" -}}
{{- $model := .model -}}
{{- $accelerated := ne $model.accelerator "cpu" -}}
{{- $jobs := dig "batch-jobs" "folder" "" (include "outcrop.serverValues" . | fromYaml) -}}
{{- $_ := set $model "accelerated" $accelerated -}}
{{- $_ := set $model "jobs" (not (empty $jobs)) -}}
{{- $_ := set $model "scaled" (ne .root.Values.autoscaling.mode "none") -}}
{{- if kindIs "invalid" $model.startupTimeoutSeconds -}}
{{- $_ := set $model "startupTimeoutSeconds" (get (dict "cpu" 300 "cuda" 1800 "neuron" 7200) $model.accelerator) -}}
{{- end -}}
{{- if kindIs "invalid" $model.readOnlyRootFilesystem -}}
{{- $_ := set $model "readOnlyRootFilesystem" (ne $model.accelerator "cuda") -}}
{{- end -}}
{{- if and (kindIs "invalid" $model.sharedMemory) (eq $model.accelerator "cuda") (gt (int $model.devices) 1) -}}
{{- $_ := set $model "sharedMemory" "1Gi" -}}
{{- end -}}
{{- if kindIs "invalid" $model.strategy -}}
{{- if $model.jobs -}}
{{- $_ := set $model "strategy" (dict "type" "Recreate") -}}
{{- else if $accelerated -}}
{{- $_ := set $model "strategy" (dict "type" "RollingUpdate" "rollingUpdate" (dict "maxSurge" 0 "maxUnavailable" 1)) -}}
{{- else -}}
{{- $_ := set $model "strategy" (dict "type" "RollingUpdate" "rollingUpdate" (dict "maxSurge" "25%" "maxUnavailable" 0)) -}}
{{- end -}}
{{- end -}}
{{- if eq $model.accelerator "cuda" -}}
{{- $_ := set $model "resource" "nvidia.com/gpu" -}}
{{- $_ := set $model "taint" "nvidia.com/gpu" -}}
{{- $_ := set $model "deviceClass" ($model.dra.deviceClass | default "gpu.nvidia.com") -}}
{{- else if eq $model.accelerator "neuron" -}}
{{- $_ := set $model "resource" (printf "aws.amazon.com/%s" $model.neuron.resource) -}}
{{- $_ := set $model "taint" "aws.amazon.com/neuron" -}}
{{- $_ := set $model "deviceClass" ($model.dra.deviceClass | default "neuron.aws.com") -}}
{{- end -}}
{{- include "outcrop.completeCompile" . -}}
{{- end }}

{{/* The most pods that a model may have. */}}
{{- define "outcrop.most" -}}
{{- if .scaled -}}
{{- int .autoscaling.max -}}
{{- else if kindIs "invalid" .replicas -}}
1
{{- else -}}
{{- int .replicas -}}
{{- end -}}
{{- end }}
