{{/* Objects of the whole cluster are named after the release and its namespace, since another namespace may have a release
of the same name. Where both are called alike, once is enough. */}}
{{- define "broker.clusterName" -}}
{{- if eq .Release.Name .Release.Namespace }}{{ .Release.Name }}{{ else }}{{ .Release.Namespace }}-{{ .Release.Name }}{{ end }}
{{- end }}

{{/* The Secrets with the broker's login and with Cloud Foundry's client. */}}
{{- define "broker.loginSecret" -}}{{ .Values.login.existingSecret | default .Release.Name }}{{- end }}
{{- define "broker.cfSecret" -}}{{ .Values.cf.existingSecret | default .Release.Name }}{{- end }}

{{/* true where the chart makes a Secret itself: whatever it holds isn't somebody else's. */}}
{{- define "broker.makesSecret" -}}
{{- if not (and .Values.login.existingSecret .Values.cf.existingSecret) }}true{{ end }}
{{- end }}

{{/* What the names of instances' namespaces begin with, as JSON, without the dash. */}}
{{- define "broker.prefixes" -}}
{{- prepend .Values.formerNamespacePrefixes .Values.namespacePrefix | toJson -}}
{{- end }}

{{/* The Common Expression Language's test whether what the second argument says is the name of an instance's namespace. */}}
{{- define "broker.ofInstance" -}}
{{- $name := index . 1 -}}
{{- $tests := list -}}
{{- range include "broker.prefixes" (index . 0) | fromJsonArray }}
{{- $tests = append $tests (printf "%s.startsWith(\"%s-\")" $name .) }}
{{- end -}}
{{- if gt (len $tests) 1 }}({{ join " || " $tests }}){{ else }}{{ first $tests }}{{ end }}
{{- end }}

{{/* true where access is enforced by the network of the second argument. */}}
{{- define "broker.enforces" -}}
{{- if has (index . 1) (splitList "," ((index . 0).Values.settings.ENFORCE | default "")) }}true{{ end }}
{{- end }}

{{/* true where binds wait for Silk workers, whose Leases the broker then reads. */}}
{{- define "broker.waitsForNodes" -}}
{{- if not (has (.Values.settings.BIND_WAITS_FOR_NODES | default "0s") (list "0" "0s")) }}true{{ end }}
{{- end }}

{{/* The value of an environment variable. Numbers are written as JSON writes them: 1000000, not 1e+06. */}}
{{- define "broker.text" -}}
{{- if kindIs "string" . }}{{ toJson . }}{{ else }}{{ toJson . | quote }}{{ end }}
{{- end }}

{{/* Where the broker is found. */}}
{{- define "broker.url" -}}
{{- $scheme := ternary "https" "http" (ne .Values.tls.secret "") -}}
{{- $usual := ternary 443 80 (eq $scheme "https") | int -}}
{{- $port := ternary "" (printf ":%d" (int .Values.service.port)) (eq (int .Values.service.port) $usual) -}}
{{- with .Values.ingress.host | default .Values.gateway.host }}https://{{ . }}{{ else }}{{ $scheme }}://{{ .Release.Name }}.{{ .Release.Namespace }}{{ $port }}{{ end }}
{{- end }}

{{/* Where Cloud Foundry is told that the broker is. */}}
{{- define "broker.registeredURL" -}}
{{ .Values.register.url | default (include "broker.url" .) }}
{{- end }}

{{/* The service broker's name in Cloud Foundry. A release of before keeps the one that it has, since another would be another broker. */}}
{{- define "broker.registeredName" -}}
{{- $name := .Values.register.name -}}
{{- if not $name }}
{{- $name = include "broker.clusterName" . -}}
{{- with lookup "apps/v1" "Deployment" .Release.Namespace .Release.Name }}
{{- $name = "cf-helm-broker" -}}
{{- range (first .spec.template.spec.containers).env }}
{{- if eq .name "CF_BROKER_NAME" }}{{ $name = .value }}{{ end }}
{{- end }}
{{- end }}
{{- end }}
{{- $name -}}
{{- end }}
