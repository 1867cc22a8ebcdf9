package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	secretBytes     = 32
	leastSecret     = 16 // bytes of a secret that somebody else made
	secretFileUsage = "file with the secret that signs sessions and what instances tell one another, the same for all (default: one in the data folder)"
)

// givenSecret returns the secret in a file that the operator made: all of it but white space at its ends.
func givenSecret(file string) ([]byte, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--secret-file: %w", err)
	}
	if b = bytes.TrimSpace(b); len(b) < leastSecret {
		return nil, fmt.Errorf("--secret-file %s has %d bytes; a secret has at least %d. Make one with: head -c 32 /dev/urandom | base64", file, len(b), leastSecret)
	}
	return b, nil
}

// secretIn returns the key that signs the sessions of a service whose data is in dir, or that was given one in a file.
func secretIn(dir, file string) ([]byte, error) {
	if file != "" {
		return givenSecret(file)
	}
	path := filepath.Join(dir, "web-secret")
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
	path := filepath.Join(dir, "web-secret")
	if _, err := os.Stat(path); file != "" || !errors.Is(err, fs.ErrNotExist) {
		return secretIn(dir, file)
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
