package view

import (
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// TestContainers: a template finds what a server was started with, wherever the chart took it from.
func TestContainers(t *testing.T) {
	secret := func(name string, kind corev1.SecretType, data map[string]string) corev1.Secret {
		s := corev1.Secret{Type: kind, Data: map[string][]byte{}}
		s.Name = name
		for key, value := range data {
			s.Data[key] = []byte(value)
		}
		return s
	}
	secrets := []corev1.Secret{
		secret("db", "", map[string]string{"password": "mine", "root": "all", "store": "\xff"}),
		secret("whole", "", map[string]string{"USER": "app", "OTHER": "other"}),
		secret("pull", corev1.SecretTypeDockerConfigJson, map[string]string{corev1.DockerConfigJsonKey: "registry"}),
	}
	ref := func(name, key string) *corev1.EnvVarSource {
		return &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: key}}
	}
	p := pod()
	p.Labels = nil
	p.Spec.Volumes = []corev1.Volume{
		{Name: "all", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "db"}}},
		{Name: "some", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{Secret: &corev1.SecretProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "db"}, Items: []corev1.KeyToPath{{Key: "root", Path: "deep/down"}}}},
			{ConfigMap: &corev1.ConfigMapProjection{}},
		}}}},
		{Name: "empty", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
	}
	p.Spec.Containers[0] = corev1.Container{
		Name: "server", Image: "db:1",
		EnvFrom: []corev1.EnvFromSource{
			{Prefix: "DB_", SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "whole"}}},
			{ConfigMapRef: &corev1.ConfigMapEnvSource{}},
		},
		Env: []corev1.EnvVar{
			{Name: "PLAIN", Value: "text"},
			{Name: "DB_OTHER", Value: "own"},
			{Name: "KEY", ValueFrom: ref("db", "password")},
			{Name: "BYTES", ValueFrom: ref("db", "store")},
			{Name: "NO_KEY", ValueFrom: ref("db", "nothing")},
			{Name: "WITHHELD", ValueFrom: ref("pull", corev1.DockerConfigJsonKey)},
			{Name: "NODE", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "spec.nodeName"}}},
			{Name: "PASSWORD_FILE", Value: "/run/secrets/password"},
			{Name: "ROOT_FILE", Value: "/etc/some/deep/down"},
			{Name: "SINGLE_FILE", Value: "/etc/single"},
			{Name: "PLAIN_FILE", Value: "/run/secrets/password"},
			{Name: "LOG_FILE", Value: "/var/log/db"},
		},
		VolumeMounts: []corev1.VolumeMount{
			{Name: "all", MountPath: "/run/secrets/"},
			{Name: "some", MountPath: "/etc/some"},
			{Name: "all", MountPath: "/etc/single", SubPath: "root"},
			{Name: "empty", MountPath: "/var/log"},
			{Name: "nothing", MountPath: "/nothing"},
		},
	}
	seen := Of(secrets, nil, []corev1.Pod{p}).ForTemplate(nil, true)
	want := []TemplatePod{{
		Pod: seen.Pods[0].Pod, Labels: map[string]string{},
		Containers: []Container{{Name: "server", Image: "db:1", Partly: true, Env: map[string]string{
			"PLAIN": "text", "DB_USER": "app", "DB_OTHER": "own", "KEY": "mine",
			"PASSWORD": "mine", "ROOT": "all", "SINGLE": "all",
			"PASSWORD_FILE": "/run/secrets/password", "ROOT_FILE": "/etc/some/deep/down", "SINGLE_FILE": "/etc/single", "PLAIN_FILE": "/run/secrets/password", "LOG_FILE": "/var/log/db",
		}}},
	}}
	if !reflect.DeepEqual(seen.Pods, want) {
		t.Errorf("the template sees %+v\nwant %+v", seen.Pods, want)
	}
}
