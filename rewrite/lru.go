package rewrite

import (
	"container/list"
	"sync"
)

// lru keeps the last used values, at most `most` of them. Safe for concurrent use.
type lru[K comparable, V any] struct {
	mu    sync.Mutex
	most  int
	order *list.List // front is the last used
	items map[K]*list.Element
}

type lruEntry[K comparable, V any] struct {
	key   K
	value V
}

func newLRU[K comparable, V any](most int) *lru[K, V] {
	return &lru[K, V]{most: max(most, 1), order: list.New(), items: map[K]*list.Element{}}
}

func (l *lru[K, V]) get(k K) (v V, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.items[k]
	if !ok {
		return v, false
	}
	l.order.MoveToFront(e)
	return e.Value.(lruEntry[K, V]).value, true
}

func (l *lru[K, V]) put(k K, v V) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.items[k]; ok {
		e.Value = lruEntry[K, V]{k, v}
		l.order.MoveToFront(e)
		return
	}
	l.items[k] = l.order.PushFront(lruEntry[K, V]{k, v})
	if l.order.Len() > l.most {
		last := l.order.Back()
		l.order.Remove(last)
		delete(l.items, last.Value.(lruEntry[K, V]).key)
	}
}

// getOr gets a value, or puts a new one.
func (l *lru[K, V]) getOr(k K, make func() V) V {
	if v, ok := l.get(k); ok {
		return v
	}
	v := make()
	l.put(k, v)
	return v
}
