{{/* A container that asks one thing of a model: dict root, model, component, index, ask, url. */}}
{{- define "outcrop.probe" -}}
{{- $values := .root.Values -}}
{{- $key := and $values.tests.keySecret (has .ask (list "converse" "stream")) -}}
{{- $tls := and (include "outcrop.tlsSecret" .root) (ne .ask "metrics") -}}
name: {{ .model.name }}
image: {{ include "outcrop.servingImage" . }}
imagePullPolicy: {{ $values.image.pullPolicy }}
args:
  - probe
  - {{ .url | quote }}
  - --model
  - {{ .model.id | quote }}
  - --ask
  - {{ .ask }}
  # the Service may be as new as the pod
  - --wait
  - "30"
  {{- if $key }}
  - --key-file
  - /etc/outcrop-key/key
  {{- end }}
  {{- if $tls }}
  - --certificate-file
  - /etc/outcrop-tls/tls.crt
  {{- end }}
env:
  {{- include "outcrop.servingEnv" . | nindent 2 }}
terminationMessagePolicy: FallbackToLogsOnError
resources:
  requests: {cpu: 100m, memory: 256Mi}
  limits: {memory: 512Mi}
securityContext:
  {{- include "outcrop.containerSecurity" (dict "readOnly" true) | nindent 2 }}
volumeMounts:
  - name: tmp
    mountPath: /tmp
  {{- if $key }}
  - name: key
    mountPath: /etc/outcrop-key
    readOnly: true
  {{- end }}
  {{- if $tls }}
  - name: tls
    mountPath: /etc/outcrop-tls
    readOnly: true
  {{- end }}
{{- end }}

{{/*
What helm makes only for a test: dict weight, policy. Pods stay until the next test: Helm 3 reads their logs after it has deleted what succeeded.
*/}}
{{- define "outcrop.testHook" -}}
helm.sh/hook: test
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: {{ .policy }}
{{- end }}

{{/* The Service of a model's management port while a test runs: dict root, index. */}}
{{- define "outcrop.testService" -}}
{{- include "outcrop.fullname" .root }}-test-{{ .index }}
{{- end }}
