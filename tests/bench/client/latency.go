package main

import (
	"sort"
	"time"
)

// Between two of them, so that what the servers do after the last write of one does not count for
// the next.
const breath = 10 * time.Millisecond

// latency makes one SetupKey after the other and times from before its create call until its Secret
// is seen on a watch.
func latency(b *bench) (figures, error) {
	secrets, err := b.watch(b.secrets(""), metadataOnly, nil)
	if err != nil {
		return nil, err
	}
	defer secrets.stop()
	ready, err := b.watch(b.setupKeys(""), jsonType, readyTrue)
	if err != nil {
		return nil, err
	}
	defer ready.stop()
	took := make([]float64, 0, b.count)
	for number := range b.count {
		one, err := b.timed(number, secrets)
		if err != nil {
			return nil, err
		}
		took = append(took, one)
		if err := ready.await(b.context, b.name(number)); err != nil {
			return nil, err
		}
		if err := b.pause(breath); err != nil {
			return nil, err
		}
	}
	sort.Float64s(took)
	at := func(percent int) float64 { return took[min(len(took)-1, len(took)*percent/100)] }
	return figures{"applies": b.count, "p50_ms": at(50), "p95_ms": at(95), "p99_ms": at(99)}, nil
}

func (b *bench) timed(number int, secrets *watched) (float64, error) {
	began := time.Now()
	key, err := b.createSetupKey(number)
	if err != nil {
		return 0, err
	}
	var issued issuedKey
	if b.floor {
		if issued, err = b.untilSecret(&key); err != nil {
			return 0, err
		}
	}
	if err := secrets.await(b.context, key.name); err != nil {
		return 0, err
	}
	took := float64(time.Since(began).Microseconds()) / 1000
	if b.floor {
		err = b.finish(&key, issued)
	}
	return took, err
}
