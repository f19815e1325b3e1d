{{/*
A Service for a ServiceMonitor, so that nobody reaches the management port by the Service of the API: dict root, component, name, and perhaps model.
*/}}
{{- define "outcrop.scrapeService" }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}-scrape
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "outcrop.labels" . | nindent 4 }}
spec:
  clusterIP: None
  # pods that load are watched too
  publishNotReadyAddresses: true
  selector:
    {{- include "outcrop.selector" . | nindent 4 }}
  ports:
    - name: management
      port: 8081
      targetPort: management
{{- end }}
