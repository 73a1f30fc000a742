package install

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// chunk is how much of each file is held at a time, in bytes: the program has some
// 30 MB, and is looked at every few seconds.
const chunk = 64 << 10

// Same tells whether two files hold the same. The error is of one that can't be read,
// and names it.
func Same(one, other string) (bool, error) {
	a, err := os.Open(one)
	if err != nil {
		return false, err
	}
	defer func() { _ = a.Close() }()
	b, err := os.Open(other)
	if err != nil {
		return false, err
	}
	defer func() { _ = b.Close() }()
	aboutA, err := a.Stat()
	if err != nil {
		return false, err
	}
	aboutB, err := b.Stat()
	if err != nil || aboutA.Size() != aboutB.Size() {
		return false, err
	}
	return sameText(a, b)
}

func sameText(a, b io.Reader) (bool, error) {
	bufferA, bufferB := make([]byte, chunk), make([]byte, chunk)
	for {
		readA, err := readChunk(a, bufferA)
		if err != nil {
			return false, err
		}
		readB, err := readChunk(b, bufferB)
		if err != nil || !bytes.Equal(readA, readB) {
			return false, err
		}
		if len(readA) < chunk {
			return true, nil
		}
	}
}

// readChunk fills the buffer, but for the last time.
func readChunk(from io.Reader, buffer []byte) ([]byte, error) {
	n, err := io.ReadFull(from, buffer)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return buffer[:n], err
}
