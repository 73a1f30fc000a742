{{/* Parts of the broker's pod that values add to it. */}}

{{- define "broker.image" -}}
{{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag }}{{ end }}
{{- end }}

{{/* On which nodes the image is pulled and run. */}}
{{- define "broker.scheduling" }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{- define "broker.placement" }}
{{- include "broker.scheduling" . }}
{{- if .Values.antiAffinity }}
# Replicas are on nodes of their own where there are enough, so that one node's end leaves a broker.
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              app.kubernetes.io/name: cf-helm-broker
{{- end }}
{{- end }}

{{/* All settings. */}}
{{- define "broker.environment" }}
# Every setting that isn't here has its default; `broker --help` lists them.
- name: BROKER_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: SECURITY_USER_NAME
  valueFrom:
    secretKeyRef:
      name: {{ include "broker.loginSecret" . }}
      key: SECURITY_USER_NAME
- name: SECURITY_USER_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "broker.loginSecret" . }}
      key: SECURITY_USER_PASSWORD
- name: CHART_CACHE_DIR
  value: /cache
# Such as https://api.example.com. Empty: bindings open no access, unless ENFORCE says networkpolicy.
- name: CF_API_ADDRESS
  value: {{ .Values.cf.api | toJson }}
- name: CF_CLIENT_ID
  valueFrom:
    secretKeyRef:
      name: {{ include "broker.cfSecret" . }}
      key: CF_CLIENT_ID
      optional: true
- name: CF_CLIENT_SECRET
  valueFrom:
    secretKeyRef:
      name: {{ include "broker.cfSecret" . }}
      key: CF_CLIENT_SECRET
      optional: true
{{- if ne .Values.namespacePrefix "cf-helm" }}
- name: NAMESPACE_PREFIX
  value: {{ .Values.namespacePrefix }}
{{- end }}
{{- if .Values.charts.sources }}
- name: CHART_SOURCES
  value: /chart-sources/sources.yaml
{{- end }}
{{- if .Values.tls.secret }}
- name: TLS_CERT_FILE
  value: /tls/tls.crt
- name: TLS_KEY_FILE
  value: /tls/tls.key
{{- end }}
{{- if .Values.cf.caConfigMap }}
- name: SSL_CERT_DIR
  value: /cf-ca
{{- end }}
{{- if or .Values.register.enabled .Values.register.url .Values.settings.CF_BROKER_REGISTER }}
- name: CF_BROKER_URL
  value: {{ include "broker.registeredURL" . | trim }}
{{- end }}
{{- with include "broker.registeredName" . }}{{ if ne . "cf-helm-broker" }}
- name: CF_BROKER_NAME
  value: {{ . | toJson }}
{{- end }}{{ end }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ include "broker.text" $value }}
{{- end }}
{{- range $name, $from := .Values.secretSettings }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $from.secret }}
      key: {{ $from.key | default $name }}
{{- end }}
{{- end }}

{{- define "broker.scheme" }}
{{- if .Values.tls.secret }}scheme: HTTPS{{ end }}
{{- end }}

{{- define "broker.mounts" }}
- name: charts
  mountPath: /cache
{{- if .Values.charts.volume }}
- name: own-charts
  mountPath: /charts
  readOnly: true
{{- end }}
{{- if .Values.charts.sources }}
- name: chart-sources
  mountPath: /chart-sources
  readOnly: true
{{- end }}
{{- if .Values.tls.secret }}
- name: tls
  mountPath: /tls
  readOnly: true
{{- end }}
{{- if .Values.cf.caConfigMap }}
- name: cf-ca
  mountPath: /cf-ca
  readOnly: true
{{- end }}
{{- with .Values.volumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "broker.volumes" }}
- name: charts
  emptyDir:
    sizeLimit: {{ .Values.charts.cacheSize }}
{{- with .Values.charts.volume }}
- name: own-charts
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .Values.charts.sources }}
- name: chart-sources
  configMap:
    name: {{ .Release.Name }}-chart-sources
{{- end }}
{{- with .Values.tls.secret }}
- name: tls
  secret:
    secretName: {{ . }}
{{- end }}
{{- with .Values.cf.caConfigMap }}
# ca.crt is a CA that Cloud Foundry's certificates come from, besides those that the image brings.
- name: cf-ca
  configMap:
    name: {{ . }}
{{- end }}
{{- with .Values.volumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What each pod of the image keeps to; the namespace may enforce it. */}}
{{- define "broker.podSecurity" }}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}
{{- define "broker.containerSecurity" }}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}
