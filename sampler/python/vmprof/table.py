"""The table that the documentation shows. python -m vmprof.table FILE prints it for a profile."""
import os
import sys

ROWS = 20


def _shares(stats):
    """[(share in %, name, file, line)], the greatest first and callers before what they call.

    Each sample counts by the CPU time that it stands for. Two code objects of one function, as
    when a file is loaded twice, are one row.
    """
    rows, index = [], {}
    for one in stats._counts:
        key = (one.name, one.file, one.line)
        if key not in index:
            index[key] = len(rows)
            rows.append([0, key])
        rows[index[key]][0] += one.total_weight or one.total_samples
    total = float(stats.total_weight or stats.sample_count or 1)
    rows.sort(key=lambda row: -row[0])
    return [(min(100.0, 100.0 * weight / total),) + key for weight, key in rows]


def _short(path):
    """path as one would type it here."""
    here = os.getcwd().rstrip(os.sep) + os.sep
    return path[len(here):] if path.startswith(here) and len(path) > len(here) else path


def lines(stats, limit=ROWS):
    """The lines of the table."""
    yield 'vmprof output:'
    yield '% of snapshots:  name:'
    rows = _shares(stats)
    if not stats.sample_count:
        yield ' (no sample: the program used less CPU time than one period)'
    for share, name, path, line in rows[:limit]:
        place = '%s:%d' % (_short(path), line) if path else ''
        yield (' %s%s    %s' % (('%.1f%%' % share).ljust(16), name, place)).rstrip()
    if len(rows) > limit:
        left = len(rows) - limit
        yield ' (and %d more function%s, none above %.1f%%)' % (left, '' if left == 1 else 's', rows[limit][0])


def write(stats, out):
    """Prints the table to out, whatever characters it can show."""
    text = ''.join(line + '\n' for line in lines(stats))
    encoding = getattr(out, 'encoding', None)
    if str is not bytes and encoding:
        text = text.encode(encoding, 'backslashreplace').decode(encoding)
    out.write(text)
    out.flush()


def main(arguments):
    import vmprof
    if len(arguments) != 1 or arguments[0].startswith('-'):
        sys.stderr.write('usage: python -m vmprof.table FILE\n')
        return 2
    try:
        write(vmprof.read_profile(arguments[0]), sys.stdout)
    except (EnvironmentError, ImportError, ValueError) as error:
        sys.stderr.write('vmprof.table: %s\n' % error)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
