package worker

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/silk"
)

// Plugin is a call of c2c-cni as container runtimes make it, for a container of a pod.
// It has to be started within the node's namespace.
func (w *Worker) Plugin(verb, container string, network silk.Namespace, pod *corev1.Pod) (*exec.Cmd, error) {
	config, err := w.pluginConfig()
	if err != nil {
		return nil, err
	}
	command := exec.Command(filepath.Join(w.file("bin"), "c2c-cni"))
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "CNI_COMMAND=" + verb, "CNI_CONTAINERID=" + container, "CNI_NETNS=" + network.Path(), "CNI_IFNAME=eth0",
		"CNI_PATH=" + w.file("bin") + string(filepath.ListSeparator) + w.options.PluginFolder,
		fmt.Sprintf("CNI_ARGS=K8S_POD_NAMESPACE=%s;K8S_POD_NAME=%s;K8S_POD_UID=%s;K8S_POD_INFRA_CONTAINER_ID=%s", pod.Namespace, pod.Name, pod.UID, container),
	}
	command.Stdin = bytes.NewReader(config)
	return command, nil
}

// pluginConfig is the first plugin's of the installed list, as runtimes make it of that.
func (w *Worker) pluginConfig() ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(w.file("net.d"), "00-c2c-cni.conflist"))
	if err != nil {
		return nil, err
	}
	var list struct {
		Name       string           `json:"name"`
		CNIVersion string           `json:"cniVersion"`
		Plugins    []map[string]any `json:"plugins"`
	}
	if err := json.Unmarshal(text, &list); err != nil || len(list.Plugins) == 0 {
		return nil, fmt.Errorf("reading the installed network configuration: %w", err)
	}
	list.Plugins[0]["name"], list.Plugins[0]["cniVersion"] = list.Name, list.CNIVersion
	return json.Marshal(list.Plugins[0])
}
