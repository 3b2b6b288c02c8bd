"""python3 spec/reference/vmprof_log_reader FILE: prints the reading of a log."""

import pathlib
import sys

# Run as a folder, Python looks for modules in it; the package is what is beside it.
sys.path[0] = str(pathlib.Path(__file__).absolute().parent.parent)
sys.dont_write_bytecode = True

import vmprof_log_reader  # noqa: E402


def main(arguments):
    if len(arguments) != 1 or arguments[0].startswith("-") and arguments[0] != "-":
        print("usage: vmprof_log_reader FILE", file=sys.stderr)
        return 2
    try:
        if arguments[0] == "-":
            data = sys.stdin.buffer.read()
        else:
            data = pathlib.Path(arguments[0]).read_bytes()
        log = vmprof_log_reader.read(data)
    except OSError as error:
        print("vmprof_log_reader: %s: %s" % (arguments[0], error.strerror), file=sys.stderr)
        return 1
    except vmprof_log_reader.LogError as error:
        sys.stdout.write(vmprof_log_reader.dump(None, error))
        print("vmprof_log_reader: %s: %s: %s" % (arguments[0], error.category, error), file=sys.stderr)
        return 1
    sys.stdout.write(vmprof_log_reader.dump(log))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
