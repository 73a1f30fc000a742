// Command sbom writes a software bill of materials of a Go binary to standard
// output, as CycloneDX JSON: the modules that were linked into it, as the
// binary itself names them. It asks nobody, and says the same each time.
package main

import (
	"cmp"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path"
	"runtime/debug"
	"strings"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: sbom BINARY")
		os.Exit(2)
	}
	if err := write(os.Stdout, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func write(out io.Writer, binary string) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return fmt.Errorf("reading what %s was built from: %w", binary, err)
	}
	text, err := os.ReadFile(binary) //nolint:gosec // the file that the command names
	if err != nil {
		return err
	}
	encoder := cyclonedx.NewBOMEncoder(out, cyclonedx.BOMFileFormatJSON)
	return encoder.SetPretty(true).SetEscapeHTML(false).EncodeVersion(bom(info, sha256.Sum256(text)), cyclonedx.SpecVersion1_6)
}

func bom(info *debug.BuildInfo, sum [sha256.Size]byte) *cyclonedx.BOM {
	subject := component(cyclonedx.ComponentTypeApplication, info.Main.Path, version(info))
	subject.Name = path.Base(info.Path)
	subject.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}}
	components := []cyclonedx.Component{component(cyclonedx.ComponentTypeLibrary, "std", strings.TrimPrefix(info.GoVersion, "go"))}
	for _, module := range info.Deps {
		if module.Replace != nil {
			module = module.Replace
		}
		library := component(cyclonedx.ComponentTypeLibrary, module.Path, module.Version)
		library.Hashes = hashes(module.Sum)
		components = append(components, library)
	}
	needs := make([]string, len(components))
	for n, c := range components {
		needs[n] = c.BOMRef
	}
	document := cyclonedx.NewBOM()
	document.Metadata = &cyclonedx.Metadata{Component: &subject, Properties: settings(info)}
	document.Components = &components
	document.Dependencies = &[]cyclonedx.Dependency{{Ref: subject.BOMRef, Dependencies: &needs}}
	return document
}

func component(kind cyclonedx.ComponentType, name, version string) cyclonedx.Component {
	url := "pkg:golang/" + name
	if version != "" {
		url += "@" + strings.ReplaceAll(version, "+", "%2B")
	}
	return cyclonedx.Component{BOMRef: url, Type: kind, Name: name, Version: version, PackageURL: url}
}

// version is the main module's, or the commit that it was built from.
func version(info *debug.BuildInfo) string {
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return cmp.Or(strings.TrimSuffix(info.Main.Version, "(devel)"), s.Value)
		}
	}
	return strings.TrimSuffix(info.Main.Version, "(devel)")
}

// hashes turns the "h1:" of go.sum into CycloneDX' form. It is a hash over the
// hashes of the module's files.
func hashes(sum string) *[]cyclonedx.Hash {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(sum, "h1:"))
	if err != nil || len(raw) != sha256.Size {
		return nil
	}
	return &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(raw)}}
}

// settings are how the binary was built: for which system, with which flags.
func settings(info *debug.BuildInfo) *[]cyclonedx.Property {
	var properties []cyclonedx.Property
	for _, s := range info.Settings {
		properties = append(properties, cyclonedx.Property{Name: "go:build:" + s.Key, Value: s.Value})
	}
	return &properties
}
