package rig

import corev1 "k8s.io/api/core/v1"

// PodSettings are the settings that a pod of the manifests gives its first container, in
// the namespace and with the one Secret that they name.
func PodSettings(pod corev1.PodSpec, namespace string, secret *corev1.Secret) map[string]string {
	settings := map[string]string{}
	for _, e := range pod.Containers[0].Env {
		switch from := e.ValueFrom; {
		case from == nil:
			settings[e.Name] = e.Value
		case from.SecretKeyRef != nil:
			settings[e.Name] = string(secret.Data[from.SecretKeyRef.Key])
		case from.FieldRef != nil && from.FieldRef.FieldPath == "metadata.namespace":
			settings[e.Name] = namespace
		}
	}
	return settings
}
