package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/dpproxy/dpproxy/approval"
)

func newKeygen() *cobra.Command {
	cmd := &cobra.Command{
		Use: "keygen NAME", Short: "Make a key for signing scripts of approved queries", Args: exactly("a name"),
		Long: `Makes an Ed25519 key: NAME.sk, the secret, which only you can read, and NAME.pk, the public half, which goes into the
configuration (an approver's) or into scripts (an analyst's). --passphrase asks for a passphrase that seals the secret.`,
		Example: `  dpproxy keygen anna --passphrase`,
	}
	sealed := cmd.Flags().Bool("passphrase", false, "seal the secret with a passphrase: asked for on a terminal, else the first line of standard input")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		passphrase := ""
		if *sealed {
			var err error
			if passphrase, err = readPassword(cmd.InOrStdin(), cmd.ErrOrStderr()); err != nil {
				return err
			}
		}
		secret, err := approval.NewSecret(filepath.Base(args[0]))
		if err != nil {
			return err
		}
		if err := approval.WriteSecret(args[0]+".sk", secret, passphrase); err != nil {
			return err
		}
		if err := os.WriteFile(args[0]+".pk", []byte(secret.Public()+"\n"), 0o644); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "wrote %s.sk (keep it secret) and %s.pk\n%s\n", args[0], args[0], secret.Public())
		return err
	}
	return cmd
}

// keyFlag adds --key, a secret key's file.
func keyFlag(cmd *cobra.Command, whose string) *string {
	return cmd.Flags().StringP("key", "k", "", whose+" secret key, NAME.sk (required)")
}

// readKey reads a secret key, and asks for its passphrase where it has one.
func readKey(cmd *cobra.Command, path string) (*approval.Secret, error) {
	if path == "" {
		return nil, usagef("%s needs --key NAME.sk", cmd.CommandPath())
	}
	return approval.ReadSecret(path, func() (string, error) {
		if f, ok := cmd.InOrStdin().(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			fmt.Fprint(cmd.ErrOrStderr(), "Passphrase: ")
			line, err := term.ReadPassword(int(f.Fd()))
			fmt.Fprintln(cmd.ErrOrStderr())
			return string(line), err
		}
		if text, ok := os.LookupEnv("DPPROXY_PASSPHRASE"); ok {
			return text, nil
		}
		return readPassword(cmd.InOrStdin(), cmd.ErrOrStderr())
	})
}

// readPublic reads a public key: a file NAME.pk, or the key itself.
func readPublic(text string) (approval.Key, error) {
	if !strings.HasPrefix(text, "ed25519:") {
		data, err := os.ReadFile(text)
		if err != nil {
			return "", err
		}
		text = strings.TrimSpace(string(data))
	}
	key := approval.Key(text)
	if _, err := key.Public(); err != nil {
		return "", fmt.Errorf("the key %w", err)
	}
	return key, nil
}

// readScriptFile reads a script, with signatures or without.
func readScriptFile(path string) (*approval.Approved, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	approved, err := approval.ReadApproved(data)
	if err == nil {
		return approved, nil
	}
	script, err2 := approval.ReadScript(data)
	if err2 != nil {
		return nil, fmt.Errorf("%s is neither a script nor an approved script: %w; %w", path, err2, err)
	}
	return &approval.Approved{Script: *script}, nil
}
