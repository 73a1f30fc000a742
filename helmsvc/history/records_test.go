package history

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

func recordNamed(name, text string) corev1.Secret {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Data:       map[string][]byte{"release": []byte(base64.StdEncoding.EncodeToString(packed.Bytes()))},
	}
}

func recordText(revision int, manifest, config string) string {
	return fmt.Sprintf(`{"name":"r","namespace":"n","version":%d,"info":{},"chart":{"metadata":{"name":"c"}},"config":{"a":%s},"manifest":"%s"}`, revision, config, manifest)
}

// TestAdmittedRecords: what Helm gets to see is bounded in number, in length and
// in values, and what is refused doesn't hide what isn't.
func TestAdmittedRecords(t *testing.T) {
	const own = "sh.helm.release.v1.r.v"
	long := strings.Repeat("x", 12<<20)
	forged := func(count int) (all []corev1.Secret) {
		for n := range count {
			all = append(all, recordNamed(fmt.Sprint(own, n+100), strings.Repeat(" ", longestRecord+1)))
		}
		return all
	}
	genuine := recordNamed(own+"1", recordText(1, "m", "1"))
	for name, c := range map[string]struct {
		there []corev1.Secret
		want  []string
	}{
		"the newest first":     {[]corev1.Secret{genuine, recordNamed(own+"10", recordText(10, "m", "1")), recordNamed(own+"9", recordText(9, "m", "1"))}, []string{"10", "9", "1"}},
		"named as another":     {[]corev1.Secret{recordNamed(own+"3", recordText(2, "m", "1")), recordNamed("sh.helm.release.v1.q.v2", recordText(2, "m", "1")), recordNamed(own+"02", recordText(2, "m", "1")), genuine}, []string{"1"}},
		"no revision":          {[]corev1.Secret{recordNamed(own+"0", recordText(0, "m", "1")), recordNamed(own+"-1", recordText(-1, "m", "1")), genuine}, []string{"1"}},
		"too long":             {append(forged(20), genuine), []string{"1"}},
		"too many":             {append(forged(mostRecords), genuine), nil},
		"too long together":    {[]corev1.Secret{genuine, recordNamed(own+"2", recordText(2, long, "1")), recordNamed(own+"3", recordText(3, long, "1")), recordNamed(own+"4", recordText(4, long, "1"))}, []string{"4", "3"}},
		"too many values":      {[]corev1.Secret{genuine, recordNamed(own+"2", recordText(2, "m", "["+strings.Repeat("0,", mostValues)+"0]"))}, []string{"1"}},
		"many commas, no more": {[]corev1.Secret{genuine, recordNamed(own+"2", recordText(2, strings.Repeat(`,[{\"`, mostValues), "1"))}, []string{"2", "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, s := range admitted(c.there, tenant.Target{Release: "r", Namespace: "n"}) {
				got = append(got, strings.TrimPrefix(s.Name, own))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("admitted are %v, want %v", got, c.want)
			}
		})
	}
}
