package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Account is what an account has spent, in ε at the budget's δ where it counts otherwise. Analyst is empty for the data
// set's account over all analysts.
type Account struct {
	Analyst, Dataset          string
	Spent, Left, Limit, Count float64 // Count: charged queries in all time
}

// Pool is the connections to one data set's source.
type Pool struct {
	Dataset    string
	Busy, Idle float64
	Most       float64
	Waits      float64       // queries that had to wait for a connection
	Waited     time.Duration // all of them together
}

// Live is what is read when it is asked for.
type Live struct {
	Sessions func() float64
	// Accounts fails where the ledger cannot be read; the page then lacks them, and dpproxy_ledger_up is 0.
	Accounts func() ([]Account, error)
	Pools    func() []Pool
}

// live collects a Live.
type live struct {
	Live
	sessions, up, spent, left, limit, count *prometheus.Desc
	connections, most, waits, waited        *prometheus.Desc
}

// RegisterLive registers what is read when it is asked for.
func RegisterLive(r prometheus.Registerer, l Live) error {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return r.Register(&live{Live: l,
		sessions:    desc("dpproxy_sessions", "Clients that are logged in."),
		up:          desc("dpproxy_ledger_up", "1 if the ledger could be read for this page."),
		spent:       desc("dpproxy_budget_epsilon_spent", "ε spent in the account's window, what is reserved included. analyst is empty for the data set's own account.", "dataset", "analyst"),
		left:        desc("dpproxy_budget_epsilon_left", "ε left in the account's window.", "dataset", "analyst"),
		limit:       desc("dpproxy_budget_epsilon_limit", "ε of the budget in force.", "dataset", "analyst"),
		count:       desc("dpproxy_budget_queries", "Queries charged in all time.", "dataset", "analyst"),
		connections: desc("dpproxy_pool_connections", "Connections to the source, by state.", "dataset", "state"),
		most:        desc("dpproxy_pool_connections_max", "Most connections to the source.", "dataset"),
		waits:       desc("dpproxy_pool_waits_total", "Queries that had to wait for a connection to the source.", "dataset"),
		waited:      desc("dpproxy_pool_wait_seconds_total", "Time that queries waited for a connection to the source.", "dataset"),
	})
}

// Describe lists the metrics.
func (l *live) Describe(c chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{l.sessions, l.up, l.spent, l.left, l.limit, l.count, l.connections, l.most, l.waits, l.waited} {
		c <- d
	}
}

// Collect reads them.
func (l *live) Collect(c chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	gauge(l.sessions, l.Sessions())
	accounts, err := l.Accounts()
	if err != nil {
		gauge(l.up, 0)
	} else {
		gauge(l.up, 1)
	}
	for _, a := range accounts {
		gauge(l.spent, a.Spent, a.Dataset, a.Analyst)
		gauge(l.left, a.Left, a.Dataset, a.Analyst)
		gauge(l.limit, a.Limit, a.Dataset, a.Analyst)
		gauge(l.count, a.Count, a.Dataset, a.Analyst)
	}
	for _, p := range l.Pools() {
		gauge(l.connections, p.Busy, p.Dataset, "busy")
		gauge(l.connections, p.Idle, p.Dataset, "idle")
		gauge(l.most, p.Most, p.Dataset)
		counter(l.waits, p.Waits, p.Dataset)
		counter(l.waited, p.Waited.Seconds(), p.Dataset)
	}
}
