package datasets

import (
	"context"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/engine"
)

// checkRecordKeys looks at the record keys of a data set of pipeline tbe: keys out of their range stop it, records without
// a key are told to the owner. How many there are is not told: faults are logged.
func checkRecordKeys(ctx context.Context, d *config.Dataset, ds *catalog.Dataset, e engine.Engine) []config.Fault {
	if ds.CellKey == nil {
		return nil
	}
	at, path := d.Declaration.CellKey, d.Declaration.CellKey.Path+".record_key"
	t, ok := ds.Table(ds.UnitTable)
	if !ok {
		return []config.Fault{at.Fault(path, "the record keys' table is not declared")}
	}
	missing, outside, err := e.KeyFaults(ctx, engine.KeyProbe{Schema: t.Schema, Table: t.SourceName, Column: ds.CellKey.RecordKey, Below: ds.CellKey.BigN})
	if err != nil {
		return []config.Fault{at.Fault(path, "the record keys could not be checked: %s", oneLine(err))}
	}
	var faults []config.Fault
	if outside > 0 {
		faults = append(faults, at.Fault(path, "some records have a key outside of 0 to big_n - 1 = %d", ds.CellKey.BigN-1).
			WithHint("dpproxy record-keys prints the SQL that makes keys"))
	}
	if missing > 0 {
		faults = append(faults, at.Fault(path, "some records have no key, which counts as 0").
			WithHint("dpproxy record-keys prints the SQL that makes keys").AsWarning())
	}
	return faults
}
