"""python -m vmprof: records a program and shows, or keeps, the profile."""
import atexit
import errno
import fcntl
import os
import stat
import sys

import vmprof
from vmprof import _period, _program, _toggle

USAGE = 'usage: python -m vmprof [OPTIONS] PROGRAM [ARGS...]\n' \
        '       python -m vmprof [OPTIONS] -m MODULE [ARGS...]\n'
HELP = USAGE + '''
Runs PROGRAM as python itself would, records where its time goes, and prints a table when it ends.

  -o, --output FILE    write the profile to FILE instead of printing the table
  -p, --period PERIOD  CPU time between two samples: seconds (0.001) or with a unit (1ms, 100us);
                       at least 20us and below 1s; the default is 1ms
      --memory         record the process's resident size with each sample, too: for -o, and
                       vmprof-top --metric=memory
      --native         record frames of machine code too, between those of Python; with -o, as their
                       names come from vmprof-symbolize FILE
      --raw            as --native, and keep the interpreter's own functions
      --toggle SIGNAL  record nothing at first; each SIGNAL to the program, such as SIGUSR2, turns
                       the recording on or off
      --wall           record time on the clock too, with what threads wait for: the table is of it, and
                       with -o FILE vmprof-top --metric=wall shows it
  -m                   PROGRAM is the name of a module, as in python -m
  -h, --help           show this help
  --version            show the version

The exit code is the program's; 125 where the recording fails, 2 for a usage error. A program that
is killed, or replaces itself by exec, leaves no table: use -o, and read FILE with vmprof-top.
VMPROF_TICK_SOURCE=cpu-timer, helper or perf chooses what wakes the sampler; reader: no signals.
'''


class _UsageError(Exception):
    pass


class _Failure(Exception):
    """The recording cannot be done."""


def main():
    try:
        options = _Options(sys.argv[1:])
    except _UsageError as error:
        sys.stderr.write('python -m vmprof: %s\n%s' % (error, USAGE))
        sys.exit(2)
    _set_argv(options)
    try:
        program = _load(options)
        ending = _start(options, program)
    except _Failure as error:
        sys.stderr.write('python -m vmprof: %s\n' % error)
        sys.exit(125)
    _program.run(program, ending.program_ended)


class _Options(object):
    def __init__(self, arguments):
        self.output = None
        self.period_ns = _period.COMMAND_NS
        self.toggle_signal = 0
        self.memory = False
        self.is_module = False
        self.is_native = self.is_raw = False
        self.wall = False
        rest = list(arguments)
        while rest and rest[0].startswith('-') and rest[0] != '-':
            argument = rest.pop(0)
            if argument == '--':
                break
            self._take(argument, rest)
        if not rest:
            raise _UsageError('PROGRAM is missing')
        self.program, self.arguments = rest[0], rest

    def _take(self, argument, rest):
        name, value = _split(argument)
        if name in ('-h', '--help') and value is None:
            _print_and_exit(HELP)
        elif name == '--version' and value is None:
            _print_and_exit('vmprof %s\n' % vmprof.__version__)
        elif name == '--memory' and value is None:
            self.memory = True
        elif name == '-m' and value is None:
            self.is_module = True
        elif name == '--wall' and value is None:
            self.wall = True
        elif name in ('--native', '--raw') and value is None:
            self.is_native = True
            self.is_raw |= name == '--raw'
        elif name in ('-o', '--output', '-p', '--period', '--toggle'):
            if value is None:
                if not rest:
                    raise _UsageError('%s needs a value' % name)
                value = rest.pop(0)
            self._set(name, value)
        else:
            raise _UsageError('unknown option %s' % argument)

    def _set(self, name, value):
        if name in ('-o', '--output'):
            if not value:
                raise _UsageError('%s needs the name of a file' % name)
            self.output = value
            return
        try:
            if name == '--toggle':
                self.toggle_signal = _toggle.from_text(value)
            else:
                self.period_ns = _period.from_text(value)
        except ValueError as error:
            raise _UsageError('%s: %s' % (name, error))


