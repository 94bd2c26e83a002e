package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/approval"
)

// TestOwnerPageTakesSignatures: a script waits with its review, and is approved by a signature that was made elsewhere.
func TestOwnerPageTakesSignatures(t *testing.T) {
	anna, err := approval.NewSecret("anna")
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	text := strings.Replace(s.text(t), "admin: {listen: 127.0.0.1:0}", "admin: {listen: 127.0.0.1:0, password: '"+s.verifier+"'}", 1)
	text = strings.Replace(text, "- name: census\n", "- name: census\n    authorized: {approvers: [{name: anna, key: '"+string(anna.Public())+"'}]}\n", 1)
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	log, _, _ := s.start(t)
	pages := "http://" + log.await(t, `msg="admin pages" address=(\S+)`)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	send := func(path string, form url.Values) (int, string) {
		t.Helper()
		var resp *http.Response
		if form == nil {
			resp, err = client.Get(pages + path)
		} else {
			resp, err = client.PostForm(pages+path, form)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	send("/login", url.Values{"user": {"owner"}, "password": {"secret"}})
	_, body := send("/scripts", nil)
	want(t, body, "1 of anna must sign", "No script was handed in")
	hand := func(v any) (int, string) {
		doc, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return send("/scripts", url.Values{"token": {tokenIn.FindStringSubmatch(body)[1]}, "document": {string(doc)}})
	}
	script := approval.Script{Format: approval.ScriptFormat, Name: "study", Purpose: "<b>a test</b>", Dataset: "census", Schema: "x", Kind: approval.Linear,
		Analyst: approval.Party{Name: "alice", Key: anna.Public()}, NotBefore: "2020-01-01T00:00:00Z", Expires: "2120-01-01T00:00:00Z", Runs: 1,
		Steps: []approval.Step{{SQL: "SELECT count(*) FROM persons", Plan: "x"}}}
	if code, page := hand(script); code != http.StatusOK || !strings.Contains(page, "Taken.") || !strings.Contains(page, "<strong>waits</strong>") {
		t.Errorf("%d\n%s", code, page)
	}
	_, page := send("/scripts", nil)
	want(t, page, "SELECT count(*) FROM persons", "&lt;b&gt;a test&lt;/b&gt;", "Nothing may vary")
	other, err := approval.NewSecret("anna")
	if err != nil {
		t.Fatal(err)
	}
	forged := approval.Approved{Script: script}
	forged.Sign(other)
	if code, page := hand(forged); code != http.StatusBadRequest || !strings.Contains(page, "no approver") {
		t.Errorf("a signature of nobody: %d\n%s", code, page)
	}
	if code, page := hand("no script"); code != http.StatusBadRequest || !strings.Contains(page, "Not taken") {
		t.Errorf("no document: %d\n%s", code, page)
	}
	signed := approval.Approved{Script: script}
	signed.Sign(anna)
	if code, page := hand(signed); code != http.StatusOK || !strings.Contains(page, "<strong>approved</strong>") {
		t.Errorf("the approver's signature: %d\n%s", code, page)
	}
}
