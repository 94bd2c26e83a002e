package answer

import (
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

// sessionValue answers current_setting(name): by the session where there is one, else by the request's settings.
func sessionValue(req Request) func(string) (string, bool) {
	if req.CurrentSetting != nil {
		return req.CurrentSetting
	}
	return func(name string) (string, bool) {
		v, ok := req.Settings[strings.ToLower(name)]
		return v, ok
	}
}

// sessionConstant answers the functions that tell about the session and take no argument.
func sessionConstant(req Request) func(string) (Cell, catalog.Type, bool) {
	text := func(s string) (Cell, catalog.Type, bool) { return Cell{Text: s}, catalog.Of(catalog.Text), true }
	name := func(s string) (Cell, catalog.Type, bool) { return Cell{Text: s}, catalog.Of(catalog.Name), true }
	return func(function string) (Cell, catalog.Type, bool) {
		switch function {
		case "version":
			v, ok := sessionValue(req)("server_version")
			if !ok {
				v = "16 (dpproxy)"
			}
			return text("PostgreSQL " + v)
		case "current_user", "session_user", "user", "current_role":
			return name(req.Identity.User)
		case "current_database", "current_catalog":
			return name(req.Identity.Dataset)
		case "current_schema":
			return name("public")
		case "pg_backend_pid":
			return Cell{Text: strconv.Itoa(int(req.Identity.PID))}, catalog.Of(catalog.Int4), true
		case "pg_is_in_recovery":
			return Cell{Text: "f"}, catalog.Of(catalog.Bool), true
		}
		return Cell{}, catalog.Type{}, false
	}
}
