{{/* The values of server with the model's own over them: dict root, model. */}}
{{- define "outcrop.serverValues" -}}
{{- $server := deepCopy .root.Values.server -}}
{{- include "outcrop.merge" (dict "into" $server "over" .model.server) -}}
{{- toYaml $server -}}
{{- end }}

{{/* The Secret with the API's certificate, or nothing. */}}
{{- define "outcrop.tlsSecret" -}}
{{- if .Values.certificate.enabled -}}
{{- include "outcrop.fullname" . }}-tls
{{- else -}}
{{- .Values.tls.secret -}}
{{- end -}}
{{- end }}

{{/* Where the model's folder is in the container: dict model. */}}
{{- define "outcrop.modelPath" -}}
{{- $source := .model.source -}}
{{- $inside := "" -}}
{{- with $source.pvc }}{{ $inside = .path | default "" }}{{ end -}}
{{- with $source.image }}{{ $inside = .path | default "" }}{{ end -}}
{{- if $source.prefetch }}{{ $inside = .model.name }}{{ end -}}
{{- printf "/models/%s" (trimAll "/" $inside) | trimSuffix "/" -}}
{{- end }}

{{/* outcrop.yaml of a model's pods: dict root, model. */}}
{{- define "outcrop.config" -}}
{{- $values := .root.Values -}}
{{- $config := deepCopy $values.server -}}
{{- include "outcrop.merge" (dict "into" $config "over" (deepCopy .model.server)) -}}
{{- $http := dict "host" "0.0.0.0" -}}
{{- if include "outcrop.tlsSecret" .root -}}
{{- $_ := set $http "tls" (dict "certificate-file" "/etc/outcrop-tls/tls.crt" "key-file" "/etc/outcrop-tls/tls.key") -}}
{{- end -}}
{{- $management := dict "host" "0.0.0.0" -}}
{{- if $values.auth.adminKeySecret -}}
{{- $_ := set $management "admin-key-file" "/etc/outcrop-admin/admin-key" -}}
{{- end -}}
{{- $auth := dict "key-file" "/etc/outcrop-keys/keys" -}}
{{- if $values.auth.policySecret -}}
{{- $auth = dict "policy-file" "/etc/outcrop-keys/policy.yaml" -}}
{{- end -}}
{{- if $values.signals.enabled -}}
{{- $_ := set $auth "replicas-file" (printf "/etc/outcrop-replicas/%s" (include "outcrop.workload" .)) -}}
{{- end -}}
{{- $model := deepCopy .model.config -}}
{{- $_ := set $model "id" .model.id -}}
{{- $_ := set $model "path" (include "outcrop.modelPath" .) -}}
{{- $set := dict "http" $http "management" $management "auth" $auth "drain-delay" (printf "%ds" (int $values.drain.delaySeconds)) "drain-timeout" (printf "%ds" (int $values.drain.timeoutSeconds)) -}}
{{- include "outcrop.merge" (dict "into" $config "over" $set) -}}
{{- $_ := set $config "models" (list $model) -}}
{{- toYaml $config -}}
{{- end }}

{{/* Ports: dict root, model. */}}
{{- define "outcrop.port" -}}
{{- dig "http" "port" 8080 (include "outcrop.serverValues" . | fromYaml) | int -}}
{{- end }}

{{- define "outcrop.managementPort" -}}
{{- dig "management" "port" 8081 (include "outcrop.serverValues" . | fromYaml) | int -}}
{{- end }}

{{/* What clients call a model's Service by. */}}
{{- define "outcrop.servicePort" -}}
{{- int (.Values.gateway.service.port | default (ternary 443 80 (not (empty (include "outcrop.tlsSecret" .))))) -}}
{{- end }}
