package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const secretBytes = 32

// secretIn returns the key that signs the links of a service whose data is in dir.
func secretIn(dir string) ([]byte, error) { return secretAt(filepath.Join(dir, "web-secret")) }

// readSecret returns the key in a file, or that of a data folder if no file is named.
func readSecret(dir, file string) ([]byte, error) {
	if file != "" {
		return secretAt(file)
	}
	return secretIn(dir)
}

func secretAt(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is missing: name the data folder of the service with --data, or start haihe serve there first", path)
	}
	if err != nil {
		return nil, err
	}
	if len(key) != secretBytes {
		return nil, fmt.Errorf("%s has %d bytes instead of %d: put back the one that was there; a new one voids all sessions, keys and links", path, len(key), secretBytes)
	}
	return key, nil
}

// makeSecret is secretIn for the service itself, which makes the key at its first start. The file appears whole
// or not at all.
func makeSecret(dir, file string) ([]byte, error) {
	if file != "" {
		return secretAt(file)
	}
	path := filepath.Join(dir, "web-secret")
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return secretIn(dir)
	}
	key := make([]byte, secretBytes)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, "web-secret-") // mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(key)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	return key, os.Rename(f.Name(), path)
}