def _split(argument):
    """An option's name, and its value where that is part of the same word."""
    if argument.startswith('--'):
        name, equals, value = argument.partition('=')
        return name, value if equals else None
    return argument[:2], argument[2:] or None


def _print_and_exit(text):
    try:
        if sys.stdout is None:
            raise EnvironmentError(errno.EBADF, 'closed')
        sys.stdout.write(text)
        sys.stdout.flush()
    except EnvironmentError as error:
        if error.errno != errno.EBADF:
            raise
        sys.stderr.write('python -m vmprof: standard output is closed\n')
        sys.exit(125)
    sys.exit(0)


def _set_argv(options):
    """Shows the program the arguments that it would have without us."""
    original = getattr(sys, 'orig_argv', None)
    if original is not None:
        head = original[:len(original) - len(sys.argv[1:])]
        if head[-2:] == ['-m', 'vmprof']:
            shown = ['-m'] if options.is_module else []
            original[:] = head[:-2] + shown + options.arguments
    sys.argv[:] = options.arguments


def _load(options):
    try:
        if options.is_module:
            return _program.load_module(options.program)
        if options.program == '-':
            raise _Failure('a program on standard input cannot be recorded; put it into a file')
        return _program.load_path(options.program)
    except (SystemExit, _Failure):
        raise
    except BaseException:
        _program.hide_our_frames()
        raise


def _start(options, program):
    """Opens the output, starts the recording, and sees to it that it is finished: the _Ending.

    The sampler starts last, as from then on it sees our own frames too.
    """
    try:
        from vmprof import _recorder, _stats, table  # now: the program may change what import finds
    except ImportError as error:
        raise _Failure(error)
    output = _Output(options)
    ending = _Ending(output, _recorder, _stats, table)
    try:
        _program.enter(program)
        _recorder.start('command', output.fd, options.period_ns, _program.execute.__code__,
                        (main.__code__, _Ending.finish.__code__), options.toggle_signal,
                        options.memory, _native_mode(options, _recorder), options.wall)
    except (EnvironmentError, ImportError, RuntimeError, ValueError) as error:
        ending.cancel()
        raise _Failure(_plain(error))
    except BaseException:
        ending.cancel()
        raise
    output.keep()
    return ending


def _native_mode(options, recorder):
    if options.is_raw:
        return recorder.NATIVE_RAW
    return recorder.NATIVE_FOLDED if options.is_native else recorder.NATIVE_NONE


class _Output(object):
    """The file that the profile goes to: -o FILE, else a temporary one."""

    def __init__(self, options):
        self.metric = 'wall' if options.wall else None  # what the table is of
        self.shown = options.output
        self.is_temporary = options.output is None
        self.kept_path = None
        try:
            if self.is_temporary:
                self.is_new = True
                self.path, fd = _open_temporary()
            else:
                self.kept_path = _resolve(options.output)
                is_there = os.path.exists(self.kept_path)
                self.path, fd = _open_output(
                    self.kept_path, None if options.is_module else options.program)
                self.is_new = self.path != self.kept_path or not is_there
        except EnvironmentError as error:
            where = 'a temporary file' if self.is_temporary else self.shown
            raise _Failure('cannot write %s: %s' % (where, error.strerror))
        self.fd = _move_away(fd)
        self.identity = _identity(os.fstat(self.fd))
        if self.is_temporary:
            self._take_name_away()

    def _take_name_away(self):
        """So that nothing stays behind, even when the program is killed. It is read through /proc."""
        through = '/proc/self/fd/%d' % self.fd
        try:
            if self.identity == _identity(os.stat(through)):
                os.unlink(self.path)
                self.path, self.is_new = through, False
        except EnvironmentError:
            pass  # there is no /proc here: the file is removed when the program ends

    def keep(self):
        """Gives the file its name, now that there is something in it. A recording that still writes to an
        older file of that name keeps its own."""
        if self.kept_path not in (None, self.path):
            try:
                os.rename(self.path, self.kept_path)
                self.path = self.kept_path
            except EnvironmentError as error:
                _complain('cannot rename %s to %s: %s' % (self.path, self.kept_path, error.strerror))

    def is_there(self):
        """Whether the file is still at path, which a program that closes all descriptors takes away."""
        try:
            return self.identity == _identity(os.stat(self.path))
        except EnvironmentError:
            return False

    def drop(self):
        """Closes the file and removes it, if it was made here."""
        try:
            if self.identity == _identity(os.fstat(self.fd)):
                os.close(self.fd)
        except EnvironmentError:
            pass  # the program closed it
        try:
            if self.is_new:
                os.unlink(self.path)
        except EnvironmentError:
            pass  # the program removed it


