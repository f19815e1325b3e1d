{{/* The Secret with the certificate of the scaler's port, or nothing. */}}
{{- define "outcrop.scalerSecret" -}}
{{- if .Values.certificate.signals }}{{ include "outcrop.signals" . }}-tls{{ else }}{{ .Values.autoscaling.keda.serverSecret }}{{ end -}}
{{- end }}

{{/* The Secret that KEDA shows, or nothing. */}}
{{- define "outcrop.kedaSecret" -}}
{{- if .Values.certificate.signals }}{{ include "outcrop.signals" . }}-keda{{ else }}{{ .Values.autoscaling.keda.clientSecret }}{{ end -}}
{{- end }}

{{/* The Secret with the certificate of the external metrics API. */}}
{{- define "outcrop.externalSecret" -}}
{{- if .Values.certificate.signals }}{{ include "outcrop.signals" . }}-tls{{ else }}{{ .Values.autoscaling.external.secret }}{{ end -}}
{{- end }}

{{- define "outcrop.signalsEnv" -}}
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- end }}

{{/* signals.yaml: dict root, models. */}}
{{- define "outcrop.signalsConfig" -}}
{{- $root := .root -}}
{{- $values := .root.Values -}}
{{- $lease := $values.signals.lease -}}
{{- $mode := $values.autoscaling.mode -}}
namespace: {{ .root.Release.Namespace }}
poll: {{ $values.signals.pollSeconds }}s
lease:
  name: {{ include "outcrop.signals" .root }}
  duration: {{ $lease.durationSeconds }}s
  renew-deadline: {{ $lease.renewDeadlineSeconds }}s
  retry: {{ $lease.retrySeconds }}s
replicas-config-map: {{ include "outcrop.replicasMap" .root }}
deletion-cost: {{ $values.signals.deletionCost }}
management:
  host: 0.0.0.0
  port: 8082
{{- if eq $mode "keda" }}
scaler:
  enabled: true
  host: 0.0.0.0
  port: 9091
  {{- if include "outcrop.scalerSecret" .root }}
  certificate-file: /etc/outcrop-scaler-tls/tls.crt
  key-file: /etc/outcrop-scaler-tls/tls.key
  client-ca-file: /etc/outcrop-scaler-tls/ca.crt
  {{- end }}
{{- else }}
scaler:
  enabled: false
{{- end }}
{{- if eq $mode "external" }}
external-metrics:
  enabled: true
  host: 0.0.0.0
  port: 6443
  certificate-file: /etc/outcrop-metrics-tls/tls.crt
  key-file: /etc/outcrop-metrics-tls/tls.key
{{- else }}
external-metrics:
  enabled: false
{{- end }}
models:
{{- range $model := .models }}
{{- $this := dict "root" $root "model" $model "component" "serving" }}
{{- $scaling := $model.autoscaling }}
  - id: {{ $model.id | quote }}
    workload: {{ include "outcrop.workload" $this }}
    selector:
      {{- include "outcrop.selector" $this | nindent 6 }}
    management-port: {{ include "outcrop.managementPort" $this }}
    min: {{ ternary (int $scaling.min) (int (include "outcrop.most" $model)) $model.scaled }}
    max: {{ max 1 (int (include "outcrop.most" $model)) }}
    ttft-budget: {{ mulf $scaling.ttftBudgetSeconds 1000 | int }}ms
    kv-target: {{ $scaling.kvTarget }}
    {{- if not (kindIs "invalid" $scaling.knee) }}
    knee: {{ int $scaling.knee }}
    {{- end }}
    scale-down-window: {{ int $scaling.scaleDownWindowSeconds }}s
    {{- $policy := dict "patience" (printf "%ds" (int $model.startupTimeoutSeconds)) "up-replicas" (int $values.autoscaling.scaleUp.pods) "down-interval" (printf "%ss" (include "outcrop.downPeriod" $this)) }}
    {{- include "outcrop.merge" (dict "into" $policy "over" $scaling.policy) }}
    {{- toYaml $policy | nindent 4 }}
{{- end }}
{{- end }}
