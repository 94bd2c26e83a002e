package answer

import (
	"context"

	"github.com/dpproxy/dpproxy/catalog"
)

// Describe tells the types of a statement's parameters and columns. It reads nothing and costs nothing.
func (s *Service) Describe(_ context.Context, req Request) (Description, error) {
	q, err := s.open(req)
	if err != nil {
		return Description{}, err
	}
	defer q.done()
	declared := make([]catalog.Type, len(req.Params))
	for i, p := range req.Params {
		declared[i] = p.Type
	}
	if q.choices.inDesign && req.Statement.Kind != Explain && q.dataset.Design != nil {
		params, columns, err := s.describeDesign(q, declared)
		return Description{Params: params, Columns: columns}, err
	}
	params, columns, err := s.Planner.Describe(planned(req.Statement), q.dataset.Catalog, q.choices.Settings, declared)
	if err != nil && q.previews(err) {
		made := q.dataset.Preview.catalogOf(q.dataset.Catalog)
		if p, c, previewed := s.Planner.Describe(planned(req.Statement), made, q.choices.Settings, declared); previewed == nil {
			params, columns, err = p, c, nil
		}
	}
	if err != nil {
		return Description{}, s.hintLobby(q, q.hintPreview(err))
	}
	if req.Statement.Kind == Explain {
		columns = explainColumns(req.Statement)
	}
	return Description{Params: params, Columns: columns}, nil
}
