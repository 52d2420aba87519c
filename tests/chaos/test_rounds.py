"""Rounds of trouble for the real operator on the real servers, each judged by the checker.

Every theme comes once; what time is left after that goes to themes by lot. A run that is long
enough must have killed in every window, and at least KILLS_MIN times in all.
"""

import os
import signal
import subprocess
import time

import pytest

from harness import collected
from harness.nbkeys import Operator

from arena import minutes
from troubles import THEMES, Troubles
from windows import WRITES

KILLS_MIN = 300
QUIET_USUAL = 45.0  # seconds of a round that are not trouble, and of a round's least trouble
TROUBLE_MIN = 10.0
# How long the last round may go on where the others have left windows open.
EXTRA_MAX = 300.0


def trouble_seconds():
    """What remains of the time for each theme, once the start and the quiet are paid for."""
    per_round = (minutes() * 60 - 60) / len(THEMES)
    return max(TROUBLE_MIN, per_round - QUIET_USUAL)


def time_left(arena):
    return minutes() * 60 - (time.monotonic() - arena.report.began)


def never_lost(report):
    """The writes of which no answer was lost yet."""
    return [kind for kind in WRITES if not report.lost[kind, "answer"]]


@pytest.fixture
def sound(arena, request):
    """What a round has broken, the next one cannot be judged by."""
    if request.session.testsfailed:
        pytest.skip("a round before this one has failed")
    return arena


@pytest.mark.parametrize("theme", THEMES)
def test_theme(sound, theme):
    Troubles(sound, trouble_seconds()).run(theme)


def test_themes_by_lot_until_time_is_up(sound):
    while time_left(sound) > trouble_seconds() + 2 * QUIET_USUAL:
        Troubles(sound, trouble_seconds()).run(sound.rng.choice(THEMES))


def test_every_window_and_enough_kills(sound):
    """Whatever the other rounds have left open, this one fills, for as long as it may."""
    report = sound.report
    if len(report.rounds) < len(THEMES):
        pytest.skip("not all themes were run")
    began = time.monotonic()
    while report.missing_windows() or report.total_kills() < KILLS_MIN or never_lost(report):
        if time.monotonic() - began > EXTRA_MAX:
            break
        trouble = Troubles(sound, 20)
        (trouble.lost if never_lost(report) else trouble.storm)()
    assert not report.missing_windows()
    assert report.total_kills() >= KILLS_MIN
    assert not never_lost(report), report.lost


def test_no_core_dump(arena):
    """A core dump would hold keys. The limit forbids it, and so does the process itself."""
    operator = Operator("core", arena.world.folder, arena.lanes[0].seat.operator.kubeconfig,
                        arena.lanes[0].seat.netbird_proxy.url, arena.world.token_file,
                        ["--watch-namespace=nobody-lives-here"])
    try:
        operator.start()
        with open(f"/proc/{operator.pid}/limits", encoding="utf-8") as limits:
            line = next(each for each in limits if each.startswith("Max core file size"))
        assert line.split()[4:6] == ["0", "0"]
        # Where the limit may be lifted, the process is still one that the kernel does not dump.
        subprocess.run(["prlimit", f"--pid={operator.pid}", "--core=unlimited"], check=False,
                       capture_output=True)
        os.kill(operator.pid, signal.SIGSEGV)
        ended = os.waitid(os.P_PID, operator.pid, os.WEXITED | os.WNOWAIT)
        assert (ended.si_code, ended.si_status) == (os.CLD_KILLED, signal.SIGSEGV)
    finally:
        operator.kill()


def test_no_key_and_no_token_anywhere(arena):
    arena.collect()
    keys, tokens = arena.world.issued.counts()
    assert keys >= len(arena.digests) > 0 and tokens >= 3
    assert collected.leaks(arena.world) == []


@pytest.mark.parametrize("what", ("key", "token"))
def test_canary_is_found(arena, what):
    """The search is worth something: one line with a key of this run in a copy of a log."""
    issued = arena.world.issued
    source = arena.lanes[0].seat.operator.log_path
    copy = source.with_name("canary.log")
    value = sorted(issued.keys if what == "key" else issued.tokens)[0]
    line = f'{{"level":"trace","event":"request","message":"issued {value}"}}\n'
    copy.write_text(source.read_text(errors="replace") + line)
    try:
        found = collected.leaks(arena.world)
    finally:
        copy.unlink()
    assert any(each.startswith("canary.log: ") for each in found), found
    assert value not in "\n".join(found)


def test_report(arena):
    """Last, so that the figures are those of the whole run."""
    arena.finish()
    assert not arena.report.findings
