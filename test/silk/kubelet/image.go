package kubelet

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Image is the one that the node has. Its containers serve these ports.
const Image = "test.local/who:1"

var ports = []string{"8080", "5432"}

// pauseImage is of sandboxes: the same without ports.
const pauseImage = "test.local/pause:1"

// writeImages builds the program who and writes both images into a file.
func writeImages(ctx context.Context, folder string) (string, error) {
	program := filepath.Join(folder, "who")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "github.com/cf-helm-broker/cf-helm-broker/test/silk/kubelet/who")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the containers' program: %w\n%s", err, said)
	}
	text, err := os.ReadFile(program)
	if err != nil {
		return "", err
	}
	var layer bytes.Buffer
	archive := tar.NewWriter(&layer)
	if err := archive.WriteHeader(&tar.Header{Name: "who", Mode: 0o755, Size: int64(len(text))}); err != nil {
		return "", err
	}
	if _, err := archive.Write(text); err != nil {
		return "", err
	}
	if err := archive.Close(); err != nil {
		return "", err
	}
	images := map[name.Tag]v1Image{}
	for tag, args := range map[string][]string{Image: ports, pauseImage: nil} {
		image, err := imageOf(layer.Bytes(), args)
		if err != nil {
			return "", fmt.Errorf("making image %s: %w", tag, err)
		}
		reference, err := name.NewTag(tag)
		if err != nil {
			return "", err
		}
		images[reference] = image
	}
	file := filepath.Join(folder, "images.tar")
	return file, tarball.MultiWriteToFile(file, images)
}

func imageOf(layer []byte, args []string) (v1Image, error) {
	content, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(layer)), nil })
	if err != nil {
		return nil, err
	}
	image, err := mutate.AppendLayers(empty.Image, content)
	if err != nil {
		return nil, err
	}
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config := file.Config
	config.Entrypoint = append([]string{"/who"}, args...)
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Config = "linux", runtime.GOARCH, config
	return mutate.ConfigFile(image, file)
}
