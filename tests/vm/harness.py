"""What the end-to-end tests share: the installed tree, the interpreters, and running programs.

The tree comes from $VMPROF_PREFIX, else install_tree.tar is unpacked into a folder whose name nobody
knew when it was built: that is how a moved tree is tested. The interpreters come from
$VMPROF_PYTHONS, colon-separated; the system's own is always one of them.
"""
import atexit
import functools
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

SECONDS = 120  # for one program; a test machine may be very busy
CPU = '0.6'    # seconds that a program under test works
PROGRAMS = pathlib.Path('testdata/programs').absolute()
TESTDATA = PROGRAMS.parent


def _temporary_folder(prefix='vmprof test '):
    folder = tempfile.mkdtemp(prefix=prefix)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return pathlib.Path(folder)


@functools.lru_cache(maxsize=None)
def tree():
    """The folder of the installed tree."""
    if os.environ.get('VMPROF_PREFIX'):
        return pathlib.Path(os.environ['VMPROF_PREFIX'])
    # No blank in its name: the system's loader could not preload the sampler from there.
    folder = _temporary_folder('vmprof-moved-') / 'tree'
    with tarfile.open('install_tree.tar') as archive:
        archive.extractall(folder)
    return folder


class Python:
    """An interpreter to test with."""

    def __init__(self, path):
        self.path = path
        ask = 'import sys; print("%d.%d %d" % (sys.version_info[:2] + ("__pypy__" in sys.builtin_module_names,)))'
        shown = subprocess.run([path, '-c', ask], stdout=subprocess.PIPE, check=True, timeout=SECONDS)
        version, is_pypy = shown.stdout.decode().split()
        self.version = tuple(int(part) for part in version.split('.'))
        self.is_pypy = is_pypy == '1'

    def __str__(self):
        return '%s %d.%d' % ((self.path,) + self.version)


@functools.lru_cache(maxsize=None)
def all_pythons():
    """All interpreters, PyPy too."""
    found = {}
    for path in os.environ.get('VMPROF_PYTHONS', '').split(':') + ['/usr/bin/python3', sys.executable]:
        if path and os.path.exists(path):
            found.setdefault(os.path.realpath(path), path)
    pythons = []
    for path in found.values():
        try:
            pythons.append(Python(path))
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            print('%s does not run: %s' % (path, error), file=sys.stderr)
    return pythons


TRIES = 5  # of a figure that was off


class Measured(AssertionError):
    """A figure that was measured is not where it belongs."""


def again(test):
    """Runs a test method; where a figure was off, as on a machine that was busy just then, it has to be right
    twice in a row, in a few tries. What is wrong otherwise, such as another output or a crash, fails at once."""
    @functools.wraps(test)
    def run(self, *arguments):
        wanted, tries_left = 1, TRIES
        while wanted > 0:
            try:
                test(self, *arguments)
                wanted -= 1
            except Measured as error:
                tries_left -= 1
                if tries_left == 0:
                    raise
                print('again, until it is right twice: %s' % error, file=sys.stderr)
                wanted = 2
            self.new_folder()
    return run


def every_python(test):
    """Runs a test method once for each CPython."""
    repeated = again(test)

    @functools.wraps(test)
    def run_all(self):
        for python in all_pythons():
            if not python.is_pypy:
                with self.subTest(python=str(python)):
                    self.new_folder()
                    repeated(self, python)
    return run_all


def _measured(name):
    """The assertion of that name, which tells figures from facts."""
    plain = getattr(unittest.TestCase, name)

    @functools.wraps(plain)
    def check(self, *arguments, **options):
        try:
            plain(self, *arguments, **options)
        except AssertionError as error:
            raise Measured(str(error)) from None
    return check


class Result:
    """How a program ended, and what it printed, as text."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __repr__(self):
        return 'exit code %s\n--- stdout\n%s--- stderr\n%s' % (self.code, self.out, self.err)


class TestCase(unittest.TestCase):
    """A test with a folder of its own, which is where programs run."""

    maxDiff = 4000

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        for name, test in list(vars(cls).items()):
            if name.startswith('test_'):
                setattr(cls, name, again(test))

    def setUp(self):
        self.new_folder()

    def new_folder(self):
        self.folder = _temporary_folder()
        self.addCleanup(shutil.rmtree, str(self.folder), ignore_errors=True)
        self.output = self.folder / 'out.prof'

    def assert_between(self, low, figure, high):
        self.assertGreater(figure, low)
        self.assertLess(figure, high)

    def environment(self, **changes):
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith(('VMPROF', 'PYTHON', 'LD_'))}
        kept.update(PYTHONPATH=str(tree() / 'lib/vmprof/python'), PYTHONDONTWRITEBYTECODE='1',
                    LC_ALL='C.UTF-8', TMPDIR=str(self.folder))
        kept.update(changes)
        return kept

    def run_command(self, *command, **options):
        """Runs a command to its end."""
        options.setdefault('env', self.environment())
        options.setdefault('cwd', str(self.folder))
        options.setdefault('stdin', subprocess.DEVNULL)
        done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=SECONDS, check=False, **options)
        return Result(done.returncode, done.stdout.decode('utf-8', 'backslashreplace'),
                      done.stderr.decode('utf-8', 'backslashreplace'))

    def run_python(self, python, *arguments, **options):
        return self.run_command(python.path, *arguments, **options)

    def run_code(self, python, code, *arguments, **options):
        """Runs lines of Python as a file."""
        path = self.folder / 'code.py'
        path.write_text(code)
        return self.run_python(python, path, *arguments, **options)

    def record(self, python, *arguments, **options):
        """python -m vmprof -o out.prof ARGUMENTS, which must succeed."""
        result = self.run_python(python, '-m', 'vmprof', '-o', self.output, *arguments, **options)
        self.assertEqual(result.code, 0, result)
        return result

    def tool(self, name, *arguments, **options):
        return self.run_command(tree() / 'bin' / name, *arguments, **options)

    assertLess = _measured('assertLess')
    assertLessEqual = _measured('assertLessEqual')
    assertGreater = _measured('assertGreater')
    assertGreaterEqual = _measured('assertGreaterEqual')
    assertAlmostEqual = _measured('assertAlmostEqual')

    def assert_one_line(self, text, *parts):
        """text is one line, and holds parts; no traceback, no crash."""
        self.assertEqual(text.count('\n'), 1, text)
        self.assertTrue(text.endswith('\n'), text)
        for part in parts:
            self.assertIn(part, text)


def main():
    print('interpreters: %s' % ', '.join(str(python) for python in all_pythons()))
    sys.stdout.flush()
    unittest.main(verbosity=2)
