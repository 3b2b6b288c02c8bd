#!/usr/bin/env python3
"""Writes the random profile of a seed, or what a reader has to give of it: see vmprof_generator."""

import argparse
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import vmprof_generator  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--damage", action="store_true", help="damage it, also where checksums do not show it")
    parser.add_argument("--expected", action="store_true",
                        help="write what it holds as JSON; of a damaged one, what it held before")
    parser.add_argument("-o", "--output", default="-", metavar="FILE")
    arguments = parser.parse_args()
    made = vmprof_generator.make(arguments.seed, arguments.damage)
    data = made.data
    if arguments.expected:
        data = (json.dumps(made.expected, sort_keys=True) + "\n").encode()
    if arguments.output == "-":
        sys.stdout.buffer.write(data)
    else:
        pathlib.Path(arguments.output).write_bytes(data)


if __name__ == "__main__":
    main()
