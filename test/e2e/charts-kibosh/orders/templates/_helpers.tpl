{{- define "orders.fullname" -}}
{{- .Values.fullnameOverride | default (printf "%s-orders" .Release.Name) | trunc 63 -}}
{{- end -}}
