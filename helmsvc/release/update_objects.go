package release

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// Update makes target of what is there. original is what was made before, as
// its chart rendered it. Afterwards what is live is what was rendered, or there
// is an error. What target doesn't have is deleted, but for what its chart wants
// kept in the instance's namespace: outside nothing is left behind.
//
// Objects are patched as Helm does. It merges lists by a key, and so loses
// entries where two have the same: an environment variable that is named twice,
// TCP and UDP on one port. The answer to a patch is the live object, so holding
// it against what was rendered costs no request. Server-side apply, by which
// newer clients write, refuses such lists, and forgets what an older client made.
func (c *boundClient) Update(original, target kube.ResourceList, force bool) (*kube.Result, error) {
	result := &kube.Result{} // Helm reads it in spite of an error
	original, err := c.owned(original)
	if err != nil {
		return result, err
	}
	for _, info := range original {
		if object, ok := info.Object.(*unstructured.Unstructured); ok && !c.rules.AsIs {
			// What may be there and the target doesn't have, has to go.
			manifest.MarkService(object)
		}
	}
	if err := c.prepare(target); err != nil {
		return result, err
	}
	for _, info := range target {
		if err := c.updateObject(original.Get(info), info, force, result); err != nil {
			return result, err
		}
	}
	return result, c.remove(original.Difference(target), result)
}

// updateObject makes one object, or changes it. was is nil if the last revision
// didn't have it. Where Helm's patch is refused, or doesn't come to what was
// rendered, lists are written whole.
func (c *boundClient) updateObject(was, info *resource.Info, force bool, result *kube.Result) error {
	wanted, ok := info.Object.DeepCopyObject().(*unstructured.Unstructured)
	if !ok {
		return fmt.Errorf("updating %s: it was read as %T", info.ObjectName(), info.Object)
	}
	var original kube.ResourceList
	var before *unstructured.Unstructured
	if was != nil {
		original = kube.ResourceList{was}
		before, _ = was.Object.(*unstructured.Unstructured)
	}
	done, err := c.Client.Update(original, kube.ResourceList{info}, force)
	result.Created, result.Updated = append(result.Created, done.Created...), append(result.Updated, done.Updated...)
	if len(done.Created) > 0 || err != nil && len(done.Updated) == 0 {
		return err
	}
	if err == nil && len(differing(before, wanted, info)) == 0 {
		return nil
	}
	if err := writeWhole(before, wanted, info); err != nil {
		return fmt.Errorf("updating %s %s: %w", wanted.GetKind(), wanted.GetName(), err)
	}
	return c.judgeWritten(before, wanted, info)
}

func differing(before, wanted *unstructured.Unstructured, live *resource.Info) []string {
	object, _ := live.Object.(*unstructured.Unstructured)
	return manifest.Differences(before, wanted, object)
}

// writeWhole patches the object so that each list in it is the rendered one.
func writeWhole(before, wanted *unstructured.Unstructured, info *resource.Info) error {
	helper := resource.NewHelper(info.Client, info.Mapping).WithFieldManager(tenant.FieldManager)
	live, err := helper.Get(info.Namespace, info.Name)
	if err != nil {
		return err
	}
	current, ok := live.(*unstructured.Unstructured)
	if !ok {
		return fmt.Errorf("it was read as %T", live)
	}
	if before == nil {
		before = wanted
	}
	var texts [3][]byte
	for i, object := range []*unstructured.Unstructured{before, wanted, current} {
		if texts[i], err = json.Marshal(manifest.OwnFields(object)); err != nil {
			return err
		}
	}
	patch, err := jsonmergepatch.CreateThreeWayJSONMergePatch(texts[0], texts[1], texts[2])
	if err != nil {
		return err
	}
	if live, err = helper.Patch(info.Namespace, info.Name, types.MergePatchType, patch, nil); err != nil {
		return err
	}
	return info.Refresh(live, true)
}

// judgeWritten looks at what has become of an object that was written whole. A
// cluster may change what it is given, by a webhook say, and then does so with
// a new object as well: that is how things are there. But what it changes in
// this one alone is an update that had no effect.
func (c *boundClient) judgeWritten(before, wanted *unstructured.Unstructured, info *resource.Info) error {
	left := differing(before, wanted, info)
	if len(left) == 0 {
		return nil
	}
	anew := wanted.DeepCopy()
	anew.SetName("")
	anew.SetGenerateName(wanted.GetName() + "-")
	made, err := resource.NewHelper(info.Client, info.Mapping).DryRun(true).WithFieldManager(tenant.FieldManager).Create(info.Namespace, false, anew)
	if object, ok := made.(*unstructured.Unstructured); ok && err == nil {
		usual, unusual := manifest.Differences(before, wanted, object), differing(nil, object, info)
		left = slices.DeleteFunc(left, func(field string) bool { return slices.Contains(usual, field) && !slices.Contains(unusual, field) })
	}
	if len(left) == 0 {
		return nil
	}
	return &DriftError{Kind: wanted.GetKind(), Name: wanted.GetName(), Fields: left}
}

// DriftError says that an object isn't what was rendered, though Kubernetes has
// taken that. It quotes no values.
type DriftError struct {
	Kind, Name string
	Fields     []string
}

// namedFields is how many fields an error names.
const namedFields = 3

func (e *DriftError) Error() string {
	named := e.Fields[:min(namedFields, len(e.Fields))]
	text := strings.Join(named, ", ")
	if more := len(e.Fields) - len(named); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("%s %s isn't what the chart says, in %s; Kubernetes took the change, so something in the cluster, an admission webhook say, undoes it", e.Kind, e.Name, text)
}

// remove deletes what a revision doesn't have any more. What the instance may
// not read or delete, it hasn't made.
func (c *boundClient) remove(gone kube.ResourceList, result *kube.Result) error {
	for _, info := range gone {
		helper := resource.NewHelper(info.Client, info.Mapping)
		live, err := helper.Get(info.Namespace, info.Name)
		if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) && !c.foreign(info) || err == nil && c.keeps(info, live) {
			continue
		}
		if err == nil {
			policy := metav1.DeletePropagationBackground
			_, err = helper.DeleteWithOptions(info.Namespace, info.Name, &metav1.DeleteOptions{PropagationPolicy: &policy})
		}
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("deleting %s %s, which the chart no longer has: %w", info.Mapping.GroupVersionKind.Kind, info.Name, err)
		}
		result.Deleted = append(result.Deleted, info)
	}
	return nil
}
