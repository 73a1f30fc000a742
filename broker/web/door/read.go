package door

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"slices"
)

// longestFile bounds what is read of a file.
const longestFile = 1 << 20

func readAll(paths []string) ([][]byte, error) {
	var texts [][]byte
	for _, path := range paths {
		text, err := readOne(path)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

func readOne(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, longestFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > longestFile {
		return nil, fmt.Errorf("%s is longer than %d bytes", path, longestFile)
	}
	return text, nil
}

// digest tells contents apart without keeping them.
func digest(texts [][]byte) [sha256.Size]byte {
	var all []byte
	for _, text := range texts {
		sum := sha256.Sum256(text)
		all = slices.Concat(all, sum[:])
	}
	return sha256.Sum256(all)
}
