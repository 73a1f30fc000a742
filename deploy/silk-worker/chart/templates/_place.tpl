{{/* The agents' objects have the names that the broker and the nodes know them by. */}}
{{- define "agent.place" -}}
{{- if ne .Release.Namespace "c2c-cni" }}{{ fail "the agents have to be in the namespace c2c-cni, where the broker looks for them: helm install c2c-cni … --namespace c2c-cni" }}{{ end -}}
c2c-cni
{{- end }}
