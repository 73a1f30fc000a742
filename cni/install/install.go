package install

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Place is where things go on a node. Without a folder nothing goes there.
type Place struct {
	// Program is the file of the program, and BinDir the folder it goes to under
	// Name.
	Program, BinDir, Name string
	// Template is the file of the network configuration (a list, *.conflist), in
	// which $NODE_NAME and $NODE_IP stand for Values; ConfDir and ConfName are
	// where it goes.
	Template, ConfDir, ConfName string
	Values                      map[string]string
}

const (
	programMode       = 0o755
	configurationMode = 0o600
)

// Ensure has both be there as they should be, and tells whether it has written
// anything. What is right already isn't touched.
func (p Place) Ensure() (changed bool, err error) {
	if p.BinDir != "" {
		if changed, err = p.ensureProgram(); err != nil {
			return changed, err
		}
	}
	if p.Template == "" || p.ConfDir == "" {
		return changed, nil
	}
	text, err := p.configuration()
	if err != nil {
		return changed, err
	}
	wrote, err := ensure(filepath.Join(p.ConfDir, p.ConfName), text, configurationMode)
	if err != nil {
		return changed || wrote, fmt.Errorf("installing the network configuration: %w", err)
	}
	return changed || wrote, nil
}

// ensureProgram reads the program whole only to write it.
func (p Place) ensureProgram() (changed bool, err error) {
	installed := filepath.Join(p.BinDir, p.Name)
	if same, err := Same(p.Program, installed); err == nil && same {
		if err := os.Chmod(installed, programMode); err != nil {
			return false, fmt.Errorf("installing the program: %w", err)
		}
		return false, nil
	}
	text, err := os.ReadFile(p.Program)
	if err != nil {
		return false, fmt.Errorf("reading the program to install: %w", err)
	}
	if err := replace(installed, text, programMode); err != nil {
		return false, fmt.Errorf("installing the program: %w", err)
	}
	return true, nil
}

// configuration is the network configuration of this node. The error says what is
// wrong with the template.
func (p Place) configuration() ([]byte, error) {
	text, err := os.ReadFile(p.Template)
	if err != nil {
		return nil, fmt.Errorf("reading the network configuration to install: %w", err)
	}
	var pairs []string
	for name, value := range p.Values {
		if bytes.Contains(text, []byte("$"+name)) && value == "" {
			return nil, fmt.Errorf("%s has $%s, and that isn't set: give the agent %s in its environment", p.Template, name, name)
		}
		pairs = append(pairs, "$"+name, value)
	}
	text = []byte(strings.NewReplacer(pairs...).Replace(string(text)))
	if err := p.check(text); err != nil {
		return nil, fmt.Errorf("%s can't be installed: %w", p.Template, err)
	}
	return text, nil
}

// check refuses what a container runtime would make networks without policies by.
func (p Place) check(text []byte) error {
	var list struct {
		CNIVersion string `json:"cniVersion"`
		Name       string `json:"name"`
		Plugins    []struct {
			Type string `json:"type"`
		} `json:"plugins"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("it isn't JSON: %w", err)
	}
	if list.Name == "" || list.CNIVersion == "" || len(list.Plugins) == 0 {
		return errors.New("it has to be a list of plugins with cniVersion, name and plugins")
	}
	if list.Plugins[0].Type != p.Name {
		return fmt.Errorf("its first plugin is %q, and has to be %s, whose delegate makes the network", list.Plugins[0].Type, p.Name)
	}
	return nil
}

// Remove takes both away, the configuration first. What isn't there is fine.
func (p Place) Remove() error {
	for _, path := range p.Files() {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("uninstalling: %w", err)
		}
	}
	return nil
}

// Files are what is installed, the configuration first.
func (p Place) Files() []string {
	var files []string
	if p.ConfDir != "" {
		files = append(files, filepath.Join(p.ConfDir, p.ConfName))
	}
	if p.BinDir != "" {
		files = append(files, filepath.Join(p.BinDir, p.Name))
	}
	return files
}
