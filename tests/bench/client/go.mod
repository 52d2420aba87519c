module nbkeys/tests/bench/client

go 1.25
