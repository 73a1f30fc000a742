package helmsvc_test

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestSecretsOfView has the API server choose: what the broker and Helm keep in
// an instance's namespace isn't even read.
func TestSecretsOfView(t *testing.T) {
	p := withRegistry(t)
	if err := p.install(t.Context(), `{}`, nil); err != nil { // Helm keeps its record
		t.Fatal(err)
	}
	secrets := clients.CoreV1().Secrets(p.ns.Name)
	for _, s := range []corev1.Secret{
		{ObjectMeta: metav1.ObjectMeta{Name: "a-login"}, Type: corev1.SecretTypeBasicAuth, Data: map[string][]byte{"username": []byte("u")}},
		{ObjectMeta: metav1.ObjectMeta{Name: "z-own"}, Data: map[string][]byte{"store": {0xfe, 0xed}}},
		{ObjectMeta: metav1.ObjectMeta{Name: "token", Annotations: map[string]string{"kubernetes.io/service-account.name": "default"}}, Type: corev1.SecretTypeServiceAccountToken},
	} {
		if _, err := secrets.Create(t.Context(), &s, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := secrets.List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	kept := map[corev1.SecretType]int{}
	for _, s := range all.Items {
		kept[s.Type]++
	}
	if kept["helm.sh/release.v1"] == 0 || kept[corev1.SecretTypeDockerConfigJson] == 0 {
		t.Fatalf("there is nothing to be withheld: %v", kept)
	}
	offered, err := p.View(t.Context(), p.ns.Name)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range offered.Secrets {
		names = append(names, s.Name)
	}
	if want := []string{p.target.Release, "z-own", "a-login"}; !slices.Equal(names, want) {
		t.Errorf("seen are %v, want %v", names, want)
	}
	if own := offered.Secrets[1]; own.Data["store"] != "/u0=" || !slices.Equal(own.Binary, []string{"store"}) {
		t.Errorf("a key store is %+v", own)
	}
}
