package podgroup

import (
	"strings"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// OfWorkload returns the policy group of a workload, by the instance's own
// and the kind and name of its pods' root owner: a Deployment, not its
// ReplicaSet; a CronJob, not its Job.
func OfWorkload(instanceGroup, kind, name string) string {
	space, err := uuid.Parse(instanceGroup)
	if err != nil {
		space = uuid.NewSHA1(uuid.NameSpaceOID, []byte(instanceGroup))
	}
	return uuid.NewSHA1(space, []byte(kind+"/"+name)).String()
}

// Own returns the policy group that the pod's annotation names. It is
// believed only if it is one of the instance's and that of the pod's owner: an
// operator may copy annotations that a tenant has made up, and another tenant's
// group would lead there.
func Own(pod metav1.Object, instanceGroup string) string {
	named := pod.GetAnnotations()[Annotation]
	if named == "" || instanceGroup == "" {
		return ""
	}
	for _, owner := range rootOwners(pod) {
		if OfWorkload(instanceGroup, owner[0], owner[1]) == named {
			return named
		}
	}
	return ""
}

// deploymentHash is the label by which a ReplicaSet's name is told from its
// Deployment's (apps/v1, DefaultDeploymentUniqueLabelKey).
const deploymentHash = "pod-template-hash"

// rootOwners are the kinds and names that the pod's root owner can have, as far
// as the pod tells.
func rootOwners(pod metav1.Object) [][2]string {
	owner := metav1.GetControllerOf(pod)
	if owner == nil {
		return [][2]string{{"Pod", pod.GetName()}, {"Pod", pod.GetGenerateName()}}
	}
	owners := [][2]string{{owner.Kind, owner.Name}}
	hash := pod.GetLabels()[deploymentHash]
	if deployment, found := strings.CutSuffix(owner.Name, "-"+hash); found && owner.Kind == "ReplicaSet" && hash != "" {
		owners = append(owners, [2]string{"Deployment", deployment})
	}
	return owners
}
