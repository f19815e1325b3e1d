{{/* What every pod has of security: group is of files on its volumes. */}}
{{- define "outcrop.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "outcrop.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: {{ .readOnly }}
capabilities:
  drop: ["ALL"]
{{- end }}

{{/* Dict root, port. */}}
{{- define "outcrop.scrapeAnnotations" -}}
{{- if eq .root.Values.monitoring.scrape "annotations" -}}
prometheus.io/scrape: "true"
prometheus.io/port: {{ .port | quote }}
prometheus.io/path: /metrics
{{- end -}}
{{- end }}

{{/* The pod of a model: dict root, model, component. */}}
{{- define "outcrop.servingPod" -}}
{{- $values := .root.Values -}}
{{- $model := .model -}}
{{- with $values.imagePullSecrets -}}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{ end -}}
serviceAccountName: {{ include "outcrop.servingAccount" .root }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ include "outcrop.grace" .root }}
{{- with $model.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $model.schedulerName }}
schedulerName: {{ . }}
{{- end }}
{{- with $model.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
securityContext:
  {{- include "outcrop.podSecurity" . | nindent 2 }}
  {{- with $model.supplementalGroups }}
  supplementalGroups:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- if $model.source.prefetch }}
initContainers:
  - {{ include "outcrop.prefetch" . | nindent 4 | trim }}
{{- end }}
containers:
  - {{ include "outcrop.servingContainer" . | nindent 4 | trim }}
volumes:
  {{- include "outcrop.servingVolumes" . | nindent 2 }}
{{- if eq $model.allocation "dra" }}
resourceClaims:
  - name: devices
    resourceClaimTemplateName: {{ include "outcrop.deviceClaims" . }}
{{- end }}
{{- include "outcrop.placement" . }}
{{- end }}

{{/* Where a model's pods may run. */}}
{{- define "outcrop.placement" -}}
{{- $model := .model -}}
{{- $selector := deepCopy $model.nodeSelector -}}
{{- $affinity := deepCopy $model.affinity -}}
{{- $types := $model.instanceTypes -}}
{{- if eq (len $types) 1 -}}
{{- $_ := set $selector "node.kubernetes.io/instance-type" (first $types) -}}
{{- else if $types -}}
{{- $type := dict "key" "node.kubernetes.io/instance-type" "operator" "In" "values" $types -}}
{{- $nodes := get $affinity "nodeAffinity" | default dict -}}
{{- $required := get $nodes "requiredDuringSchedulingIgnoredDuringExecution" | default dict -}}
{{- $terms := list -}}
{{- range get $required "nodeSelectorTerms" | default (list dict) -}}
{{- $terms = append $terms (merge (dict "matchExpressions" (append (.matchExpressions | default list) $type)) .) -}}
{{- end -}}
{{- $_ := set $nodes "requiredDuringSchedulingIgnoredDuringExecution" (dict "nodeSelectorTerms" $terms) -}}
{{- $_ := set $affinity "nodeAffinity" $nodes -}}
{{- end -}}
{{- with $selector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $tolerations := $model.tolerations -}}
{{- with $model.taint }}{{ $tolerations = prepend $tolerations (dict "key" . "operator" "Exists" "effect" "NoSchedule") }}{{ end -}}
{{- with $tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if kindIs "invalid" $model.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "outcrop.selector" $ | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- else if $model.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml $model.topologySpreadConstraints | nindent 2 }}
{{- end }}
{{- end }}

{{/* Requests and limits, with the devices. */}}
{{- define "outcrop.resources" -}}
{{- $model := .model -}}
{{- $resources := deepCopy $model.resources -}}
{{- with $model.source.prefetch -}}
{{- if eq .volume.type "emptyDir" -}}
{{- /* the node's disk has to have room for the model */ -}}
{{- $_ := set $resources "requests" (merge (get $resources "requests" | default dict) (dict "ephemeral-storage" .volume.size)) -}}
{{- end -}}
{{- end -}}
{{- if $model.accelerated -}}
{{- if eq $model.allocation "dra" -}}
{{- $_ := set $resources "claims" (list (dict "name" "devices")) -}}
{{- else -}}
{{- range $part := list "requests" "limits" -}}
{{- $_ := set $resources $part (set (get $resources $part | default dict) $model.resource (toString (int $model.devices))) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $resources -}}
{{- end }}

