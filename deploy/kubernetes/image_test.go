package kubernetes_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
)

// dockerfile returns the arguments of the Dockerfile's instructions, by instruction.
func dockerfile(t *testing.T) map[string][]string {
	t.Helper()
	content, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	instructions := map[string][]string{}
	for line := range strings.Lines(string(content)) {
		instruction, arguments, _ := strings.Cut(strings.TrimSpace(line), " ")
		if instruction != "" && instruction != "#" {
			instructions[instruction] = append(instructions[instruction], arguments)
		}
	}
	return instructions
}

func TestPodFitsTheImage(t *testing.T) {
	image := dockerfile(t)
	pod := only[*appsv1.Deployment](t, decodeAll(t)).Spec.Template.Spec
	user := fmt.Sprintf("%d:%d", *pod.SecurityContext.RunAsUser, *pod.SecurityContext.RunAsGroup)
	if !slices.Equal(image["USER"], []string{user}) {
		t.Errorf("the pod runs as %s, the image as %v", user, image["USER"])
	}
	port := fmt.Sprint(pod.Containers[0].Ports[0].ContainerPort)
	if !slices.Equal(image["EXPOSE"], []string{port}) {
		t.Errorf("the container has port %s, the image %v", port, image["EXPOSE"])
	}
}

func TestImageNeedsNoOther(t *testing.T) {
	if from := dockerfile(t)["FROM"]; !slices.Equal(from, []string{"scratch"}) {
		t.Errorf("the image is made from %v; it has to build where no registry can be reached", from)
	}
}

// The namespace enforces this too; here it fails before it is deployed.
func TestPodIsRestricted(t *testing.T) {
	pod := only[*appsv1.Deployment](t, decodeAll(t)).Spec.Template.Spec
	security := pod.Containers[0].SecurityContext
	switch {
	case !*pod.SecurityContext.RunAsNonRoot || *pod.SecurityContext.RunAsUser == 0:
		t.Error("the pod runs as root")
	case *security.AllowPrivilegeEscalation || !*security.ReadOnlyRootFilesystem:
		t.Error("the container may gain privileges or write to its file system")
	case len(security.Capabilities.Drop) != 1 || security.Capabilities.Drop[0] != "ALL":
		t.Errorf("the container drops the capabilities %v, not all", security.Capabilities.Drop)
	}
}
