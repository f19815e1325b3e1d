{{- define "outcrop.certificateTerms" -}}
{{- with .Values.certificate -}}
issuerRef:
  {{- toYaml .issuerRef | nindent 2 }}
duration: {{ .duration }}
renewBefore: {{ .renewBefore }}
privateKey:
  algorithm: ECDSA
  size: 256
  rotationPolicy: Always
{{- end -}}
{{- end }}
