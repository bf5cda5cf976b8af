// Package store keeps values by key.
package store

import "sync"

var kinds = map[string]int{
	"a": 1,
}

// Store is safe for many goroutines.
type Store struct {
	mu   sync.Mutex
	data map[string]string
}

type Reader interface {
	Get(key string) (string, bool)
}

func New() *Store {
	return &Store{data: map[string]string{}}
}

// Get returns a value.
func (s *Store) Get(key string) (string, bool) {
	s.mu.Lock()
	defer func() {
		s.mu.Unlock()
	}()
	v, ok := s.data[key+`{`]
	return v, ok
}

func Map[K comparable, V any](in map[K]V, f func(V) V) map[K]V {
	for k, v := range in {
		in[k] = f(v)
	}
	return in
}
