{{- define "outcrop.dnsEgress" -}}
- ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
  to:
    {{- toYaml .Values.networkPolicy.dns | nindent 4 }}
{{- end }}

{{/* To S3, to who resolves its name, and to who gives credentials for it. */}}
{{- define "outcrop.s3Egress" -}}
{{- include "outcrop.dnsEgress" . }}
{{- with .Values.networkPolicy.aws }}
- ports:
    - port: 443
      protocol: TCP
  to:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- with .Values.networkPolicy.podIdentity }}
- ports:
    - port: 80
      protocol: TCP
  to:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- end }}
