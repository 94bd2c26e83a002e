// Package budgettest is the one suite that every store of the ledger passes.
//
//	func TestMain(m *testing.M) { os.Exit(budgettest.Main(m, store)) }   // the test binary is also the process that is killed
//	func TestLedger(t *testing.T) { budgettest.Run(t, store) }
//
// It looks at a ledger through its interface only, except where it changes rows behind the ledger's back to see the
// change found. DPPROXY_KILLS sets how many processes the crash test kills.
package budgettest
