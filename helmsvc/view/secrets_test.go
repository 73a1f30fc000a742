package view

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func secret(name string, kind corev1.SecretType, data map[string]string) corev1.Secret {
	s := corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": name}}, Type: kind, Data: map[string][]byte{}}
	for key, value := range data {
		s.Data[key] = []byte(value)
	}
	return s
}

// TestBinaryValues hands out what isn't text in base64 and says so, and text as
// it is; templates get each value in base64 too.
func TestBinaryValues(t *testing.T) {
	values := map[string]string{
		"store": "\xfe\xfe\xed\x00\x01\x02", "broken": "ab\xc3", "text": "h<i>&", "wide": "ä€😀", "zero": "a\x00b", "empty": "", "replaced": "\uFFFD",
	}
	view := Of([]corev1.Secret{secret("s", "", values)}, nil, nil)
	credentials, err := view.Credentials()
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Secrets []Secret }
	if err := json.Unmarshal(credentials, &got); err != nil {
		t.Fatal(err)
	}
	want := Secret{
		Name: "s", Type: corev1.SecretTypeOpaque, Labels: map[string]string{"app": "s"},
		Data:   map[string]string{"store": "/v7tAAEC", "broken": "YWLD", "text": "h<i>&", "wide": "ä€😀", "zero": "a\x00b", "empty": "", "replaced": "\uFFFD"},
		Binary: []string{"broken", "store"},
	}
	if len(got.Secrets) != 1 || !reflect.DeepEqual(got.Secrets[0], want) {
		t.Errorf("handed out %+v, want %+v", got.Secrets, want)
	}
	text, err := json.Marshal(view.ForTemplate(nil, true))
	if err != nil {
		t.Fatal(err)
	}
	var seen struct {
		Secrets    []Secret
		RawSecrets []struct{ Data map[string]string }
	}
	if err := json.Unmarshal(text, &seen); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(seen.Secrets, got.Secrets) {
		t.Errorf("a template sees %+v, want %+v", seen.Secrets, got.Secrets)
	}
	raw := map[string]string{"store": "/v7tAAEC", "broken": "YWLD", "text": "aDxpPiY=", "wide": "w6Tigqzwn5iA", "zero": "YQBi", "empty": "", "replaced": "77+9"}
	if len(seen.RawSecrets) != 1 || !reflect.DeepEqual(seen.RawSecrets[0].Data, raw) {
		t.Errorf("a template gets the bytes %+v, want %+v", seen.RawSecrets, raw)
	}
}

// TestLongDefaults: an app couldn't start with these, and nobody would know why.
func TestLongDefaults(t *testing.T) {
	of := func(length int) error {
		_, err := Of([]corev1.Secret{secret("s", "", map[string]string{"store": strings.Repeat("\xff", length)})}, nil, nil).Credentials()
		return err
	}
	if err := of(90_000); err != nil { // 120,000 in base64
		t.Error(err)
	}
	err := of(100_000)
	if err == nil || !strings.Contains(err.Error(), "may have 131072 at most") || !strings.Contains(err.Error(), "bind.yaml") {
		t.Errorf("error %v", err)
	}
}

// TestTypesOfSecrets: every type but a few is seen, behind the Opaque ones.
func TestTypesOfSecrets(t *testing.T) {
	kinds := []corev1.SecretType{
		"kubernetes.io/basic-auth", "Opaque", "servicebinding.io/mysql", "helm.sh/release.v1", "kubernetes.io/service-account-token",
		"", "kubernetes.io/dockercfg", "kubernetes.io/dockerconfigjson", "bootstrap.kubernetes.io/token", "kubernetes.io/tls", "kubernetes.io/ssh-auth",
	}
	var secrets []corev1.Secret
	for i, kind := range kinds {
		data := map[string]string{"password": "p", "tls.crt": "c", "tls.key": "k", "ca.crt": "a", "keystore.p12": "\xff"}
		secrets = append(secrets, secret(string(rune('a'+i)), kind, data))
	}
	var seen []string
	for _, s := range Of(secrets, nil, nil).Secrets {
		seen = append(seen, s.Name+" "+string(s.Type))
		if s.Labels["app"] != s.Name {
			t.Errorf("%s has the labels %v", s.Name, s.Labels)
		}
		want := map[string]string{"password": "p", "tls.crt": "c", "tls.key": "k", "ca.crt": "a", "keystore.p12": "/w=="}
		if s.Type == corev1.SecretTypeTLS {
			want = map[string]string{"tls.crt": "c", "ca.crt": "a"} // whatever else it has may hold the key
		}
		if !reflect.DeepEqual(s.Data, want) {
			t.Errorf("%s holds %v, want %v", s.Name, s.Data, want)
		}
	}
	const want = "b Opaque, f Opaque, a kubernetes.io/basic-auth, c servicebinding.io/mysql, j kubernetes.io/tls, k kubernetes.io/ssh-auth"
	if got := strings.Join(seen, ", "); got != want {
		t.Errorf("seen are %s; want %s", got, want)
	}
}
