package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/internal/datasets"
)

func newCheck() *cobra.Command {
	var offline bool
	var format string
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Find every mistake in a configuration, against the live sources too",
		Long: `Reads a configuration with all that it includes, connects to its sources, and prints each fault on a line of its own,
as file:line:column: message (hint). Nothing is served, and no rows are read. Warnings do not count as faults: with them
dpproxy can serve. The exit code is 1 if there is a fault.`,
		Example: `  dpproxy check dpproxy.yaml
  dpproxy check --offline --output json dpproxy.yaml`,
		Args: exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return usagef("--output is text or json, not %q", format)
			}
			report := check(cmd.Context(), args[0], offline)
			if err := report.print(output{w: cmd.OutOrStdout(), json: format == "json"}); err != nil {
				return err
			}
			if !report.OK {
				return &silentError{}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&offline, "offline", false, "do not connect to the sources")
	cmd.Flags().StringVarP(&format, "output", "o", "text", "text or json")
	return cmd
}

// checkReport is what `check` prints.
type checkReport struct {
	OK       bool           `json:"ok"`
	Offline  bool           `json:"offline"`
	Datasets int            `json:"datasets"`
	Tables   int            `json:"tables"`
	Users    int            `json:"users"`
	Faults   []config.Fault `json:"faults"`
	file     string
}

// check finds all faults. The sources of datasets are asked even if the file has faults elsewhere, so that one run
// shows as much as it can.
func check(ctx context.Context, file string, offline bool) checkReport {
	cfg, faults := config.Inspect(file, os.LookupEnv)
	if !offline {
		loaded, found := datasets.Open(ctx, cfg, slog.New(slog.DiscardHandler))
		faults = append(faults, found...)
		if err := datasets.Close(loaded); err != nil {
			faults = append(faults, catalog.Position{File: file, Line: 1, Column: 1}.Fault("datasets", "a source could not be closed: %v", err).AsWarning())
		}
		faults = append(faults, checkTLS(cfg.TLS)...)
	}
	r := checkReport{Offline: offline, Datasets: len(cfg.Datasets), Users: len(cfg.Users), file: file}
	for _, d := range cfg.Datasets {
		r.Tables += len(d.Declaration.Tables)
	}
	r.Faults = cfg.SortFaults(faults)
	r.OK = !catalog.Blocking(r.Faults)
	return r
}

// checkTLS reads the certificates that serve will need.
func checkTLS(t *config.TLS) []config.Fault {
	if t == nil || t.Cert == "" || t.Key == "" {
		return nil
	}
	var faults []config.Fault
	if _, err := tls.LoadX509KeyPair(t.Cert, t.Key); err != nil {
		faults = append(faults, t.Position.Fault("tls", "certificate and key cannot be used: %v", err))
	}
	if t.ClientCA == "" {
		return faults
	}
	pem, err := os.ReadFile(t.ClientCA)
	if err == nil && !x509.NewCertPool().AppendCertsFromPEM(pem) {
		err = errors.New("it holds no certificate in PEM form")
	}
	if err != nil {
		faults = append(faults, t.Position.Fault("tls.client_ca", "cannot be used: %v", err))
	}
	return faults
}

func (r checkReport) print(o output) error {
	if o.json {
		if r.Faults == nil {
			r.Faults = []config.Fault{}
		}
		e := json.NewEncoder(o.w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(r)
	}
	for _, f := range r.Faults {
		if _, err := fmt.Fprintln(o.w, printable(f.String())); err != nil {
			return err
		}
	}
	if !r.OK {
		return nil
	}
	how := ""
	if r.Offline {
		how = ", sources not asked"
	}
	_, err := fmt.Fprintf(o.w, "%s: ok (%s, %s, %s%s)\n", r.file, count(r.Datasets, "dataset"), count(r.Tables, "table"), count(r.Users, "user"), how)
	return err
}

// count is "1 user", "2 users".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