def _identity(status):
    return status.st_dev, status.st_ino


def _open_temporary():
    folder = os.path.abspath(os.environ.get('TMPDIR') or '/tmp')
    for number in range(10000):
        path = os.path.join(folder, 'vmprof-%d-%d.prof' % (os.getpid(), number))
        try:
            return path, os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except EnvironmentError as error:
            if error.errno != errno.EEXIST:
                raise
    raise EnvironmentError(errno.EEXIST, 'no free name in %s' % folder)


def _is_alias(path):
    """/dev/stdout and its like stand for an open file, which must not be replaced by another. A file that
    is there itself, as in /dev/shm, is one like any other."""
    try:
        return path.startswith(('/dev/', '/proc/')) and not stat.S_ISREG(os.lstat(path).st_mode)
    except EnvironmentError:
        return False


def _resolve(output):
    """The whole path; through a symbolic link the file that it names is replaced, not the link."""
    path = os.path.abspath(output)
    return path if _is_alias(path) else os.path.realpath(path)


def _open_output(path, program):
    """Opens the output, as (path, fd): a new file beside path, to be renamed once the recording runs; what
    exists and is no file is opened as it is."""
    try:
        if program is not None and os.path.samefile(path, program):
            raise _Failure('%s is the program itself' % path)
        mode = os.stat(path).st_mode
    except EnvironmentError as error:
        if error.errno != errno.ENOENT:
            raise
        mode = None
    if _is_alias(path) or (mode is not None and not stat.S_ISREG(mode)):
        return path, os.open(path, os.O_WRONLY)
    try:
        return _open_beside(path, mode)
    except EnvironmentError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG):
            raise
    # No file can be made there, or none with a longer name: the file itself may do.
    return path, os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)


def _open_beside(path, mode):
    """A new file that will replace path; mode: of the old one, whose permissions it keeps, or None."""
    new_path = '%s.%d.new' % (path, os.getpid())
    fd = os.open(new_path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    if mode is not None:
        try:
            os.fchmod(fd, mode & 0o777)
        except EnvironmentError:
            pass  # a file system without permissions
    return new_path, fd


def _move_away(fd):
    """Gives fd a high number, closed by exec: the program's own begin at 3, as they do without us."""
    for lowest in (250, 20):
        try:
            high = fcntl.fcntl(fd, fcntl.F_DUPFD, lowest)
        except EnvironmentError:  # the limit is lower
            continue
        os.close(fd)
        fd = high
        break
    fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.fcntl(fd, fcntl.F_GETFD) | fcntl.FD_CLOEXEC)
    return fd


