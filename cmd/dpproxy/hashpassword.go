package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// longestPassword keeps a wrong pipe from filling memory.
const longestPassword = 1 << 10

func newHashPassword() *cobra.Command {
	return &cobra.Command{
		Use:   "hash-password",
		Short: "Make a SCRAM verifier of a password from standard input",
		Long: `Reads a password from standard input, one line, and prints what belongs after "password:" in the configuration: a
SCRAM-SHA-256 verifier, as PostgreSQL keeps it. From it nobody can find out the password. On a terminal the password is
asked for twice, and not shown.`,
		Example: `  dpproxy hash-password
  pwgen 20 1 | tee analyst.password | dpproxy hash-password`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			password, err := readPassword(cmd.InOrStdin(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			verifier, err := verifierOf(password)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), verifier)
			return err
		},
	}
}

// readPassword reads one line, or asks on a terminal.
func readPassword(in io.Reader, prompt io.Writer) (string, error) {
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return askPassword(int(f.Fd()), prompt)
	}
	line, err := bufio.NewReader(io.LimitReader(in, longestPassword+2)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return checkPassword(strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"))
}

func askPassword(fd int, prompt io.Writer) (string, error) {
	var typed [2]string
	for i, text := range []string{"Password: ", "Again: "} {
		fmt.Fprint(prompt, text)
		line, err := term.ReadPassword(fd)
		fmt.Fprintln(prompt)
		if err != nil {
			return "", err
		}
		typed[i] = string(line)
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two passwords differ")
	}
	return checkPassword(typed[0])
}

func checkPassword(password string) (string, error) {
	switch {
	case password == "":
		return "", errors.New("the password is empty")
	case len(password) > longestPassword:
		return "", fmt.Errorf("the password is longer than %d bytes", longestPassword)
	case strings.ContainsRune(password, 0):
		return "", errors.New("the password holds a NUL byte, which no client can send")
	}
	return password, nil
}
