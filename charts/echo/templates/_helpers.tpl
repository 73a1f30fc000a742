{{/*
The name of every object: the release's name and the chart's, at most a Service's 63 characters.
What is cut is the release's part, since bind.yaml looks for the ending.
*/}}
{{- define "echo.fullname" -}}
{{ .Release.Name | trunc 58 | trimSuffix "-" }}-echo
{{- end -}}

{{/* Labels that never change: a workload's selector can't. */}}
{{- define "echo.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/*
Labels of every object. Pods carry the selector's alone: a version among theirs would restart them
for a chart that has changed in nothing else.
*/}}
{{- define "echo.labels" -}}
{{ include "echo.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end -}}
