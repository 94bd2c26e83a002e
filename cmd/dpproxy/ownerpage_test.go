package main

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// startWithPage serves a site with an owner's page, and returns the page's address, and the server's.
func startWithPage(t *testing.T) (s *site, pages, address string) {
	t.Helper()
	s = newSite(t)
	text := strings.Replace(s.text(t), "admin: {listen: 127.0.0.1:0}", "admin: {listen: 127.0.0.1:0, password: '"+s.verifier+"'}", 1)
	text = strings.Replace(text, "{budget: {epsilon: 10, delta: 1e-7}}", "{budget: {epsilon: 10, delta: 1e-7}, max_queries: 2}", 1)
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	log, address, _ := s.start(t)
	return s, "http://" + log.await(t, `msg="admin pages" address=(\S+)`), address
}

// fill asks a few things as alice, one of them beyond her limit.
func fill(t *testing.T, address string) {
	t.Helper()
	conn, err := connect(t, address, "alice", "secret")
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{"SELECT count(*) FROM persons", "SELECT count(*) FROM persons WHERE sex = '<script>alert(1)</script>'", "SELECT avg(age) FROM persons"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil && sqlState(err) != "53400" {
			t.Fatal(err)
		}
	}
}

// TestOwnerPageInABrowser walks through the page as an owner does, with the keyboard alone, on a desk and on a phone.
func TestOwnerPageInABrowser(t *testing.T) {
	_, pages, address := startWithPage(t)
	fill(t, address)
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU)...)
	defer cancel()
	ctx, cancel := chromedp.NewContext(allocator)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	scripted := false
	chromedp.ListenTarget(ctx, func(ev any) {
		if _, ok := ev.(*page.EventJavascriptDialogOpening); ok {
			scripted = true
		}
	})
	var body, title, state string
	var width int64
	var scriptedOK bool
	do := func(what string, actions ...chromedp.Action) {
		t.Helper()
		if err := chromedp.Run(ctx, actions...); err != nil {
			t.Fatalf("%s: %v\n%s", what, err, body)
		}
	}
	see := func(parts ...string) {
		t.Helper()
		do("read", chromedp.Text("body", &body), chromedp.Title(&title))
		want(t, title+"\n"+body, parts...)
	}
	do("log in wrongly", chromedp.Navigate(pages+"/"), chromedp.WaitVisible("#password"), chromedp.SendKeys("#user", "owner"), chromedp.SendKeys("#password", "wrong"+kb.Enter), chromedp.WaitVisible(".warn"))
	see("The name or the password is wrong")
	do("log in", chromedp.SendKeys("#user", "owner"), chromedp.SendKeys("#password", "secret"+kb.Enter), chromedp.WaitVisible("#budgets"))
	see("Overview", "Ready: clients may connect", "census", "alice", "may query", "2 of 2")
	do("the keyboard reaches everything", chromedp.Evaluate(`[...document.querySelectorAll('a,button,input,select')].every(e => e.tabIndex >= 0)`, &scriptedOK))
	if !scriptedOK {
		t.Error("something cannot be reached with the keyboard")
	}
	do("skip link", chromedp.KeyEvent(kb.Tab), chromedp.Evaluate(`document.activeElement.textContent`, &state))
	want(t, state, "Skip to the content")

	do("burn-down", chromedp.Click(`//section[@aria-labelledby="budgets"]//a[text()="alice"]`, chromedp.BySearch), chromedp.WaitVisible("svg.chart"))
	var points string
	var drawn bool
	do("the chart", chromedp.AttributeValue("svg.chart polyline", "points", &points, &drawn))
	if steps := strings.Fields(points); !drawn || len(steps) != 6 {
		t.Errorf("the chart's line is %q, want two steps", points)
	}
	see("alice on census", "2 charged queries", "SELECT count(*) FROM persons")

	do("history", chromedp.Click(`//nav/a[text()="History"]`, chromedp.BySearch), chromedp.WaitVisible(`input[name="q"]`), chromedp.SendKeys(`input[name="q"]`, "script"+kb.Enter), chromedp.WaitVisible("table"), chromedp.WaitReady(`input[value="script"]`))
	see("<script>alert(1)</script>", "answered")
	if strings.Contains(body, "avg(age)") {
		t.Errorf("the search shows everything:\n%s", body)
	}
	do("an entry", chromedp.Click(`tbody a`), chromedp.WaitVisible("dl"))
	see("Answer, as it was given", "Plan", "count")

	do("limits", chromedp.Click(`//nav/a[text()="Limits"]`, chromedp.BySearch), chromedp.WaitVisible("#hits"))
	see("Who hit a limit", "alice", "SELECT avg(age)")

	do("disable", chromedp.Click(`//nav/a[text()="Overview"]`, chromedp.BySearch), chromedp.WaitVisible("#analysts"), chromedp.Focus(`form[action="/disable"] button`), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(`form[action="/enable"]`))
	see("disabled", "banned at run time")
	if _, err := connect(t, address, "alice", "secret"); sqlState(err) != "28000" {
		t.Errorf("a disabled analyst gave %v", err)
	}
	do("enable", chromedp.Click(`form[action="/enable"] button`), chromedp.WaitVisible(`form[action="/disable"]`))
	if _, err := connect(t, address, "alice", "secret"); err != nil {
		t.Error(err)
	}

	do("on a phone", emulation.SetDeviceMetricsOverride(360, 740, 2, true), chromedp.Navigate(pages+"/"), chromedp.WaitVisible("#budgets"), chromedp.Evaluate(`document.documentElement.scrollWidth`, &width))
	if width > 360 {
		t.Errorf("the page is %d pixels wide on a phone of 360", width)
	}
	do("log out", chromedp.Click(`form[action="/logout"] button`), chromedp.WaitVisible("#password"), chromedp.Navigate(pages+"/history"), chromedp.WaitVisible("#password"))
	if scripted {
		t.Error("a query's text ran as a script")
	}
}

