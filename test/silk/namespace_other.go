//go:build !linux

package silk

import "errors"

func enter(string) (back func() error, err error) {
	return nil, errors.New("network namespaces are Linux's")
}
