package answer

import "context"

// Answer answers one query. This is the whole story; each step has a file of its own.
//
// Its errors are *refusal.Error, which the analyst may see, or *Internal, of which the analyst sees an incident number.
// Once the reservation is made the charge stays, whatever happens, unless the engine certainly was not asked.
func (s *Service) Answer(ctx context.Context, req Request) (result *Result, err error) {
	q, err := s.open(req) // who asks, of which data set, under which settings
	if err != nil {
		return nil, err
	}
	q.trace = s.Tracer.Query(parentOf(req), q.started, req.Identity.Dataset, req.Identity.User, req.Identity.Application)
	streaming := false
	defer func() {
		s.end(ctx, q, err)
		if !streaming {
			q.done()
		}
	}()
	if err = s.price(ctx, q); err != nil { // SQL → plan; the price is known, and nothing was read
		return nil, err
	}
	if req.Statement.Kind == Explain {
		return s.explain(ctx, q)
	}
	if err = q.permitted(); err != nil { // what the session's credential includes
		return nil, err
	}
	if err = s.authorize(ctx, q); err != nil { // approved by its approvers, where the data set wants that
		return nil, err
	}
	if err = s.occupy(ctx, q); err != nil { // queries in flight at once
		return nil, err
	}
	if err = s.limit(ctx, q); err != nil { // requests, not loss
		return nil, err
	}
	if err = s.publicKeys(ctx, q); err != nil { // values of public tables that are keys
		return nil, err
	}
	order, err := s.order(ctx, q) // which releases exist already, and who has paid for them
	if err != nil {
		return nil, err
	}
	defer order.close()
	if order.costs() {
		if err = s.reserve(ctx, q, order); err != nil { // durable before the engine is asked
			return nil, err
		}
		if err = s.measure(ctx, q, order); err != nil { // engine → Exact → Noisy → commit
			return nil, err
		}
	}
	order.close()
	released, err := order.relations()
	if err != nil {
		return nil, err
	}
	if result, err = s.finish(ctx, q, released); err != nil { // the analyst's outer SQL, over noisy rows only
		return nil, err
	}
	if result.Notices, err = s.notices(q, order); err != nil {
		return nil, err
	}
	s.keep(ctx, q, order, result)
	streaming = result.Public
	s.keepPublic(q, result)
	return result, nil
}
