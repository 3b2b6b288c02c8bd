#!/usr/bin/env python3
"""Takes the pictures of README's gallery: one profile, in each viewer that can be had here.

usage: tests/gallery/make.py [--prefix TREE] [--out FOLDER] [--record]

The profile is testdata/gallery/day.prof; --record makes it anew, from the program beside it. The viewers: Chromium (the flame graph,
and whatever has pages), speedscope (from npm, into .build/gallery), `go tool pprof` (golang-go, graphviz) and KCachegrind under Xvfb
(kcachegrind, dbus, xvfb, xdotool, imagemagick). One that is missing is told, and its picture stays as it is. Nothing here is part of the
tests: what these programs make of our files is checked by tests/interop, by numbers.
"""
import argparse
import functools
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / 'testdata/gallery'
MODULES = ROOT / '.build/gallery'
PACKAGES = ['speedscope@1.25.0', 'playwright-core@1.65.1']
WIDTH, HEIGHT = 1240, 620
COLOURS = 48  # of a picture: they are drawings, and are to be small
DISPLAY = ':71'


class Missing(Exception):
    """A viewer that is not here."""


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Missing('%s is not installed' % program)


def modules():
    """The folder of the packages from npm, in these versions."""
    need('npm', 'node', 'chromium')
    have = {name: MODULES / 'node_modules' / name.rpartition('@')[0] / 'package.json' for name in PACKAGES}
    if not all(path.exists() and json.loads(path.read_text())['version'] == name.rpartition('@')[2]
               for name, path in have.items()):
        MODULES.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', str(MODULES)] + PACKAGES,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise Missing('npm cannot install %s' % ', '.join(PACKAGES))
    return MODULES / 'node_modules'


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Gallery:
    def __init__(self, prefix, out, folder):
        self.prefix, self.out, self.folder = prefix, out, folder
        self.made = []

    def convert(self, form, name, *more):
        path = self.folder / name
        subprocess.check_call([str(self.prefix / 'bin/vmprof-convert'), form, *more, str(DATA / 'day.prof'), '-o', str(path)],
                              stderr=subprocess.DEVNULL)
        return path

    def keep(self, shot, name):
        """The picture at `shot`, made small."""
        target = self.out / name
        if shutil.which('pngquant'):
            subprocess.check_call(['pngquant', '--force', '--output', str(target), str(COLOURS), str(shot)])
        else:
            shutil.copy(str(shot), str(target))
        self.made.append(target)

    def browse(self, url, name, width=WIDTH, height=HEIGHT, keys=(), wait_ms=2500):
        packages = modules()
        shot = self.folder / ('raw-' + name)
        jobs = self.folder / 'jobs.json'
        jobs.write_text(json.dumps([{'url': url, 'file': str(shot), 'width': width, 'height': height, 'keys': keys,
                                     'wait_ms': wait_ms}]))
        environment = dict(os.environ, NODE_PATH=str(packages), CHROMIUM=shutil.which('chromium'))
        subprocess.check_call(['node', str(ROOT / 'tests/gallery/shoot.js'), str(jobs)], env=environment)
        self.keep(shot, name)

    def flame_graph(self):
        """Our own: one SVG file, in a browser."""
        page = self.convert('--flamegraph', 'day.svg', '--icicle', '--title=One program, four seconds').as_uri()
        self.browse(page, 'flamegraph.png', width=1200, wait_ms=800)

    def speedscope(self):
        site = modules() / 'speedscope/dist/release'
        served = self.folder / 'speedscope'
        shutil.copytree(str(site), str(served))
        shutil.copy(str(self.convert('--speedscope', 'day.speedscope.json')), str(served))
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory=str(served)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = 'http://127.0.0.1:%d/' % server.server_address[1]
        self.browse(place + 'index.html#profileURL=' + place + 'day.speedscope.json', 'speedscope.png', keys=['2'])
        server.shutdown()

    def pprof(self):
        need('go', 'dot')
        profile = self.convert('--pprof', 'day.pb.gz')
        with subprocess.Popen(['go', 'tool', 'pprof', '-http=127.0.0.1:8771', '-no_browser', str(profile)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as pprof:
            try:
                time.sleep(3)
                self.browse('http://127.0.0.1:8771/ui/flamegraph', 'pprof.png')
            finally:
                pprof.terminate()

    def kcachegrind(self):
        need('kcachegrind', 'dbus-run-session', 'Xvfb', 'xdotool', 'import')
        profile = self.convert('--callgrind', 'callgrind.out.day')
        shot = self.folder / 'raw-kcachegrind.png'
        environment = dict(os.environ, DISPLAY=DISPLAY, HOME=str(self.folder), LC_ALL='C.UTF-8',
                           XDG_RUNTIME_DIR=str(self.folder))
        (self.folder / '.config').mkdir()
        (self.folder / '.config/kcachegrindrc').write_text('[TipOfDay]\nRunOnStart=false\n')
        self.folder.chmod(0o700)
        with subprocess.Popen(['Xvfb', DISPLAY, '-screen', '0', '%dx%dx24' % (WIDTH, HEIGHT)],
                              stderr=subprocess.DEVNULL) as server:
            time.sleep(2)
            with subprocess.Popen(['dbus-run-session', '--', 'kcachegrind', str(profile)], env=environment, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as viewer:
                try:
                    time.sleep(10)
                    find = ['xdotool', 'search', '--onlyvisible', '--name', 'callgrind.out.day']
                    window = subprocess.check_output(find, env=environment, universal_newlines=True).split()[-1]
                    subprocess.check_call(['xdotool', 'windowmove', window, '0', '0', 'windowsize', window, str(WIDTH),
                                           str(HEIGHT)], env=environment)
                    time.sleep(3)
                    subprocess.check_call(['import', '-window', 'root', str(shot)], env=environment)
                finally:
                    viewer.terminate()
                    server.terminate()
        self.keep(shot, 'kcachegrind.png')


def record(prefix):
    """With a path that is nobody's."""
    place = pathlib.Path('/srv/day')
    place.mkdir(parents=True, exist_ok=True)
    shutil.copy(str(DATA / 'day.py'), str(place))
    subprocess.check_call([str(prefix / 'bin/vmprof-record'), '-o', str(DATA / 'day.prof'), '/usr/bin/python3',
                           str(place / 'day.py'), '4'])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--prefix', type=pathlib.Path, default=pathlib.Path(os.environ.get('VMPROF_PREFIX', ROOT / '.build/prefix')))
    parser.add_argument('--out', type=pathlib.Path, default=DATA)
    parser.add_argument('--record', action='store_true')
    options = parser.parse_args()
    if not (options.prefix / 'bin/vmprof-convert').exists():
        sys.exit('gallery: no vmprof in %s; run ./dev install --prefix TREE, and give --prefix TREE' % options.prefix)
    if options.record:
        record(options.prefix)
    with tempfile.TemporaryDirectory() as folder:
        gallery = Gallery(options.prefix.absolute(), options.out, pathlib.Path(folder))
        for take in (gallery.flame_graph, gallery.speedscope, gallery.pprof, gallery.kcachegrind):
            try:
                take()
            except Missing as error:
                print('gallery: %s: %s' % (take.__name__, error), file=sys.stderr)
        for path in gallery.made:
            print('%s %d bytes' % (path, path.stat().st_size))


if __name__ == '__main__':
    main()
