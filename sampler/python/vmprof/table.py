"""The table that the documentation shows. python -m vmprof.table FILE prints it for a profile."""
import errno
import os
import sys

ROWS = 20
_LITTLE_NS = 12000000  # the system may tell of CPU time as late as three of its own ticks


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
    try:
        here = os.getcwd().rstrip(os.sep) + os.sep
    except OSError:  # the program has removed it
        return path
    return path[len(here):] if path.startswith(here) and len(path) > len(here) else path


def _is_control(character):
    # In Python 2 these are bytes, of which those from 0x80 on are parts of characters.
    return character < ' ' or character == '\x7f' or (str is not bytes and '\x80' <= character <= '\x9f')


def _printable(text):
    """text without what would move the cursor or colour the terminal: any text can name a function."""
    return ''.join('\\x%02x' % ord(each) if _is_control(each) else each for each in text)


def why_no_sample(process_cpu_ns, period_ns):
    """Why a recording has no sample, as far as one can tell. process_cpu_ns: None where it is not known."""
    is_short = 'the program used less CPU time than one period'
    if process_cpu_ns is None:
        return is_short + ', or its threads could not be sampled'
    if process_cpu_ns < max(3 * period_ns, _LITTLE_NS):
        return is_short
    return 'the program blocked signals, or its threads could not be sampled'


def lines(stats, limit=ROWS, process_cpu_ns=None):
    """The lines of the table."""
    yield 'vmprof output:' if stats.metric is None else 'vmprof output, metric %s:' % stats.metric
    yield '% of snapshots:  name:'
    rows = _shares(stats)
    if not stats.sample_count:
        yield ' (no sample: %s)' % why_no_sample(process_cpu_ns, stats.period_ns)
    for share, name, path, line in rows[:limit]:
        place = '%s:%d' % (_printable(_short(path)), line) if path else ''
        yield (' %s%s    %s' % (('%.1f%%' % share).ljust(16), _printable(name), place)).rstrip()
    if len(rows) > limit:
        left = len(rows) - limit
        yield ' (and %d more function%s, none above %.1f%%)' % (left, '' if left == 1 else 's', rows[limit][0])


def write(stats, out, process_cpu_ns=None):
    """Prints the table to out, whatever characters it can show."""
    if out is None:  # what sys.stdout is where the descriptor was closed
        raise EnvironmentError(errno.EBADF, 'standard output is closed')
    text = ''.join(line + '\n' for line in lines(stats, process_cpu_ns=process_cpu_ns))
    encoding = getattr(out, 'encoding', None)
    if str is not bytes and encoding:
        text = text.encode(encoding, 'backslashreplace').decode(encoding)
    try:
        out.write(text)
        out.flush()
    except EnvironmentError as error:
        if error.errno == errno.EBADF:
            raise EnvironmentError(errno.EBADF, 'standard output is closed')
        raise


def main(arguments):
    import vmprof
    if len(arguments) != 1 or arguments[0].startswith('-'):
        sys.stderr.write('usage: python -m vmprof.table FILE\n')
        return 2
    try:
        write(vmprof.read_profile(arguments[0]), sys.stdout)
    except (EnvironmentError, ImportError, ValueError) as error:
        shown = error.strerror if getattr(error, 'errno', None) == errno.EBADF else error
        sys.stderr.write('vmprof.table: %s\n' % shown)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
