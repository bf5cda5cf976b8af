// Package depot keeps track of parcels in a depot.
package depot

import (
	"errors"
	"sync"
)

// ErrFull is returned when no shelf is left.
var ErrFull = errors.New("depot: all shelves are taken")

// Depot is safe for concurrent use.
type Depot struct {
	mu      sync.Mutex
	shelves map[int]string
	size    int
}

// Store puts a parcel on the first free shelf and returns its number.
func (d *Depot) Store(parcel string) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for shelf := 1; shelf <= d.size; shelf++ {
		if _, taken := d.shelves[shelf]; !taken {
			d.shelves[shelf] = parcel
			return shelf, nil
		}
	}
	return 0, ErrFull
}
