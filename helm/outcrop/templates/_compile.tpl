{{/*
What the compile job of a model follows from where values leave it open, into the model: where the bundle goes (compileTo), and for which chip (compileTarget).
*/}}
{{- define "outcrop.completeCompile" -}}
{{- $model := .model -}}
{{- $compile := $model.neuron.compile -}}
{{- $to := $compile.to -}}
{{- if not $to -}}
{{- with $model.source.pvc }}{{ $to = dict "pvc" . }}{{ end -}}
{{- with $model.source.prefetch }}{{ $to = dict "s3" (dict "uri" .uri) }}{{ end -}}
{{- end -}}
{{- $_ := set $model "compileTo" $to -}}
{{- $target := $compile.target -}}
{{- if and (not $target) $model.instanceTypes -}}
{{- $target = include "outcrop.chip" (first $model.instanceTypes) -}}
{{- end -}}
{{- $_ := set $model "compileTarget" $target -}}
{{- end }}

{{/* The chip of an instance type as the compiler calls it, or nothing. */}}
{{- define "outcrop.chip" -}}
{{- regexFind "^(inf2|trn1|trn2)" . -}}
{{- end }}

{{/* Where a bundle or checkpoint lies, as one text, to compare. */}}
{{- define "outcrop.place" -}}
{{- with .pvc }}{{ printf "pvc %s/%s" .claim (.path | default "" | trimAll "/") }}{{ end -}}
{{- with .s3 }}{{ trimSuffix "/" .uri }}{{ end -}}
{{- end }}

{{/* Refuses what contradicts itself in a model's compile job: dict root, model. */}}
{{- define "outcrop.checkCompile" -}}
{{- $model := .model -}}
{{- $compile := $model.neuron.compile -}}
{{- $name := printf "models: %s: neuron.compile" $model.name -}}
{{- if ne $model.accelerator "neuron" -}}
{{- fail (printf "%s.enabled makes a bundle for Neuron, and accelerator is %s" $name $model.accelerator) -}}
{{- end -}}
{{- if ne (len $compile.from) 1 -}}
{{- fail (printf "%s.from has to be exactly one of pvc and s3, the checkpoint to compile, and is %s" $name (ternary "none of them" "both" (empty $compile.from))) -}}
{{- end -}}
{{- if gt (len $compile.to) 1 -}}
{{- fail (printf "%s.to is both pvc and s3, and the bundle goes to one of them" $name) -}}
{{- end -}}
{{- $to := $model.compileTo -}}
{{- if not $to -}}
{{- fail (printf "%s.to is missing: the bundle cannot be written to source.%s, which is read-only; name a pvc or s3 that it is served from" $name (keys $model.source | first)) -}}
{{- end -}}
{{- with $to.pvc -}}
{{- if not (trimAll "/" (.path | default "")) -}}
{{- fail (printf "%s: the bundle needs a folder of its own in claim %s: give the path" $name .claim) -}}
{{- end -}}
{{- end -}}
{{- if eq (include "outcrop.place" $compile.from) (include "outcrop.place" $to) -}}
{{- fail (printf "%s.from is where the bundle goes too: %s; give source or neuron.compile.to another place" $name (include "outcrop.place" $to)) -}}
{{- end -}}
{{- if not $model.compileTarget -}}
{{- fail (printf "%s.target is missing, and instanceTypes do not tell it: inf2, trn1 or trn2" $name) -}}
{{- end -}}
{{- range $model.instanceTypes -}}
{{- if ne (include "outcrop.chip" .) $model.compileTarget -}}
{{- fail (printf "%s compiles for %s, which instance type %s is not" $name $model.compileTarget .) -}}
{{- end -}}
{{- end -}}
{{- $cores := int (include "outcrop.compileCores" $model) -}}
{{- if gt (int $compile.tensorParallel) $cores -}}
{{- fail (printf "%s.tensorParallel is %d, and a pod's devices have %d cores" $name (int $compile.tensorParallel) $cores) -}}
{{- end -}}
{{- range $key := list "prefillTokens" "decodeRows" "contexts" -}}
{{- $last := 0 -}}
{{- range get $compile $key -}}
{{- if le (int .) $last -}}
{{- fail (printf "%s.%s has to ascend, and has %d after %d" $name $key (int .) $last) -}}
{{- end -}}
{{- $last = int . -}}
{{- end -}}
{{- end -}}
{{- if $compile.prefillTokens -}}
{{- if lt (int (first $compile.prefillTokens)) 2 -}}
{{- fail (printf "%s.prefillTokens begin with 1, which is a decode; they have to begin above" $name) -}}
{{- end -}}
{{- $longest := 4096 -}}
{{- with $compile.contexts }}{{ $longest = int (last .) }}{{ end -}}
{{- if gt (int (last $compile.prefillTokens)) $longest -}}
{{- fail (printf "%s.prefillTokens end with %d, and contexts with %d" $name (int (last $compile.prefillTokens)) $longest) -}}
{{- end -}}
{{- end -}}
{{- if $compile.decodeRows -}}
{{- if gt (int (last $compile.decodeRows)) (int $compile.slots) -}}
{{- fail (printf "%s.decodeRows end with %d, and there are %d slots" $name (int (last $compile.decodeRows)) (int $compile.slots)) -}}
{{- end -}}
{{- end -}}
{{- if and $compile.cache.path (not $compile.cache.claim) -}}
{{- fail (printf "%s.cache.path is given without cache.claim" $name) -}}
{{- end -}}
{{- $own := dict -}}
{{- range fromYamlArray (include "outcrop.compileArgs" .) }}{{ $_ := set $own (splitList "=" . | first) true }}{{ end -}}
{{- range $key := list "--prefill-tokens" "--decode-rows" "--contexts" "--cache" }}{{ $_ := set $own $key true }}{{ end -}}
{{- range $compile.args -}}
{{- $option := splitList "=" . | first -}}
{{- if hasKey $own $option -}}
{{- fail (printf "%s.args: %s follows from other values; leave it out" $name $option) -}}
{{- end -}}
{{- end -}}
{{- include "outcrop.checkEnv" (dict "where" (printf "%s.env" $name) "env" $compile.env "own" (include "outcrop.compileEnv" .)) -}}
{{- end }}

