"""python3 spec/reference/vmprof_reader FILE [--summary]: prints the reading of a profile."""

import pathlib
import sys

# Run as a folder, Python looks for modules in it; the package is what is beside it.
sys.path[0] = str(pathlib.Path(__file__).absolute().parent.parent)
sys.dont_write_bytecode = True

import vmprof_reader  # noqa: E402


def main(arguments):
    as_lines = "--summary" in arguments
    files = [argument for argument in arguments if argument != "--summary"]
    if len(files) != 1 or files[0].startswith("-") and files[0] != "-":
        print("usage: vmprof_reader FILE [--summary]", file=sys.stderr)
        return 2
    try:
        if files[0] == "-":
            data = sys.stdin.buffer.read()
        else:
            with open(files[0], "rb") as file:
                data = file.read()
        profile = vmprof_reader.read(data)
    except OSError as error:
        print("vmprof_reader: %s: %s" % (files[0], error.strerror), file=sys.stderr)
        return 1
    except vmprof_reader.FormatError as error:
        if not as_lines:
            sys.stdout.write(vmprof_reader.dump(vmprof_reader.Profile(), error))
        print("vmprof_reader: %s: %s: %s" % (files[0], error.category, error), file=sys.stderr)
        return 1
    sys.stdout.write(vmprof_reader.summary(profile) if as_lines else vmprof_reader.dump(profile))
    return 1 if any(session.refused for session in profile.sessions) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
