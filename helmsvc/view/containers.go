package view

import (
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// TemplatePod is a Ready pod as bind templates see it.
type TemplatePod struct {
	Pod
	Labels     map[string]string `json:"labels"`
	Containers []Container       `json:"containers"`
}

// Container is a container of a pod. By its image's own settings a template finds, whatever
// the chart calls its Secrets, the user and password that the server was started with.
type Container struct {
	Name  string `json:"name"`
	Image string `json:"image"`
	// Env is the container's environment as far as it is known: values of the pod itself and
	// of Secrets that bindings see. X also stands for X_FILE that leads to a Secret's file, as
	// images have it.
	Env map[string]string `json:"env"`
	// Partly tells that some of it isn't known, since it stands in ConfigMaps.
	Partly bool `json:"partly"`
}

// containersOf are a pod's containers with their environments.
func containersOf(pod *corev1.Pod, secrets []Secret) []Container {
	containers := []Container{}
	for _, c := range pod.Spec.Containers {
		files := mountedFiles(pod, c, secrets)
		containers = append(containers, Container{Name: c.Name, Image: c.Image, Env: environment(c, secrets, files), Partly: readsConfigMaps(c)})
	}
	return containers
}

func readsConfigMaps(c corev1.Container) bool {
	return slices.ContainsFunc(c.EnvFrom, func(f corev1.EnvFromSource) bool { return f.ConfigMapRef != nil }) ||
		slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return e.ValueFrom != nil && e.ValueFrom.ConfigMapKeyRef != nil })
}

func environment(c corev1.Container, secrets []Secret, files map[string]string) map[string]string {
	env := map[string]string{}
	for _, from := range c.EnvFrom {
		if from.SecretRef == nil {
			continue
		}
		for key, value := range dataOf(secrets, from.SecretRef.Name) {
			env[from.Prefix+key] = value
		}
	}
	for _, e := range c.Env {
		switch {
		case e.ValueFrom == nil:
			env[e.Name] = e.Value
		case e.ValueFrom.SecretKeyRef != nil:
			if value, found := dataOf(secrets, e.ValueFrom.SecretKeyRef.Name)[e.ValueFrom.SecretKeyRef.Key]; found {
				env[e.Name] = value
			}
		}
	}
	for _, e := range c.Env {
		name, isFile := strings.CutSuffix(e.Name, "_FILE")
		content, found := files[path.Clean(e.Value)]
		if _, taken := env[name]; isFile && found && !taken {
			env[name] = content
		}
	}
	return env
}

// mountedFiles are the Secrets' values that a container finds as files, by their paths.
func mountedFiles(pod *corev1.Pod, c corev1.Container, secrets []Secret) map[string]string {
	files := map[string]string{}
	for _, mount := range c.VolumeMounts {
		i := slices.IndexFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == mount.Name })
		if i < 0 {
			continue
		}
		for file, content := range secretFiles(pod.Spec.Volumes[i], secrets) {
			switch {
			case mount.SubPath == "":
				files[path.Join(mount.MountPath, file)] = content
			case path.Clean(mount.SubPath) == file:
				files[path.Clean(mount.MountPath)] = content
			}
		}
	}
	return files
}

// secretFiles are a volume's files that are Secrets' values, by their paths in it.
func secretFiles(v corev1.Volume, secrets []Secret) map[string]string {
	files := map[string]string{}
	add := func(name string, items []corev1.KeyToPath) {
		data := dataOf(secrets, name)
		for key, value := range data {
			if len(items) == 0 {
				files[key] = value
			}
		}
		for _, item := range items {
			if value, found := data[item.Key]; found {
				files[path.Clean(item.Path)] = value
			}
		}
	}
	if v.Secret != nil {
		add(v.Secret.SecretName, v.Secret.Items)
	}
	if v.Projected != nil {
		for _, source := range v.Projected.Sources {
			if source.Secret != nil {
				add(source.Secret.Name, source.Secret.Items)
			}
		}
	}
	return files
}

// dataOf are a Secret's values that are text.
func dataOf(secrets []Secret, name string) map[string]string {
	i := slices.IndexFunc(secrets, func(s Secret) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	text := map[string]string{}
	for key, value := range secrets[i].Data {
		if !slices.Contains(secrets[i].Binary, key) {
			text[key] = value
		}
	}
	return text
}