{{/* Cores of a model's pod, where the target is known. */}}
{{- define "outcrop.compileCores" -}}
{{- $each := 1 -}}
{{- if or (eq .neuron.resource "neuron") (eq .allocation "dra") -}}
{{- $each = get (dict "inf2" 2 "trn1" 2 "trn2" 4) .compileTarget -}}
{{- end -}}
{{- mul .devices $each -}}
{{- end }}

{{/* The job, called by what it does: Kubernetes changes no job's pods, so that another takes its place where anything of it is other. At most 63 characters. */}}
{{- define "outcrop.compileJob" -}}
{{- include "outcrop.workload" . }}-{{ include "outcrop.nameHash" (include "outcrop.compileSpec" .) }}
{{- end }}

{{/* Whether the job calls S3. */}}
{{- define "outcrop.compileCallsS3" -}}
{{- if or .neuron.compile.from.s3 .compileTo.s3 }}true{{ end -}}
{{- end }}

{{/* The account of the job's pods, which writes to S3 where that of the models' pods need only read. */}}
{{- define "outcrop.compileAccount" -}}
{{- .model.neuron.compile.serviceAccountName | default (include "outcrop.servingAccount" .root) -}}
{{- end }}

{{- define "outcrop.compileArgs" -}}
{{- $model := .model -}}
{{- $compile := $model.neuron.compile -}}
{{- with $compile.from.pvc }}
- {{ printf "--model=/model/%s" (.path | default "" | trimAll "/") | trimSuffix "/" | quote }}
{{- end }}
{{- with $compile.from.s3 }}
- {{ printf "--model=%s" .uri | quote }}
{{- end }}
{{- with $model.compileTo.pvc }}
- {{ printf "--output=/bundle/%s" (trimAll "/" .path) | quote }}
{{- end }}
{{- with $model.compileTo.s3 }}
- {{ printf "--output=%s" .uri | quote }}
{{- end }}
- {{ printf "--model-id=%s" $model.id | quote }}
- --target={{ $model.compileTarget }}
- --tensor-parallel={{ int $compile.tensorParallel | default (include "outcrop.compileCores" $model | int) }}
- --slots={{ int $compile.slots }}
{{- range $option, $key := dict "prefill-tokens" "prefillTokens" "decode-rows" "decodeRows" "contexts" "contexts" }}
{{- with get $compile $key }}
{{- $counts := list }}
{{- range . }}{{ $counts = append $counts (int . | toString) }}{{ end }}
- --{{ $option }}={{ join "," $counts }}
{{- end }}
{{- end }}
- --dtype={{ $compile.dtype }}
- --sampling={{ $compile.sampling }}
{{- if $compile.cache.claim }}
- {{ printf "--cache=/cache/%s" (trimAll "/" $compile.cache.path) | trimSuffix "/" | quote }}
{{- end }}
{{- end }}

{{- define "outcrop.compileEnv" -}}
{{- $compile := .model.neuron.compile -}}
{{- $prefetch := .model.source.prefetch | default dict -}}
- name: HOME
  value: /tmp
# the user has no entry in the image's list of users
- name: USER
  value: outcrop
{{- if include "outcrop.compileCallsS3" .model }}
{{- with $compile.region | default $prefetch.region }}
- name: AWS_DEFAULT_REGION
  value: {{ . | quote }}
{{- end }}
{{- with $prefetch.endpoint }}
- name: AWS_ENDPOINT_URL_S3
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* The claims that the job mounts, each once, as a map from its name to whether it is written. */}}
{{- define "outcrop.compileClaims" -}}
{{- $claims := dict -}}
{{- with .neuron.compile.from.pvc }}{{ $_ := set $claims .claim false }}{{ end -}}
{{- with .compileTo.pvc }}{{ $_ := set $claims .claim true }}{{ end -}}
{{- with .neuron.compile.cache.claim }}{{ $_ := set $claims . true }}{{ end -}}
{{- toYaml $claims -}}
{{- end }}

