#!/usr/bin/env python3
"""Writes a random log of upstream vmprof, of any version, the same for the same seed.

generate_logs.py --seed N [--damage] [-o FILE] [--expected]

--expected prints how a sound log reads, as JSON, instead of the log.
"""

import argparse
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import vmprof_log_generator  # noqa: E402


def main(arguments):
    parser = argparse.ArgumentParser(description="Writes a random log of upstream vmprof.")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--damage", action="store_true", help="damage the log")
    parser.add_argument("--expected", action="store_true", help="print how it reads")
    parser.add_argument("-o", "--output", default="-")
    options = parser.parse_args(arguments)
    if options.expected and options.damage:
        parser.error("how a damaged log reads is not known")
    made = vmprof_log_generator.make(options.seed, options.damage)
    data = (json.dumps(made.expected, sort_keys=True) + "\n").encode() if options.expected else made.data
    if options.output == "-":
        sys.stdout.buffer.write(data)
    else:
        pathlib.Path(options.output).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
