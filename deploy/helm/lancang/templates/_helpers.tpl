{{- define "lancang.name" -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* Labels of what belongs to a role: (dict "root" $ "role" "score") */}}
{{- define "lancang.selector" -}}
app.kubernetes.io/name: lancang
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{- define "lancang.labels" -}}
{{ include "lancang.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "lancang.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* `[store] url`: empty where packs and snapshots lie in a folder */}}
{{- define "lancang.bucket" -}}
{{- dig "store" "url" "" (fromToml .Values.config.lancang) -}}
{{- end }}

{{/* Roles that have a file of their own, and need no bucket to be pods of their own */}}
{{- define "lancang.apart" -}}
courier correlator console desk
{{- end }}

{{/* Of which file a role is */}}
{{- define "lancang.file" -}}
{{- if has . (splitList " " (include "lancang.apart" .)) }}{{ . }}{{ else }}lancang{{ end -}}
{{- end }}

{{/* The port of a container's metrics: a name has 15 characters at most */}}
{{- define "lancang.metricsPort" -}}
{{ . | trunc 7 }}-metrics
{{- end }}

{{/* Pods that score can have: a worker owns at least one partition */}}
{{- define "lancang.scoreMax" -}}
{{- $config := fromToml .Values.config.lancang -}}
{{- $partitions := int (dig "topics" "partitions" 8 $config) -}}
{{- $workers := int (dig "score" "workers" 1 $config) -}}
{{- max 1 (div $partitions $workers) -}}
{{- end }}

{{- define "lancang.intakeMax" -}}
{{- $workers := int (dig "intake" "workers" 1 (fromToml .Values.config.lancang)) -}}
{{- max 1 (div (int .Values.roles.intake.autoscaling.partitions) $workers) -}}
{{- end }}

{{/* A container: (dict "root" $ "role" "score" "command" "score" "port" 9600 "secrets" (list "keys")) */}}
{{- define "lancang.container" -}}
{{- $root := .root -}}
{{- $settings := index $root.Values.roles .role -}}
name: {{ .command }}
image: {{ include "lancang.image" $root }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
args:
  {{- if eq .command "correlator" }}
  - campaigns
  - correlate
  - --as
  - {{ $settings.source | quote }}
  - --signing-key-file
  - {{ $settings.signingKeyFile | quote }}
  {{- else if eq .command "desk" }}
  - console
  {{- else }}
  - {{ .command }}
  {{- end }}
  - --log-json
  - --config
  - /etc/lancang/config/{{ include "lancang.file" .role }}.toml
  {{- if has .command (list "console" "desk") }}
  - --metrics
  - 0.0.0.0:{{ .port }}
  {{- else if eq .command "correlator" }}
  - --listen
  - 0.0.0.0:{{ .port }}
  {{- else }}
  - --listen
  - 0.0.0.0:{{ .port }}
  # Of transactional ids: two processes never share one.
  - --instance
  - $(POD_NAME){{ if ne .command .role }}-{{ .command }}{{ end }}
  {{- end }}
env:
  - name: POD_NAME
    valueFrom: { fieldRef: { fieldPath: metadata.name } }
  {{- with $root.Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
ports:
  - { name: {{ include "lancang.metricsPort" .command }}, containerPort: {{ .port }} }
  {{- if has .command (list "console" "desk") }}
  - { name: pages, containerPort: 8600 }
  {{- end }}
{{- /* A start listens at once; what takes long (reading on from a snapshot) is for readiness to say. */}}
startupProbe:
  httpGet: { path: /healthz, port: {{ .port }} }
  periodSeconds: 2
  failureThreshold: 30
{{- /* A stage that is stuck for 30 s fails it; brokers that are away do not. */}}
livenessProbe:
  httpGet: { path: /healthz, port: {{ .port }} }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: { path: /readyz, port: {{ .port }} }
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 1
resources:
  {{- toYaml $settings.resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
volumeMounts:
  - { name: config, mountPath: /etc/lancang/config, readOnly: true }
  - { name: state, mountPath: /var/lib/lancang }
  {{- range .secrets | uniq }}
  - { name: secret-{{ . }}, mountPath: /etc/lancang/secrets/{{ . }}, readOnly: true }
  {{- end }}
  {{- with $root.Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* What all pods have: (dict "root" $ "component" "score" "roles" (list "score") "state" "memory") */}}
{{- define "lancang.pod" -}}
{{- $root := .root -}}
{{- $secrets := list -}}
{{- range .roles }}{{ $secrets = concat $secrets (index $root.Values.roles . "secrets") }}{{ end -}}
serviceAccountName: {{ include "lancang.name" $root }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ $root.Values.terminationGracePeriodSeconds }}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
topologySpreadConstraints:
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "lancang.selector" (dict "root" $root "role" $.component) | nindent 8 }}
  {{- end }}
{{- with $root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: config
    configMap: { name: {{ include "lancang.name" $root }} }
  {{- if eq .state "memory" }}
  - name: state
    emptyDir: {}
  {{- else if eq .state "claim" }}
  - name: state
    persistentVolumeClaim: { claimName: {{ include "lancang.name" $root }}-{{ .component }} }
  {{- end }}
  {{- /* The kubelet lets the group read as well (0440): src/secret.rs takes that of files that root owns. */}}
  {{- range $secrets | uniq }}
  - name: secret-{{ . }}
    secret: { secretName: {{ . }}, defaultMode: 0400 }
  {{- end }}
  {{- with $root.Values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "lancang.podMetadata" -}}
labels:
  {{- include "lancang.labels" . | nindent 2 }}
annotations:
  checksum/config: {{ toJson .root.Values.config | sha256sum }}
  {{- with .root.Values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
