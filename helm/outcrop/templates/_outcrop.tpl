{{/* What the server needs besides the drain to come down: last words to clients, closing the model. */}}
{{- define "outcrop.margin" -}}15{{- end }}

{{/* Seconds from a pod's deletion to its end; a lower value than it takes is refused. */}}
{{- define "outcrop.grace" -}}
{{- $least := add (int .Values.drain.delaySeconds) (int .Values.drain.timeoutSeconds) (int (include "outcrop.margin" .)) -}}
{{- $grace := int (.Values.terminationGracePeriodSeconds | default $least) -}}
{{- if lt $grace (int $least) -}}
{{- fail (printf "terminationGracePeriodSeconds is %d, which would cut streams: drain.delaySeconds, drain.timeoutSeconds and a margin take %d" $grace (int $least)) -}}
{{- end -}}
{{- $grace -}}
{{- end }}

{{/* The server's configuration: what every pod needs, under what the values say. */}}
{{- define "outcrop.config" -}}
{{- if hasKey .Values.config "drain-timeout" -}}
{{- fail "config.drain-timeout is set from drain.timeoutSeconds, which the pod's grace period follows; set that" -}}
{{- end -}}
{{- if hasKey (.Values.config.management | default dict) "admin-key" -}}
{{- fail "config.management.admin-key would lie in a ConfigMap in clear; name a Secret in adminKeySecret" -}}
{{- end -}}
{{- $management := dict "host" "0.0.0.0" -}}
{{- if .Values.adminKeySecret -}}
{{- $_ := set $management "admin-key-file" "/etc/outcrop-admin/admin-key" -}}
{{- end -}}
{{- $http := dict "host" "0.0.0.0" -}}
{{- if .Values.tlsSecret -}}
{{- $_ := set $http "tls" (dict "certificate-file" "/etc/outcrop-tls/tls.crt" "key-file" "/etc/outcrop-tls/tls.key") -}}
{{- end -}}
{{- if and .Values.keysSecret .Values.policySecret -}}
{{- fail "keysSecret and policySecret are both named, and the server takes one of the files" -}}
{{- end -}}
{{- if not (or .Values.keysSecret .Values.policySecret) -}}
{{- fail "neither keysSecret nor policySecret is named: the server listens beyond loopback only when it knows who may call" -}}
{{- end -}}
{{- $auth := dict "key-file" "/etc/outcrop-keys/keys" -}}
{{- if .Values.policySecret -}}
{{- $auth = dict "policy-file" "/etc/outcrop-keys/policy.yaml" -}}
{{- end -}}
{{- $needed := dict "http" $http "management" $management "auth" $auth "drain-timeout" (printf "%ds" (int .Values.drain.timeoutSeconds)) -}}
{{- toYaml (mergeOverwrite $needed (deepCopy .Values.config)) -}}
{{- end }}

{{/* Not empty with batch inference, whose folder one process at a time can use. */}}
{{- define "outcrop.jobs" -}}
{{- $jobs := (index .Values.config "batch-jobs" | default dict).folder | default "" -}}
{{- if and $jobs (gt (int .Values.replicas) 1) -}}
{{- fail (printf "replicas is %d, but config.batch-jobs.folder can be used by one pod only" (int .Values.replicas)) -}}
{{- end -}}
{{- $jobs -}}
{{- end }}

{{- define "outcrop.port" -}}
{{- int ((.Values.config.http | default dict).port | default 8080) -}}
{{- end }}

{{- define "outcrop.managementPort" -}}
{{- int ((.Values.config.management | default dict).port | default 8081) -}}
{{- end }}

{{/* What clients call the Service by. */}}
{{- define "outcrop.servicePort" -}}
{{- int (.Values.service.port | default (ternary 443 80 (not (empty .Values.tlsSecret)))) -}}
{{- end }}
