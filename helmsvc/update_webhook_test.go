package helmsvc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/release"
)

// mutates has a webhook change the Deployments of the place's namespace: patch
// answers with operations of a JSON patch.
func (p *place) mutates(patch func(admissionv1.Operation, appsv1.Deployment) string) {
	p.t.Helper()
	p.mutatesAll("apps", "deployments", func(request *admissionv1.AdmissionRequest) string {
		var object appsv1.Deployment
		if err := json.Unmarshal(request.Object.Raw, &object); err != nil {
			p.t.Error(err)
		}
		return patch(request.Operation, object)
	})
}

// mutatesAll has a webhook change the objects of a resource in the place's namespace.
func (p *place) mutatesAll(group, resource string, patch func(*admissionv1.AdmissionRequest) string) {
	p.t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review admissionv1.AdmissionReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			p.t.Error(err)
			return
		}
		kind := admissionv1.PatchTypeJSONPatch
		review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true, PatchType: &kind, Patch: []byte(patch(review.Request))}
		if err := json.NewEncoder(w).Encode(review); err != nil {
			p.t.Error(err)
		}
	}))
	p.t.Cleanup(server.Close)
	none, fail := admissionregistrationv1.SideEffectClassNone, admissionregistrationv1.Fail
	hooks := clients.AdmissionregistrationV1().MutatingWebhookConfigurations()
	made, err := hooks.Create(p.t.Context(), &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: p.ns.Name},
		Webhooks: []admissionregistrationv1.MutatingWebhook{{
			Name: "mutates.example.com", SideEffects: &none, FailurePolicy: &fail, AdmissionReviewVersions: []string{"v1"},
			ClientConfig: admissionregistrationv1.WebhookClientConfig{
				URL: &server.URL, CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
			},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": p.ns.Name}},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{group}, APIVersions: []string{"v1"}, Resources: []string{resource}},
			}},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = hooks.Delete(context.Background(), made.Name, metav1.DeleteOptions{}) })
}

// TestWebhooks: what a cluster makes of every object is how things are there;
// what it keeps an update from changing is an update that had no effect.
func TestWebhooks(t *testing.T) {
	p := confined(t)
	p.mutates(func(operation admissionv1.Operation, d appsv1.Deployment) string {
		image := d.Spec.Template.Spec.Containers[0].Image
		if !strings.HasPrefix(image, "mirror/") {
			image = "mirror/" + image
		}
		patch := `{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "` + image + `"}, {"op": "add", "path": "/spec/template/spec/priority", "value": 0}`
		if operation == admissionv1.Update {
			patch = `{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "mirror/example/w:1"}, {"op": "replace", "path": "/spec/replicas", "value": 1}`
		}
		return "[" + patch + "]"
	})
	if err := p.Install(t.Context(), p.target, runningIn("replicas: 1,", "env: [{name: A, value: a}]"), nil); err != nil {
		t.Fatal(err)
	}
	if err := p.Upgrade(t.Context(), p.target, runningIn("replicas: 1,", "env: [{name: A, value: b}]"), nil); err != nil {
		t.Fatal(err)
	}
	if image := p.container().Image; image != "mirror/example/w:1" || p.env() != "A=b" {
		t.Errorf("the image is %s, the environment %s", image, p.env())
	}
	var drift *release.DriftError
	err := p.Upgrade(t.Context(), p.target, newer(runningIn("replicas: 2,", "env: [{name: A, value: secret}]")), nil)
	if !errors.As(err, &drift) || !strings.Contains(err.Error(), "Deployment w isn't what the chart says, in spec.replicas, spec.template.spec.containers[w].image;") {
		t.Errorf("error %v", err)
	}
	if err := p.Rollback(t.Context(), p.target, 2); err != nil {
		t.Fatal(err)
	}
	if p.env() != "A=b" {
		t.Errorf("after going back the environment is %s", p.env())
	}
}

// newer is a chart with another version of the image.
func newer(what chart.Rendered) chart.Rendered {
	for _, file := range what.Chart.Templates {
		file.Data = bytes.ReplaceAll(file.Data, []byte("example/w:1"), []byte("example/w:2"))
	}
	return what
}