var tokenIn = regexp.MustCompile(`name="token" value="([^"]+)"`)

// TestOwnerPageKeepsOthersOut: nothing without a log-in, nothing from another site, and no guessing.
func TestOwnerPageKeepsOthersOut(t *testing.T) {
	_, pages, _ := startWithPage(t)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	send := func(method, path string, form url.Values, headers ...string) (*http.Response, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, pages+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		if method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp, string(body)
	}
	for _, path := range []string{"/", "/history", "/limits", "/account?dataset=census", "/entry?id=1"} {
		if resp, _ := send("GET", path, nil); resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/login" {
			t.Errorf("%s without a log-in is %d", path, resp.StatusCode)
		}
	}
	for _, path := range []string{"/disable", "/enable", "/logout"} {
		if resp, _ := send("POST", path, url.Values{"user": {"alice"}}); resp.StatusCode != http.StatusSeeOther {
			t.Errorf("%s without a log-in is %d", path, resp.StatusCode)
		}
	}
	if _, body := send("GET", "/readyz", nil); !strings.HasPrefix(body, "ready\n") || !strings.Contains(body, "datasets: 1") || !strings.Contains(body, "source census: ready") ||
		!strings.Contains(body, "rate limits: ready") {
		t.Errorf("readyz is %q", body)
	}
	login := url.Values{"user": {"owner"}, "password": {"secret"}}
	if resp, _ := send("POST", "/login", login, "Sec-Fetch-Site", "cross-site"); resp.StatusCode != http.StatusForbidden {
		t.Errorf("a log-in from another site is %d", resp.StatusCode)
	}
	if resp, _ := send("POST", "/login", url.Values{"user": {"other"}, "password": {"secret"}}); resp.StatusCode != http.StatusForbidden {
		t.Errorf("another name is %d", resp.StatusCode)
	}
	resp, _ := send("POST", "/login", login)
	cookie := resp.Header.Get("Set-Cookie")
	want(t, cookie, "HttpOnly", "SameSite=Strict")
	resp, body := send("GET", "/", nil)
	want(t, resp.Header.Get("Content-Security-Policy"), "default-src 'none'", "frame-ancestors 'none'")
	want(t, resp.Header.Get("Cache-Control"), "no-store")
	if strings.Contains(body, "SCRAM-SHA-256") || strings.Contains(body, "http://") || strings.Contains(body, "<script") {
		t.Errorf("the page shows a verifier, loads something from elsewhere, or has a script:\n%s", body)
	}
	token := tokenIn.FindStringSubmatch(body)[1]
	ban := url.Values{"user": {"alice"}, "token": {token}}
	for what, refused := range map[string]*http.Response{
		"no token":     first(send("POST", "/disable", url.Values{"user": {"alice"}})),
		"wrong token":  first(send("POST", "/disable", url.Values{"user": {"alice"}, "token": {"x"}})),
		"another site": first(send("POST", "/disable", ban, "Origin", "http://evil.example")),
	} {
		if refused.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", what, refused.StatusCode)
		}
	}
	if resp, _ := send("POST", "/disable", url.Values{"user": {"nobody"}, "token": {token}}); resp.StatusCode != http.StatusNotFound {
		t.Errorf("banning nobody is %d", resp.StatusCode)
	}
	for _, path := range []string{"/account?dataset=nowhere", "/account?dataset=census&analyst=nobody", "/entry?id=99999", "/entry?id=x", "/nowhere"} {
		if resp, _ := send("GET", path, nil); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s is %d", path, resp.StatusCode)
		}
	}
	if resp, _ := send("POST", "/disable", ban); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("a ban is %d", resp.StatusCode)
	}
	if _, body := send("GET", "/", nil); !strings.Contains(body, ">disabled<") {
		t.Error("a ban does not show")
	}
	if resp, _ := send("POST", "/logout", url.Values{"token": {token}}); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("logging out is %d", resp.StatusCode)
	}
	jar, _ = cookiejar.New(nil)
	client.Jar = jar
	old := &http.Client{CheckRedirect: client.CheckRedirect}
	r, _ := http.NewRequestWithContext(t.Context(), "GET", pages+"/", nil)
	r.Header.Set("Cookie", strings.SplitN(cookie, ";", 2)[0])
	again, err := old.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	again.Body.Close()
	if again.StatusCode != http.StatusSeeOther {
		t.Errorf("a session lives after its log-out: %d", again.StatusCode)
	}
	var last *http.Response
	for range 12 {
		last, _ = send("POST", "/login", url.Values{"user": {"owner"}, "password": {"guess"}})
	}
	if last.StatusCode != http.StatusTooManyRequests {
		t.Errorf("guessing on and on is %d", last.StatusCode)
	}
}

func first(r *http.Response, _ string) *http.Response { return r }
