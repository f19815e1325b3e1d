{{/* The volume with the model's folder: dict root, model. */}}
{{- define "outcrop.modelVolume" -}}
{{- $source := .model.source -}}
{{- if $source.pvc -}}
persistentVolumeClaim:
  claimName: {{ $source.pvc.claim }}
  readOnly: true
{{- else if $source.s3csi -}}
persistentVolumeClaim:
  claimName: {{ include "outcrop.volumeClaim" . }}
  readOnly: true
{{- else if $source.image -}}
image:
  reference: {{ $source.image.reference }}
  pullPolicy: {{ $source.image.pullPolicy | default "IfNotPresent" }}
{{- else -}}
{{- $volume := $source.prefetch.volume -}}
{{- if eq $volume.type "claim" -}}
persistentVolumeClaim:
  claimName: {{ $volume.claim }}
{{- else if eq $volume.type "ephemeral" -}}
ephemeral:
  volumeClaimTemplate:
    metadata:
      labels:
        {{- include "outcrop.selector" (merge (dict "component" "serving") .) | nindent 8 }}
    spec:
      accessModes: [ReadWriteOnce]
      {{- with $volume.storageClass }}
      storageClassName: {{ . }}
      {{- end }}
      resources:
        requests:
          storage: {{ $volume.size }}
{{- else -}}
emptyDir:
  sizeLimit: {{ $volume.size }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Copies the model from S3 before the server starts, by the server's own image; what is there already is not copied again. */}}
{{- define "outcrop.prefetch" -}}
{{- $values := .root.Values -}}
{{- $model := .model -}}
{{- $prefetch := $model.source.prefetch -}}
name: prefetch
image: {{ include "outcrop.servingImage" . }}
imagePullPolicy: {{ $values.image.pullPolicy }}
args:
  - models
  - fetch
  {{- if eq $model.accelerator "neuron" }}
  # with its program, and not before it is whole
  - --bundle
  {{- end }}
  {{- with $prefetch.region }}
  - --region={{ . }}
  {{- end }}
  {{- with $prefetch.endpoint }}
  - --endpoint={{ . }}
  {{- end }}
  - {{ $prefetch.uri | quote }}
  - {{ include "outcrop.modelPath" . }}
env:
  {{- include "outcrop.servingEnv" . | nindent 2 }}
  {{- with $model.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
terminationMessagePolicy: FallbackToLogsOnError
resources:
  requests: {cpu: "1", memory: 1Gi}
  limits: {memory: 2Gi}
securityContext:
  {{- include "outcrop.containerSecurity" (dict "readOnly" true) | nindent 2 }}
volumeMounts:
  - name: models
    mountPath: /models
  - name: tmp
    mountPath: /tmp
{{- end }}
