package datasets

import (
	"context"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/rewrite"
)

// checkRecordKeys looks at the record keys of a data set of pipeline tbe: keys out of their range stop it, records without
// a key are told to the owner.
func checkRecordKeys(ctx context.Context, d *config.Dataset, ds *catalog.Dataset, e engine.Engine) []config.Fault {
	if ds.CellKey == nil {
		return nil
	}
	at, path := d.Declaration.CellKey, d.Declaration.CellKey.Path+".record_key"
	exacts, err := e.Run(ctx, []engine.Query{{SQL: rewrite.RecordKeyCheck(ds), Width: 2}})
	if err != nil {
		return []config.Fault{at.Fault(path, "the record keys could not be checked: %s", oneLine(err))}
	}
	missing, outside, err := rewrite.RecordKeyFaults(exacts[0])
	if err != nil {
		return []config.Fault{at.Fault(path, "the record keys could not be checked: %s", oneLine(err))}
	}
	var faults []config.Fault
	if outside.Sign() > 0 {
		faults = append(faults, at.Fault(path, "%s records have a key outside of 0 to big_n - 1 = %d", outside, ds.CellKey.BigN-1).
			WithHint("dpproxy record-keys prints the SQL that makes keys"))
	}
	if missing.Sign() > 0 {
		faults = append(faults, at.Fault(path, "%s records have no key, which counts as 0", missing).
			WithHint("dpproxy record-keys prints the SQL that makes keys").AsWarning())
	}
	return faults
}
