"""Waiting for a condition: polls with a deadline, and a failure that says what was last seen."""

import time


class Late(AssertionError):
    """A condition did not come true before its deadline."""


def until(what, probe, timeout=30.0, interval=0.1, explain=None):
    """Calls probe() until it returns something true, and returns that.

    An AssertionError inside probe() means "not yet", so a probe may be written as assertions.
    explain() is called for the failure message only; it may be costly.
    """
    deadline = time.monotonic() + timeout
    last = None
    while True:
        try:
            value = probe()
            if value:
                return value
            last = value
        except AssertionError as error:
            last = error
        if time.monotonic() >= deadline:
            break
        time.sleep(interval)
    message = f"not within {timeout:g} s: {what}\nlast seen: {last}"
    if explain is not None:
        message += f"\n{explain()}"
    raise Late(message)


def stays(what, probe, duration, interval=0.2, explain=None):
    """Calls probe() for a while and fails as soon as it returns something false.

    For claims that something does not happen, where there is no event to wait for.
    """
    deadline = time.monotonic() + duration
    while True:
        value = probe()
        if not value:
            message = f"did not stay true for {duration:g} s: {what}\nlast seen: {value}"
            if explain is not None:
                message += f"\n{explain()}"
            raise AssertionError(message)
        if time.monotonic() >= deadline:
            return
        time.sleep(interval)
