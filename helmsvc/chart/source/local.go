package source

import (
	"errors"
	"fmt"
)

// local lists the charts of a path.
func (s Source) local() ([]Found, error) {
	found, err := Folder(s.Path)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errors.New("there is no chart; a chart is a folder with Chart.yaml or a .tgz")
	}
	if s.Digest != "" {
		have, err := fileDigest(s.Path)
		if err != nil {
			return nil, err
		}
		if err := s.agree(have); err != nil {
			return nil, err
		}
	}
	for _, one := range []struct {
		key, value string
		of         *string
	}{{"beside", s.Beside, &found[0].Beside}, {"values", s.Values, &found[0].Values}} {
		if one.value == "" {
			continue
		}
		if len(found) > 1 {
			return nil, fmt.Errorf("%s is for one chart, and there are %d; make an entry for each", one.key, len(found))
		}
		*one.of = one.value
	}
	return found, nil
}
