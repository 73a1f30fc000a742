package nodefacts

import (
	"fmt"

	"github.com/cf-helm-broker/cf-helm-broker/cni/attachment"
	"github.com/cf-helm-broker/cf-helm-broker/cni/guard"
)

// pods are those whose networks the plugin has made.
func pods(folder string) ([]guard.Pod, error) {
	if folder == "" {
		return nil, nil
	}
	records, err := attachment.Store{Folder: folder}.Standing()
	if err != nil {
		return nil, fmt.Errorf("the plugin's records of pods' networks: %w", err)
	}
	var all []guard.Pod
	for _, r := range records {
		for _, address := range r.Addresses {
			all = append(all, guard.Pod{Container: r.ID.Container, Name: r.Pod(), Address: address})
		}
	}
	return all, nil
}
