{{/* Refuses what contradicts itself in one model: dict root, model. */}}
{{- define "outcrop.checkModel" -}}
{{- $model := .model -}}
{{- $values := .root.Values -}}
{{- $name := printf "models: %s" $model.name -}}
{{- if ne (len $model.source) 1 -}}
{{- fail (printf "%s: source has to be exactly one of pvc, s3csi, prefetch and image, and is %s" $name (ternary "none of them" (keys $model.source | sortAlpha | join " and ") (empty $model.source))) -}}
{{- end -}}
{{- if and $model.scaled (not (kindIs "invalid" $model.replicas)) -}}
{{- fail (printf "%s: replicas is given, but autoscaling.mode %s sets the replicas; set autoscaling.min and max of the model, or mode none" $name $values.autoscaling.mode) -}}
{{- end -}}
{{- if gt (int $model.autoscaling.min) (int $model.autoscaling.max) -}}
{{- fail (printf "%s: autoscaling.min is %d, above autoscaling.max, %d" $name (int $model.autoscaling.min) (int $model.autoscaling.max)) -}}
{{- end -}}
{{- if and $model.autoscaling.triggers (ne $values.autoscaling.mode "keda") -}}
{{- fail (printf "%s: autoscaling.triggers are KEDA's, and autoscaling.mode is %s" $name $values.autoscaling.mode) -}}
{{- end -}}
{{- if and $model.scaled (eq (int $model.autoscaling.min) 0) -}}
{{- if not $values.autoscaling.heldBy -}}
{{- fail (printf "%s: autoscaling.min is 0, and nothing would hold requests until a pod is there: name in autoscaling.heldBy what does, or set min to 1" $name) -}}
{{- end -}}
{{- if ne $values.autoscaling.mode "keda" -}}
{{- fail (printf "%s: autoscaling.min is 0, which mode keda alone can do; a HorizontalPodAutoscaler ends at 1" $name) -}}
{{- end -}}
{{- if not $model.autoscaling.triggers -}}
{{- fail (printf "%s: autoscaling.min is 0, and nothing would wake it, as signals asks pods alone: add a trigger on what waits at %s to autoscaling.triggers, or set min to 1" $name $values.autoscaling.heldBy) -}}
{{- end -}}
{{- end -}}
{{- if and $model.jobs (gt (int (include "outcrop.most" $model)) 1) -}}
{{- fail (printf "%s: up to %s pods, but one pod only can use batch-jobs.folder" $name (include "outcrop.most" $model)) -}}
{{- end -}}
{{- if and (eq $model.allocation "dra") (not $model.accelerated) -}}
{{- fail (printf "%s: allocation is dra, but accelerator cpu has no devices" $name) -}}
{{- end -}}
{{- if and (not $model.accelerated) (gt (int $model.devices) 1) -}}
{{- fail (printf "%s: devices is %d, but accelerator cpu has none" $name (int $model.devices)) -}}
{{- end -}}
{{- range $part := list "requests" "limits" -}}
{{- range $resource, $_ := get $model.resources $part | default dict -}}
{{- if or (hasPrefix "nvidia.com/" $resource) (hasPrefix "aws.amazon.com/neuron" $resource) -}}
{{- fail (printf "%s: resources.%s names %s, which follows from accelerator and devices" $name $part $resource) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $key := list "id" "path" -}}
{{- if hasKey $model.config $key -}}
{{- fail (printf "%s: config.%s is set from the model's id and source" $name $key) -}}
{{- end -}}
{{- end -}}
{{- include "outcrop.checkServer" (dict "where" (printf "%s: server" $name) "server" $model.server) -}}
{{- include "outcrop.checkEnv" (dict "where" (printf "%s: env" $name) "env" $model.env "own" (printf "%s\n%s" (include "outcrop.servingEnv" .) (include "outcrop.nodeEnv" .))) -}}
{{- with $model.source.prefetch -}}
{{- if and (eq .volume.type "claim") (not .volume.claim) -}}
{{- fail (printf "%s: source.prefetch.volume.type is claim, and claim names none" $name) -}}
{{- end -}}
{{- if and (ne .volume.type "claim") (not .volume.size) -}}
{{- fail (printf "%s: source.prefetch.volume.size is missing: what the model takes on disk" $name) -}}
{{- end -}}
{{- end -}}
{{- if and (eq $model.accelerator "neuron") (eq $model.allocation "dra") (eq $model.neuron.resource "neuroncore") -}}
{{- fail (printf "%s: allocation dra claims whole devices, and neuron.resource is neuroncore, which the device plugin hands out" $name) -}}
{{- end -}}
{{- if $model.neuron.compile.enabled -}}
{{- include "outcrop.checkCompile" . -}}
{{- end -}}
{{- if contains "/" $model.id -}}
{{- if or $values.gateway.httpRoute.enabled $values.gateway.ingress.enabled -}}
{{- fail (printf "%s: id %s holds a slash, which clients send as %%2F and no HTTPRoute or Ingress may hold; take an id without" $name $model.id) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Refuses keys of outcrop.yaml that the chart itself sets: dict where, server. */}}
{{- define "outcrop.checkServer" -}}
{{- $where := .where -}}
{{- $instead := dict "models" "models" "auth" "auth" "drain-delay" "drain.delaySeconds" "drain-timeout" "drain.timeoutSeconds" -}}
{{- range $key, $value := $instead -}}
{{- if hasKey $.server $key -}}
{{- fail (printf "%s.%s is set by the chart; set %s" $where $key $value) -}}
{{- end -}}
{{- end -}}
{{- if hasKey (get .server "http" | default dict) "tls" -}}
{{- fail (printf "%s.http.tls is set by the chart; set tls.secret or certificate.enabled" $where) -}}
{{- end -}}
{{- range $key := list "admin-key" "admin-key-file" -}}
{{- if hasKey (get $.server "management" | default dict) $key -}}
{{- fail (printf "%s.management.%s would lie in a ConfigMap in clear; name a Secret in auth.adminKeySecret" $where $key) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Refuses credentials in clear, and names that stand twice, of which an API server takes the last or none: dict where, env, own (the chart's, in YAML). */}}
{{- define "outcrop.checkEnv" -}}
{{- $where := .where -}}
{{- $own := dict -}}
{{- range fromYamlArray .own }}{{ $_ := set $own .name true }}{{ end -}}
{{- $seen := dict -}}
{{- range .env -}}
{{- if hasKey $own .name -}}
{{- fail (printf "%s: %s is set by the chart; leave it out" $where .name) -}}
{{- end -}}
{{- if hasKey $seen .name -}}
{{- fail (printf "%s: %s stands there twice" $where .name) -}}
{{- end -}}
{{- $_ := set $seen .name true -}}
{{- if and .value (regexMatch "(?i)(secret|token|password|passwd|credential|api_?key|access_?key)" .name) (not (hasSuffix "_FILE" .name)) -}}
{{- fail (printf "%s: %s looks like a credential in clear; give it by valueFrom.secretKeyRef" $where .name) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Refuses what contradicts itself in the whole: dict root, models. */}}
{{- define "outcrop.check" -}}
{{- $values := .root.Values -}}
{{- if not $values.image.registry -}}
{{- fail "image.registry is empty: there is no public image; name the registry that holds yours" -}}
{{- end -}}
{{- if and $values.auth.keysSecret $values.auth.policySecret -}}
{{- fail "auth.keysSecret and auth.policySecret are both named, and the server takes one of the files" -}}
{{- end -}}
{{- if not (or $values.auth.keysSecret $values.auth.policySecret) -}}
{{- fail "neither auth.keysSecret nor auth.policySecret is named: the server listens beyond loopback only when it knows who may call" -}}
{{- end -}}
{{- if and $values.tls.secret $values.certificate.enabled -}}
{{- fail "tls.secret and certificate.enabled both say which certificate to use" -}}
{{- end -}}
{{- if and (or $values.certificate.enabled $values.certificate.signals) (not $values.certificate.issuerRef.name) -}}
{{- fail "certificate.issuerRef.name is empty: name who signs" -}}
{{- end -}}
{{- include "outcrop.checkServer" (dict "where" "server" "server" $values.server) -}}
{{- include "outcrop.checkEnv" (dict "where" "signals.env" "env" $values.signals.env "own" (include "outcrop.signalsEnv" .root)) -}}
{{- $mode := $values.autoscaling.mode -}}
{{- if and (has $mode (list "keda" "external")) (not $values.signals.enabled) -}}
{{- fail (printf "autoscaling.mode is %s, which asks signals, and signals.enabled is false" $mode) -}}
{{- end -}}
{{- if and (eq $mode "keda") (not $values.certificate.signals) -}}
{{- if ne (empty $values.autoscaling.keda.serverSecret) (empty $values.autoscaling.keda.clientSecret) -}}
{{- fail "autoscaling.keda.serverSecret and clientSecret go together" -}}
{{- end -}}
{{- end -}}
{{- if and (eq $mode "external") (not $values.certificate.signals) (not (and $values.autoscaling.external.secret $values.autoscaling.external.caBundle)) -}}
{{- fail "autoscaling.mode is external, which needs a certificate: set certificate.signals, or autoscaling.external.secret and caBundle" -}}
{{- end -}}
{{- if le (int $values.signals.lease.durationSeconds) (int $values.signals.lease.renewDeadlineSeconds) -}}
{{- fail "signals.lease.durationSeconds has to be above renewDeadlineSeconds, or two could lead" -}}
{{- end -}}
{{- if lt (int $values.signals.lease.renewDeadlineSeconds) (mul 2 (int $values.signals.lease.retrySeconds) | int) -}}
{{- fail "signals.lease.renewDeadlineSeconds has to be at least twice retrySeconds" -}}
{{- end -}}
{{- if and (eq $mode "hpa") (eq $values.autoscaling.hpa.metric "outcrop_signals_desired_replicas") (not $values.signals.enabled) -}}
{{- fail "autoscaling.mode is hpa on outcrop_signals_desired_replicas, which signals tells, and signals.enabled is false" -}}
{{- end -}}
{{- $workloads := list -}}
{{- range .models }}{{ $workloads = append $workloads (include "outcrop.workload" (dict "root" $.root "model" .)) }}{{ end -}}
{{- range $values.extraObjects -}}
{{- range splitList "\n---" (tpl (kindIs "string" . | ternary . (toYaml .)) $.root) -}}
{{- $object := fromYaml . -}}
{{- if has $object.kind (list "HorizontalPodAutoscaler" "ScaledObject") -}}
{{- $target := dig "spec" "scaleTargetRef" "name" "" $object -}}
{{- if has $target $workloads -}}
{{- if eq $mode "none" -}}
{{- fail (printf "extraObjects: a %s scales %s, and with autoscaling.mode none the chart sets its replicas at each upgrade; take another mode" $object.kind $target) -}}
{{- end -}}
{{- fail (printf "extraObjects: a %s scales %s, as autoscaling.mode %s does; two scalers would fight" $object.kind $target $mode) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $gateway := $values.gateway -}}
{{- if and $gateway.defaultModel (not (has $gateway.defaultModel (include "outcrop.modelNames" . | splitList " "))) -}}
{{- fail (printf "gateway.defaultModel: no model is called %s" $gateway.defaultModel) -}}
{{- end -}}
{{- if and $gateway.httpRoute.enabled (not $gateway.httpRoute.parentRefs) -}}
{{- fail "gateway.httpRoute.parentRefs is empty: name the gateway" -}}
{{- end -}}
{{- if and $gateway.inferencePool.enabled (not $gateway.httpRoute.enabled) -}}
{{- fail "gateway.inferencePool.enabled needs gateway.httpRoute.enabled: a route points to a pool" -}}
{{- end -}}
{{- $_ := include "outcrop.grace" .root -}}
{{- end }}

{{- define "outcrop.modelNames" -}}
{{- $names := list -}}
{{- range .models }}{{ $names = append $names .name }}{{ end -}}
{{- join " " $names -}}
{{- end }}

{{/* Seconds from a pod's deletion to its end; a lower value than the drain takes is refused. */}}
{{- define "outcrop.grace" -}}
{{- $drain := .Values.drain -}}
{{- $least := add (int $drain.delaySeconds) (int $drain.timeoutSeconds) 20 -}}
{{- $grace := $least -}}
{{- if not (kindIs "invalid" $drain.gracePeriodSeconds) }}{{ $grace = int $drain.gracePeriodSeconds }}{{ end -}}
{{- if lt (int $grace) (int $least) -}}
{{- fail (printf "drain.gracePeriodSeconds is %d, which would cut streams: delaySeconds, timeoutSeconds and 20 s to come down make %d" (int $grace) (int $least)) -}}
{{- end -}}
{{- $grace -}}
{{- end }}
