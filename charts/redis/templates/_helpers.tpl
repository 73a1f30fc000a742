{{/*
The name of every object: the release's name and the chart's. It ends at 52 characters, the longest
StatefulSet name whose pods still get a valid controller-revision-hash label (63, less a hash of 10
and a hyphen). What is cut is the release's part, since bind.yaml looks for the ending.
*/}}
{{- define "redis.fullname" -}}
{{ .Release.Name | trunc 46 | trimSuffix "-" }}-redis
{{- end -}}

{{/* Labels that never change: a workload's selector can't. */}}
{{- define "redis.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/*
Labels of every object. Pods carry the selector's alone: a version among theirs would restart them
for a chart that has changed in nothing else.
*/}}
{{- define "redis.labels" -}}
{{ include "redis.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end -}}
