"""A world for a person or for another suite.

    python3 -m harness up              runs until Ctrl-C and prints the exports
    python3 -m harness run -- CMD...   runs CMD in it and ends with CMD's exit status
"""

import argparse
import shlex
import signal
import subprocess
import sys

from .world import World


def _up(world):
    for key, value in world.exports().items():
        print(f"export {key}={shlex.quote(str(value))}")
    print("# running; Ctrl-C ends it", flush=True)
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return 0


def _run(world, command):
    return subprocess.run(command, env=world.environment(), check=False).returncode


def main():
    parser = argparse.ArgumentParser(prog="harness", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help="keep logs and data afterwards")
    parser.add_argument("--folder", help="where logs and data go")
    commands = parser.add_subparsers(dest="what", required=True)
    commands.add_parser("up")
    commands.add_parser("run").add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if options.what == "run":
        command = options.command[1:] if options.command[:1] == ["--"] else options.command
        if not command:
            parser.error("run needs a command: run -- CMD...")
    # SIGTERM unwinds the stack, so that the servers end on it too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    world = World(options.folder)
    try:
        world.start()
        if options.what == "run":
            return _run(world, command)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        return _up(world)
    finally:
        world.stop()
        if options.keep:
            print(f"kept: {world.folder}", file=sys.stderr)
        else:
            world.remove()


if __name__ == "__main__":
    sys.exit(main())