{{- define "outcrop.servingEnv" -}}
- name: HOME
  value: /tmp
- name: DJL_CACHE_DIR
  value: /tmp/djl
- name: DJL_OFFLINE
  value: "true"
- name: OPT_OUT_TRACKING
  value: "true"
{{- end }}

{{/* What the server asks for the price of its node by: dict root, model. */}}
{{- define "outcrop.nodeEnv" -}}
- name: OUTCROP_NODE_NAME
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
{{- if eq (len .model.instanceTypes) 1 }}
- name: OUTCROP_NODE_INSTANCE_TYPE
  value: {{ first .model.instanceTypes }}
{{- end }}
{{- end }}

{{- define "outcrop.servingContainer" -}}
{{- $values := .root.Values -}}
{{- $model := .model -}}
name: outcrop
image: {{ include "outcrop.servingImage" . }}
imagePullPolicy: {{ $values.image.pullPolicy }}
args: ["serve", "--config", "/etc/outcrop/outcrop.yaml"]
env:
  {{- include "outcrop.servingEnv" . | nindent 2 }}
  {{- include "outcrop.nodeEnv" . | nindent 2 }}
  {{- with $model.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
ports:
  - name: http
    containerPort: {{ include "outcrop.port" . }}
  - name: management
    containerPort: {{ include "outcrop.managementPort" . }}
# loading
startupProbe:
  httpGet:
    path: /startupz
    port: management
  periodSeconds: 5
  timeoutSeconds: 2
  failureThreshold: {{ div (add (int $model.startupTimeoutSeconds) 4) 5 }}
# steps advance while there is work; load, loading and the drain never fail it
livenessProbe:
  httpGet:
    path: /livez
    port: management
  periodSeconds: 10
  timeoutSeconds: 2
  failureThreshold: 6
# loaded, warm, and not draining
readinessProbe:
  httpGet:
    path: /readyz
    port: management
  periodSeconds: 2
  timeoutSeconds: 1
  failureThreshold: 2
terminationMessagePolicy: FallbackToLogsOnError
resources:
  {{- include "outcrop.resources" . | nindent 2 }}
securityContext:
  {{- include "outcrop.containerSecurity" (dict "readOnly" $model.readOnlyRootFilesystem) | nindent 2 }}
volumeMounts:
  - name: config
    mountPath: /etc/outcrop
    readOnly: true
  - name: keys
    mountPath: /etc/outcrop-keys
    readOnly: true
  {{- if $values.auth.adminKeySecret }}
  - name: admin-key
    mountPath: /etc/outcrop-admin
    readOnly: true
  {{- end }}
  {{- if include "outcrop.tlsSecret" .root }}
  - name: tls
    mountPath: /etc/outcrop-tls
    readOnly: true
  {{- end }}
  {{- if $values.signals.enabled }}
  - name: replicas
    mountPath: /etc/outcrop-replicas
    readOnly: true
  {{- end }}
  - name: models
    mountPath: /models
    readOnly: true
  - name: tmp
    mountPath: /tmp
  {{- if $model.sharedMemory }}
  - name: shm
    mountPath: /dev/shm
  {{- end }}
  {{- with $model.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "outcrop.servingVolumes" -}}
{{- $values := .root.Values -}}
{{- $model := .model -}}
- name: config
  configMap:
    name: {{ include "outcrop.workload" . }}
- name: keys
  secret:
    secretName: {{ $values.auth.policySecret | default $values.auth.keysSecret }}
{{- with $values.auth.adminKeySecret }}
- name: admin-key
  secret:
    secretName: {{ . }}
{{- end }}
{{- with include "outcrop.tlsSecret" .root }}
- name: tls
  secret:
    secretName: {{ . }}
{{- end }}
{{- if $values.signals.enabled }}
# signals writes it; until then, and without it, the server counts itself alone
- name: replicas
  configMap:
    name: {{ include "outcrop.replicasMap" .root }}
    optional: true
{{- end }}
- name: models
  {{- include "outcrop.modelVolume" . | nindent 2 }}
- name: tmp
  emptyDir: {}
{{- if $model.sharedMemory }}
- name: shm
  emptyDir:
    medium: Memory
    sizeLimit: {{ $model.sharedMemory }}
{{- end }}
{{- with $model.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
