package plugin

import (
	"strings"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/cni/socket"
)

// podOf is the pod that CNI_ARGS names, as kubelets' container runtimes do.
func podOf(args, container string) (socket.Pod, error) {
	pod := socket.Pod{Container: container}
	for part := range strings.SplitSeq(args, ";") {
		key, value, _ := strings.Cut(part, "=")
		switch key {
		case "K8S_POD_NAMESPACE":
			pod.Namespace = value
		case "K8S_POD_NAME":
			pod.Name = value
		case "K8S_POD_UID":
			pod.UID = value
		case "K8S_POD_INFRA_CONTAINER_ID":
			if value != "" {
				pod.Container = value
			}
		}
	}
	if pod.Namespace == "" || pod.Name == "" || pod.UID == "" {
		return pod, types.NewError(types.ErrInvalidEnvironmentVariables,
			Name+" makes networks of pods, and CNI_ARGS has to name one by K8S_POD_NAMESPACE, K8S_POD_NAME and K8S_POD_UID, as containerd and CRI-O do", "")
	}
	return pod, nil
}

// lenient is CNI_ARGS with IgnoreUnknown=1, without which host-local refuses what
// it doesn't know.
func lenient(args string) string {
	parts := []string{"IgnoreUnknown=1"}
	for part := range strings.SplitSeq(args, ";") {
		if key, _, _ := strings.Cut(part, "="); part != "" && key != "IgnoreUnknown" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ";")
}
