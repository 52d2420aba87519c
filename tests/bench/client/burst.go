package main

import "time"

// create makes SetupKeys and waits until somebody has made all of them Ready.
func create(b *bench) (figures, error) {
	return b.burst(func(setupKey) error { return nil })
}

// floor is create with the operator's part made here: four of its calls in the same order (-all:
// all six that a key needs), by as many workers as the operator has connections, and no decision.
func floor(b *bench) (figures, error) {
	work := make(chan setupKey, b.count)
	if !b.existing {
		var out figures
		err := b.both(
			func() (err error) {
				out, err = b.burst(func(key setupKey) error {
					work <- key
					return nil
				})
				return err
			},
			func() error { return b.issueAll(work) })
		return out, err
	}
	keys := make([]setupKey, b.count)
	began := time.Now()
	err := b.each(b.count, b.connections, func(number int) (err error) {
		keys[number], err = b.createSetupKey(number)
		return err
	})
	if err != nil {
		return nil, err
	}
	created, used := time.Now(), cpuSeconds()
	err = b.each(b.count, b.connections, func(number int) error { return b.issue(&keys[number]) })
	return figures{"keys": b.count, "create_seconds": created.Sub(began).Seconds(),
		"seconds":           time.Since(created).Seconds(),
		"issue_cpu_seconds": cpuSeconds() - used,
		"netbird_calls":     b.netbird.calls.Load(), "kube_calls": b.operator.calls.Load()}, err
}

func (b *bench) issueAll(work <-chan setupKey) error {
	return b.each(b.count, b.connections, func(int) error {
		select {
		case key := <-work:
			return b.issue(&key)
		case <-b.context.Done():
			return b.context.Err()
		}
	})
}

// issue makes the operator's calls for one SetupKey.
func (b *bench) issue(key *setupKey) error {
	issued, err := b.untilSecret(key)
	if err != nil {
		return err
	}
	return b.finish(key, issued)
}

func (b *bench) untilSecret(key *setupKey) (issuedKey, error) {
	if b.all {
		if err := b.prepare(key); err != nil {
			return issuedKey{}, err
		}
	}
	if err := b.claim(key); err != nil {
		return issuedKey{}, err
	}
	issued, err := b.post(key)
	if err != nil {
		return issued, err
	}
	return issued, b.createSecret(key, issued)
}

// burst times from before the first SetupKey is made until all are Ready.
func (b *bench) burst(made func(setupKey) error) (figures, error) {
	ready, err := b.watch(b.setupKeys(""), jsonType, readyTrue)
	if err != nil {
		return nil, err
	}
	defer ready.stop()
	began := time.Now()
	err = b.each(b.count, b.connections, func(number int) error {
		key, err := b.createSetupKey(number)
		if err != nil {
			return err
		}
		return made(key)
	})
	if err != nil {
		return nil, err
	}
	created := time.Since(began)
	if err := ready.awaitAll(b.context, b.count); err != nil {
		return nil, err
	}
	return figures{"keys": b.count, "create_seconds": created.Seconds(),
		"seconds":       time.Since(began).Seconds(),
		"netbird_calls": b.netbird.calls.Load(), "kube_calls": b.operator.calls.Load()}, nil
}