class _Ending(object):
    """Finishes the recording when the program ends, in whatever way lets us."""

    def __init__(self, output, recorder, stats, table):
        self.output, self.recorder, self.stats, self.table = output, recorder, stats, table
        self.summary = None
        self.stdout = None if _is_bad_file(sys.stdout) else sys.stdout
        self.first_stdout = sys.stdout
        self.process_id = os.getpid()
        # Registered before any handler of the program, so it runs after all of them.
        atexit.register(self.finish)
        self.exit_handlers = _count_exit_handlers()
        self._catch_os_exit()

    def _catch_os_exit(self):
        real_exit = os._exit

        def _exit(status):
            self.finish()
            real_exit(status)
        _exit.__doc__ = real_exit.__doc__
        os._exit = _exit

    def cancel(self):
        """There is no recording: drops the output."""
        self.process_id = None
        self.output.drop()

    def program_ended(self):
        """Stops the recording as soon as no more of the program can run, so that the interpreter's report
        of an exception, and our own work, are not taken for the program's."""
        if (sys.excepthook is sys.__excepthook__ and len(sys._current_frames()) == 1
                and _count_exit_handlers() <= self.exit_handlers):
            self._stop()

    def _stop(self):
        if self.process_id != os.getpid():  # a forked child
            return
        try:
            if self.recorder.started_by('command'):
                self.summary = self.recorder.stop()
        except (EnvironmentError, RuntimeError, ValueError) as error:
            _complain(_plain(error))

    def finish(self):
        if self.process_id != os.getpid():  # a forked child
            return
        try:
            self._finish()
        except Exception as error:  # the program is done: nothing of ours may change how it ends
            _complain(_plain(error))

    def _finish(self):
        self._stop()
        self.process_id = None
        try:
            if self.output.is_temporary:
                self._print_table()
                if self.summary is not None and is_far_off(self.summary):
                    _complain('one sample every %s of CPU time was reached (asked: %s)'
                              % (_period.to_text(self.summary.reached_period_ns),
                                 _period.to_text(self.summary.asked_period_ns)))
            elif self.summary is not None:
                _complain(describe(self.output.shown, self.summary, self.table.why_no_sample))
        finally:
            if self.output.is_temporary:
                self.output.drop()

    def _print_table(self):
        if not self.output.is_there():
            _complain('no table: the program closed the file that the profile was in; keep it with -o FILE')
            return
        used_ns = self.summary.process_cpu_ns if self.summary is not None else None
        try:
            stats = self.stats.read_profile(self.output.path, metric=self.output.metric)
            self.table.write(stats, self._table_stdout(), used_ns)
        except EnvironmentError as error:
            if error.errno != errno.EPIPE:
                raise

    def _table_stdout(self):
        """Where the program's own output goes: not where it only collects text. None: nowhere."""
        now = sys.stdout
        candidates = [self.stdout]
        if now is not self.first_stdout and _is_file(now):
            candidates.insert(0, now)
        if sys.__stdout__ is not self.first_stdout:
            candidates.append(sys.__stdout__)
        for out in candidates:
            if out is not None and not getattr(out, 'closed', False):
                return out
        return None


def _count_exit_handlers():
    if str is bytes:
        return len(atexit._exithandlers)
    return getattr(atexit, '_ncallbacks', int)()


def _is_file(stream):
    try:
        os.fstat(stream.fileno())
        return True
    except Exception:  # no fileno(), or none that works
        return False


def _is_bad_file(stream):
    """Whether it stands for a descriptor that is closed: Python 2 makes such a stream."""
    try:
        return not _is_file(stream) and stream.fileno() >= 0
    except Exception:
        return False


def _plain(error):
    """What an exception says, without the number of a system error."""
    return getattr(error, 'strerror', None) or '%s' % error


def _complain(text):
    try:
        sys.stderr.write('vmprof: %s\n' % text)
    except Exception:
        pass  # the program closed or replaced it


def describe(name, summary, why_no_sample):
    """One line on what was recorded."""
    if not summary.samples and not summary.waited_ns:
        return '%s: no sample: %s' % (name, why_no_sample(summary.process_cpu_ns, summary.asked_period_ns))
    lost = ', %d lost' % summary.lost_samples if summary.lost_samples else ''
    if summary.waited_ns:
        lost += ', %s of waiting' % _period.to_text(summary.waited_ns)
    return ('%s: %d samples in %s, one every %s of CPU time (asked: %s)%s; to see them: vmprof-top %s'
            % (name, summary.samples, _period.to_text(summary.duration_ns),
               _period.to_text(summary.reached_period_ns), _period.to_text(summary.asked_period_ns), lost, name))


def is_far_off(summary):
    """Whether the period that was asked for was missed, by more than chance and a busy moment make of it."""
    return summary.samples >= 100 and summary.reached_period_ns > 2 * summary.asked_period_ns
