package datasets

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// A dataset of files behind HTTPS: fetched each time it is opened, refused where the checksum is another, and nothing of
// them stays on the disk.
func TestOpenFilesByAddress(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	t.Setenv("CENSUS_TOKEN", "t0ken")
	const first, second = "person_id,age\n1,30\n2,40\n", "person_id,age\n1,30\n2,40\n3,50\n"
	var serving atomic.Pointer[string]
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer t0ken" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, *serving.Load())
	}))
	defer s.Close()
	ca := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(first))
	cfg := load(t, fmt.Sprintf(`{files: {persons: {url: "%s/persons.csv", ca: %s, credentials_name: CENSUS, sha256: %s}}}`, s.URL, ca, hex.EncodeToString(sum[:])),
		`    privacy_unit: persons.person_id
    tables: {persons: {columns: {age: {type: smallint, lower: 0, upper: 110}}}}
`)
	text := first
	serving.Store(&text)
	all, faults := openAll(t, cfg)
	if faults != "" || len(all) != 1 {
		t.Fatalf("%d datasets, faults:\n%s", len(all), faults)
	}
	changed := second
	serving.Store(&changed)
	none, faults := openAll(t, cfg)
	if len(none) != 0 || !strings.Contains(faults, "datasets[0].source: cannot be opened: table persons: https://") || !strings.Contains(faults, "not the file that was agreed on") {
		t.Errorf("with another file: %d datasets, faults:\n%s", len(none), faults)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) != 0 {
		t.Errorf("%v stayed on the disk, %v", left, err)
	}
}
