{{/* How fast replicas come and go, as an autoscaler has it: dict root, model. Signals has concluded already; this bounds what one mistake can cost. */}}
{{- define "outcrop.behavior" -}}
{{- $up := .root.Values.autoscaling.scaleUp -}}
{{- $down := .root.Values.autoscaling.scaleDown -}}
scaleUp:
  stabilizationWindowSeconds: {{ $up.stabilizationSeconds }}
  selectPolicy: Max
  policies:
    - type: Percent
      value: 100
      periodSeconds: 60
    - type: Pods
      value: {{ $up.pods }}
      periodSeconds: 60
scaleDown:
  stabilizationWindowSeconds: {{ $down.stabilizationSeconds }}
  policies:
    - type: Pods
      value: 1
      periodSeconds: {{ include "outcrop.downPeriod" . }}
{{- end }}

{{/* Seconds in which one replica may go: dict root, model. */}}
{{- define "outcrop.downPeriod" -}}
{{- $period := .root.Values.autoscaling.scaleDown.periodSeconds -}}
{{- kindIs "invalid" $period | ternary (ternary 600 60 .model.accelerated) (int $period) -}}
{{- end }}
