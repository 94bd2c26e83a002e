package testservers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// find looks for a program in the directories that match the globs (the last match first, so that the newest version
// wins), then in PATH.
func find(program string, globs ...string) (string, bool) {
	for _, glob := range globs {
		found, _ := filepath.Glob(filepath.Join(glob, program))
		if len(found) > 0 {
			return found[len(found)-1], true
		}
	}
	path, err := exec.LookPath(program)
	return path, err == nil
}

// findOrInstall finds a program, and installs its Debian package where it is missing and the process is root.
func findOrInstall(program, debian string, globs ...string) (string, error) {
	if path, ok := find(program, globs...); ok {
		return path, nil
	}
	apt, err := exec.LookPath("apt-get")
	if err != nil || os.Geteuid() != 0 {
		return "", fmt.Errorf("testservers: tests need %s: install the package %s, or run the tests as root on Debian", program, debian)
	}
	unlock, err := lockInstall()
	if err != nil {
		return "", err
	}
	defer unlock()
	if path, ok := find(program, globs...); ok {
		return path, nil // another test process has installed it meanwhile
	}
	fmt.Fprintf(os.Stderr, "testservers: installing %s for the tests (apt-get install -y %s)\n", program, debian)
	for _, args := range [][]string{
		{"update", "-qq"},
		{"install", "-y", "-qq", "--no-install-recommends", debian},
	} {
		cmd := exec.Command(apt, append([]string{"-o", "DPkg::Lock::Timeout=300"}, args...)...)
		// Run level 1: the package's own service is not started; we start servers of our own.
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("testservers: apt-get %s: %w\n%s", args[0], err, out)
		}
	}
	path, ok := find(program, globs...)
	if !ok {
		return "", fmt.Errorf("testservers: %s is missing after its package was installed", program)
	}
	return path, nil
}

// lockInstall keeps test processes from running apt-get at the same time.
func lockInstall() (func(), error) {
	f, err := os.OpenFile(filepath.Join(os.TempDir(), "dpproxy-testservers.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		_ = f.Close()
		return nil, err
	}
	return func() { _ = f.Close() }, nil
}
