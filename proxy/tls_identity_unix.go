//go:build unix

package proxy

import (
	"io/fs"
	"syscall"
)

// fileIdentity tells a file from another one that took its name.
func fileIdentity(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Ino
	}
	return 0
}
