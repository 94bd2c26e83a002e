package config

import (
	"regexp"
	"slices"
	"strings"

	"github.com/dpproxy/dpproxy/internal/fetch"
)

// sourceFile reads one entry of `files:`: a path, an address, or a mapping with an address and what goes with it.
func (v value) sourceFile(to *Source, name string) {
	f := SourceFile{Table: name, Position: v.position()}
	if v.form() == "a mapping" {
		v.remote(&f)
	} else {
		s, ok := v.text()
		switch {
		case !ok:
			return
		case s == "":
			v.fault("is empty")
			return
		case strings.Contains(s, "://"):
			f.Remote = &fetch.Address{URL: s, MaxBytes: fetch.DefaultMaxBytes, Timeout: fetch.DefaultTimeout}
			v.checkRemote(f.Remote)
		default:
			f.Path = resolve(v.file, s)
		}
	}
	to.Files = append(to.Files, f)
}

// remote reads {url: …, sha256: …}. Lomas' names of keys are ours.
func (v value) remote(f *SourceFile) {
	a := &fetch.Address{MaxBytes: fetch.DefaultMaxBytes, Timeout: fetch.DefaultTimeout}
	var credentials value
	v.object(fields{
		"url": func(v value) {
			if s, ok := v.text(); ok {
				a.URL = s
			}
		},
		"sha256": func(v value) {
			s, ok := v.text()
			if s = strings.ToLower(s); ok && !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(s) {
				v.fault("is no SHA-256").Hint = "write the 64 hexadecimal digits that `sha256sum FILE` prints"
				return
			}
			a.SHA256 = s
		},
		"max_bytes":        func(v value) { v.largeBytes(&a.MaxBytes) },
		"timeout":          setTimeout(&a.Timeout, false),
		"ca":               func(v value) { v.fileText(&a.CA) },
		"credentials_name": func(v value) { credentials = v },
		"endpoint_url":     setText(&a.Endpoint),
		"region":           setText(&a.Region),
	})
	f.Remote = a
	if credentials.node != nil {
		credentials.credentials(a)
	}
	v.checkRemote(a)
}

// checkRemote finds what is wrong with an address. Messages never repeat it: it may hold a secret.
func (v value) checkRemote(a *fetch.Address) {
	if err := a.Check(); err != nil {
		v.fault("%v", err).Hint = `write {url: "https://host/file.csv"} or {url: "s3://bucket/key.parquet"}`
		return
	}
	if a.SHA256 == "" {
		v.fault("names no checksum, so that whatever stands there is served").Hint = "write {url: …, sha256: …}; the log says it of what was fetched"
		v.l.faults[len(v.l.faults)-1].Warning = true
	}
}

// credentials takes those of a name from the environment: NAME_ACCESS_KEY_ID and NAME_SECRET_ACCESS_KEY (and
// NAME_SESSION_TOKEN) for S3, NAME_TOKEN, or NAME_USER and NAME_PASSWORD, for HTTPS.
func (v value) credentials(a *fetch.Address) {
	name, ok := v.text()
	if !ok {
		return
	}
	if !isEnvName(name) {
		v.fault("%q is no beginning of names of environment variables", name).Hint = "write credentials_name: CENSUS, and set CENSUS_TOKEN, or CENSUS_ACCESS_KEY_ID and CENSUS_SECRET_ACCESS_KEY"
		return
	}
	get := func(part string) string { s, _ := v.l.env(name + "_" + part); return s }
	c := fetch.Credentials{}
	var missing []string
	if strings.HasPrefix(a.URL, "s3://") {
		c.AccessKeyID, c.SecretAccessKey, c.SessionToken = get("ACCESS_KEY_ID"), get("SECRET_ACCESS_KEY"), get("SESSION_TOKEN")
		for part, s := range map[string]string{"ACCESS_KEY_ID": c.AccessKeyID, "SECRET_ACCESS_KEY": c.SecretAccessKey} {
			if s == "" {
				missing = append(missing, name+"_"+part)
			}
		}
	} else {
		c.Token, c.User, c.Password = get("TOKEN"), get("USER"), get("PASSWORD")
		if c.Token == "" && (c.User == "" || c.Password == "") {
			missing = append(missing, name+"_TOKEN (or "+name+"_USER and "+name+"_PASSWORD)")
		}
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		v.fault("the environment variable %s is not set", strings.Join(missing, ", "))
	}
	a.Credentials = c
}

// largeBytes is setBytes for sizes beyond 2 GiB.
func (v value) largeBytes(to *int64) {
	s, ok := v.numberText()
	if !ok {
		return
	}
	n, ok := parseBytes(s)
	if !ok || n < 1 {
		v.fault("must be a number of bytes, such as 500MiB or 8GiB, not %q", s)
		return
	}
	*to = n
}
