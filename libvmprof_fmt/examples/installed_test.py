#!/usr/bin/env python3
"""Compiles the examples against the installed tree, as its README says: with pkg-config and the system's compilers,
shared and static, as C17; and the format's header alone as C++17. The tree was moved before."""

import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile
import unittest

ROOT = pathlib.Path(__file__).absolute().parents[2]
STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic"]


def run(*command, **more):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    if done.returncode != 0:
        raise AssertionError("%s: exit %d\n%s" % (command, done.returncode, done.stderr.decode()))
    return done.stdout.decode()


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR")))
        cls.prefix = cls.folder / "moved here"
        with tarfile.open(str(ROOT / "install_tree.tar")) as tar:
            tar.extractall(str(cls.folder / "first"))
        (cls.folder / "first").rename(cls.prefix)
        cls.examples = cls.prefix / "share/doc/vmprof/examples"

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(str(cls.folder))

    def pkg_config(self, *arguments):
        environment = dict(os.environ, PKG_CONFIG_PATH=str(self.prefix / "lib/pkgconfig"))
        # A shell's word splitting, with the backslashes that pkg-config puts before blanks.
        printed = run("pkg-config", *arguments, "vmprof_fmt", env=environment)
        return [re.sub(r"\\(.)", r"\1", word) for word in re.findall(r"(?:\\.|\S)+", printed)]

    def check(self, name, flags, environment):
        programs = []
        for example in ("write_profile", "read_profile"):
            program = self.folder / (name + example)
            run("cc", "-std=c17", *STRICT, self.examples / (example + ".c"), "-o", program, *flags)
            programs.append(program)
        out = self.folder / (name + ".prof")
        run(programs[0], out, env=environment)
        printed = run(programs[1], out, env=environment)
        self.assertEqual(printed, (ROOT / "libvmprof_fmt/examples/expected.txt").read_text())
        self.assertIn("work", run(self.prefix / "bin/vmprof-top", out))
        return run("ldd", programs[0], env=environment)

    def test_shared(self):
        environment = dict(os.environ, LD_LIBRARY_PATH=str(self.prefix / "lib"))
        needs = self.check("shared", self.pkg_config("--cflags", "--libs"), environment)
        self.assertIn("libvmprof_fmt.so => %s/lib/" % self.prefix, needs)

    def test_static(self):
        flags = self.pkg_config("--static", "--cflags", "--libs")
        self.assertEqual(flags.count("-lvmprof_fmt"), 1)
        self.assertIn("-ldeflate", flags)
        archive = str(self.prefix / "lib/libvmprof_fmt.a")
        flags = [archive if flag == "-lvmprof_fmt" else flag for flag in flags]
        self.assertNotIn("libvmprof_fmt", self.check("static", flags, os.environ))

    def test_cpp(self):
        source = self.folder / "header.cpp"
        headers = sorted(path.name for path in (self.prefix / "include/vmprof").glob("vmpf*.h"))
        self.assertIn("vmpf_journal.h", headers)
        source.write_text("".join("#include <vmprof/%s>\n" % name for name in headers) +
                          "int main() { return vmpf_status_name(VMPF_OK)[0] == 'o' ? 0 : 1; }\n")
        program = self.folder / "header"
        run("g++", "-std=c++17", *STRICT, source, "-o", program, *self.pkg_config("--cflags", "--libs"))
        run(program, env=dict(os.environ, LD_LIBRARY_PATH=str(self.prefix / "lib")))

    def test_version(self):
        header = (self.prefix / "include/vmprof/vmpf.h").read_text()
        version = re.search(r'#define VMPF_VERSION_STRING "(.*)"', header).group(1)
        self.assertEqual(self.pkg_config("--modversion"), [version])

    def test_reference_is_there(self):
        text = (self.prefix / "share/doc/vmprof/reference.md").read_text()
        self.assertIn("vmpf_writer_open", text)


if __name__ == "__main__":
    unittest.main()