{{/* The name of a claim's volume in the job's pod: dict claims, claim. */}}
{{- define "outcrop.compileVolume" -}}
{{- range $index, $claim := keys .claims | sortAlpha -}}
{{- if eq $claim $.claim }}claim-{{ $index }}{{ end -}}
{{- end -}}
{{- end }}

{{/* The whole spec of the job: dict root, model, component. */}}
{{- define "outcrop.compileSpec" -}}
{{- $values := .root.Values -}}
{{- $model := .model -}}
{{- $compile := $model.neuron.compile -}}
{{- $scratch := $compile.scratch -}}
{{- $claims := include "outcrop.compileClaims" $model | fromYaml -}}
{{- $resources := deepCopy $compile.resources -}}
{{- if eq $scratch.type "emptyDir" -}}
{{- $_ := set $resources "requests" (merge (get $resources "requests" | default dict) (dict "ephemeral-storage" $scratch.size)) -}}
{{- end -}}
backoffLimit: {{ int $compile.backoffLimit }}
activeDeadlineSeconds: {{ int $compile.activeDeadlineSeconds }}
{{- if not (kindIs "invalid" $compile.ttlSecondsAfterFinished) }}
ttlSecondsAfterFinished: {{ int $compile.ttlSecondsAfterFinished }}
{{- end }}
podFailurePolicy:
  rules:
    # what it was told cannot be, or another bundle is there: once more would end alike
    - action: FailJob
      onExitCodes: {containerName: compile, operator: In, values: [2]}
    # the node went, not the job
    - action: Ignore
      onPodConditions: [{type: DisruptionTarget, status: "True"}]
template:
  metadata:
    labels:
      {{- include "outcrop.podLabels" . | nindent 6 }}
    annotations:
      karpenter.sh/do-not-disrupt: "true"
  spec:
    {{- with $values.imagePullSecrets }}
    imagePullSecrets:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    serviceAccountName: {{ include "outcrop.compileAccount" . }}
    automountServiceAccountToken: false
    enableServiceLinks: false
    restartPolicy: Never
    securityContext:
      {{- include "outcrop.podSecurity" . | nindent 6 }}
    containers:
      - name: compile
        image: {{ include "outcrop.image" (merge (dict "root" .root) $compile.image) }}
        imagePullPolicy: {{ $values.image.pullPolicy }}
        args:
          {{- include "outcrop.compileArgs" . | trim | nindent 10 }}
          {{- range $compile.args }}
          - {{ quote . }}
          {{- end }}
        # the compiler leaves files where it runs
        workingDir: /tmp
        env:
          {{- include "outcrop.compileEnv" . | nindent 10 }}
          {{- with $compile.env }}
          {{- toYaml . | nindent 10 }}
          {{- end }}
        terminationMessagePolicy: FallbackToLogsOnError
        resources:
          {{- toYaml $resources | nindent 10 }}
        securityContext:
          {{- include "outcrop.containerSecurity" (dict "readOnly" true) | nindent 10 }}
        volumeMounts:
          {{- with $compile.from.pvc }}
          - name: {{ include "outcrop.compileVolume" (dict "claims" $claims "claim" .claim) }}
            mountPath: /model
            readOnly: true
          {{- end }}
          {{- with $model.compileTo.pvc }}
          - name: {{ include "outcrop.compileVolume" (dict "claims" $claims "claim" .claim) }}
            mountPath: /bundle
          {{- end }}
          {{- with $compile.cache.claim }}
          - name: {{ include "outcrop.compileVolume" (dict "claims" $claims "claim" .) }}
            mountPath: /cache
          {{- end }}
          - name: tmp
            mountPath: /tmp
          # where the compiler keeps what it made
          - name: var-tmp
            mountPath: /var/tmp
    volumes:
      {{- range $claim := keys $claims | sortAlpha }}
      - name: {{ include "outcrop.compileVolume" (dict "claims" $claims "claim" $claim) }}
        persistentVolumeClaim:
          claimName: {{ $claim }}
          {{- if not (get $claims $claim) }}
          readOnly: true
          {{- end }}
      {{- end }}
      - name: tmp
        {{- if eq $scratch.type "ephemeral" }}
        ephemeral:
          volumeClaimTemplate:
            metadata:
              labels:
                {{- include "outcrop.selector" . | nindent 16 }}
            spec:
              accessModes: [ReadWriteOnce]
              {{- with $scratch.storageClass }}
              storageClassName: {{ . }}
              {{- end }}
              resources:
                requests:
                  storage: {{ $scratch.size }}
        {{- else }}
        emptyDir:
          sizeLimit: {{ $scratch.size }}
        {{- end }}
      - name: var-tmp
        emptyDir: {}
    {{- with $compile.nodeSelector }}
    nodeSelector:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- with $compile.tolerations }}
    tolerations:
      {{- toYaml . | nindent 6 }}
    {{- end }}
{{- end }}
