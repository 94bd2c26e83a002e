package config

import (
	"net"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/privacy"
)

// finish fills in and checks what needs all files to have been read.
func (l *loader) finish(path string) {
	accountant := privacy.ZCDP
	pick(&accountant, l.defaults.accountant)
	l.config.BudgetDefaults.Budget = l.defaults.fill(budgetText{}, accountant)
	if l.defaults.accountant != nil && accountant == privacy.Pure && l.config.BudgetDefaults.Budget.Delta > 0 {
		l.defaults.at.fault("a pure account has no delta").Hint = "remove delta, or write accountant: approx"
	}
	l.finishDatasets()
	l.finishPipelines()
	l.finishUsers()
	l.finishAuth()
	l.finishRates()
	top := catalog.Position{File: path, Line: 1, Column: 1}
	if len(l.datasets) == 0 && len(l.config.Files) > 0 && !catalog.Blocking(l.faults) {
		l.add(top.Fault("datasets", "no dataset is declared").WithHint("`dpproxy init --source URL` writes the first version"))
	}
	l.config.Limits.MaxLoginConn = min(l.config.Limits.MaxLoginConn, l.config.Limits.MaxClientConn)
	if l.config.TLS == nil && !isLoopback(l.config.Listen) {
		at, ok := l.given["listen"]
		if !ok {
			at = top
		}
		l.add(at.Fault("listen", "other machines can reach %s, and there is no TLS: answers travel in the clear", l.config.Listen).
			WithHint("write tls: {cert: …, key: …}").AsWarning())
	}
}

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// zcdpAmounts gives, as ρ, what a budget allows and what a query at ε costs. ok is false where the numbers are out of range.
func zcdpAmounts(b budget.Budget, query privacy.Epsilon) (limit, price privacy.Rho, ok bool) {
	limit, err1 := privacy.MaxRho(b.Epsilon, b.Delta.Split(2)) // the other half of δ is for group selection
	price, err2 := privacy.EpsilonToRhoDown(query)
	return limit, price, err1 == nil && err2 == nil && b.Delta > 0
}
