package introspect

import "context"

// Name names a column of a relation of a View, as RowDescription tells of it.
type Name struct{ Schema, Relation, Column string }

// At is where the catalogs have a column: pg_class.oid and pg_attribute.attnum. Zero: nowhere.
type At struct {
	OID    uint32
	Number int16
}

// Locate finds columns of the view's relations. Names that it does not have are nowhere.
func (s *Service) Locate(v View, names []Name) ([]At, error) {
	snap, err := s.view(context.Background(), v)
	if err != nil {
		return nil, err
	}
	out := make([]At, len(names))
	for i, n := range names {
		out[i] = snap.columns[n]
	}
	return out, nil
}
