package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// Every example is a configuration without a fault.
func TestEveryExampleIsAConfiguration(t *testing.T) {
	for _, name := range []string{"DB_PASSWORD", "KEYS_PASSWORD", "ADMIN_PASSWORD", "STATE", "CENSUS_ACCESS_KEY_ID", "CENSUS_SECRET_ACCESS_KEY", "VISITS_TOKEN"} {
		t.Setenv(name, "of the environment")
	}
	for i, name := range []string{"ANNA_KEY", "BERT_KEY"} {
		public, _, err := ed25519.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{byte(i)}, ed25519.SeedSize)))
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv(name, "ed25519:"+base64.StdEncoding.EncodeToString(public))
	}
	found := 0
	err := filepath.WalkDir("../../examples", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yaml") {
			return err
		}
		found++
		for _, f := range check(t.Context(), path, true).Faults {
			t.Errorf("%s", f)
		}
		return nil
	})
	if err != nil || found == 0 {
		t.Fatalf("%d examples, %v", found, err)
	}
}
