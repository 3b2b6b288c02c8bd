#!/usr/bin/env python3
"""What naming native frames costs: a program of many functions, compiled here, with an address in each.

Beside `addr2line -i -f` over the same addresses, and `perf script` over a recording of the program, where perf runs. perf
names only what it has samples of, so its number of distinct functions stands beside it.

    symbols.py [FUNCTIONS]
"""

import ctypes
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

PREFIX = pathlib.Path(os.environ.get("VMPROF_PREFIX", "/usr/local"))
BASE = 0x7F0000000000
NATIVE = 4


class String(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("size_bytes", ctypes.c_size_t)]


class Handle(ctypes.Structure):
    _fields_ = [("ops", ctypes.c_void_p), ("ctx", ctypes.c_void_p)]


class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("session_id", ctypes.c_uint64), ("start_unix_ns", ctypes.c_uint64),
                ("block_samples", ctypes.c_uint32), ("epoch_max_nodes", ctypes.c_uint32)]


class Module(ctypes.Structure):
    _fields_ = [("path", String), ("build_id", String), ("address", ctypes.c_uint64),
                ("size_bytes", ctypes.c_uint64), ("file_offset", ctypes.c_uint64)]


class Function(ctypes.Structure):
    _fields_ = [("name", String), ("file", String), ("first_line", ctypes.c_uint32), ("kind", ctypes.c_int),
                ("address", ctypes.c_uint64), ("module", ctypes.c_uint32)]


class Thread(ctypes.Structure):
    _fields_ = [("process_id", ctypes.c_uint64), ("thread_id", ctypes.c_uint64), ("name", String)]


class Sample(ctypes.Structure):
    _fields_ = [("stack", ctypes.c_uint32), ("thread", ctypes.c_uint32), ("time_ns", ctypes.c_uint64),
                ("flags", ctypes.c_uint32), ("values", ctypes.c_uint64 * 8), ("label", ctypes.c_uint32)]


def string(data):
    """Bytes as the library takes them."""
    return String(data, len(data))


def write_profile(path, program, build_id, offsets):
    """A profile with one sample at each offset of the program."""
    library = ctypes.CDLL(str(PREFIX / "lib" / "libvmprof_fmt.so"))

    def call(name, *arguments):
        if getattr(library, name)(*arguments, None) != 0:
            raise SystemExit(name + " failed")

    with open(str(path), "w+b") as file:
        sink, writer, number = Handle(), ctypes.c_void_p(), ctypes.c_uint32()
        options = Options(ctypes.sizeof(Options), 7, 1, 0, 0)
        call("vmpf_sink_open_fd", ctypes.byref(sink), file.fileno())
        call("vmpf_writer_open", ctypes.byref(writer), sink, ctypes.byref(options))
        module = Module(string(os.fsencode(str(program))), string(build_id), BASE, 1 << 30, 0)
        call("vmpf_writer_module", writer, ctypes.byref(module), ctypes.byref(number))
        module_id = number.value
        call("vmpf_writer_thread", writer, ctypes.byref(Thread(1, 1, string(b"main"))), ctypes.byref(number))
        thread = number.value
        for at, offset in enumerate(offsets):
            function = Function(string(b""), string(b""), 0, NATIVE, BASE + offset, module_id)
            call("vmpf_writer_function", writer, ctypes.byref(function), ctypes.byref(number))
            call("vmpf_writer_location", writer, number.value, 0, ctypes.byref(number))
            call("vmpf_writer_stack", writer, 0, number.value, ctypes.byref(number))
            sample = Sample(stack=number.value, thread=thread, time_ns=at * 1000)
            sample.values[0] = 1
            call("vmpf_writer_sample", writer, ctypes.byref(sample))
        call("vmpf_writer_close", writer, ctypes.c_uint64(len(offsets) * 1000))


def make_program(folder, count):
    """A program of `count` functions in files of 500, each with an inlined call, and its functions' addresses."""
    objects = []
    for first in range(0, count, 500):
        source = folder / ("part%d.c" % first)
        text = ["static inline int mix(int x, int k) { return (x ^ k) * 31 + (x >> 3); }"]
        for number in range(first, min(first + 500, count)):
            text.append("__attribute__((noinline)) int f%d(int x)\n{\n    int y = mix(x, %d);\n"
                        "    for (int i = 0; i < 64; i++)\n        y = mix(y, x + i);\n    return y;\n}" % (number, number))
        source.write_text("\n".join(text))
        objects.append(folder / ("part%d.o" % first))
        subprocess.run(["gcc", "-O2", "-g", "-c", str(source), "-o", str(objects[-1])], check=True)
    main = folder / "main.c"
    main.write_text("".join("int f%d(int);\n" % n for n in range(count)) + "int (*const all[])(int) = {"
                    + ",".join("f%d" % n for n in range(count))
                    + "};\nint main(void)\n{\n    int x = 1;\n    for (int i = 0; i < 300; i++)\n"
                      "        for (unsigned k = 0; k < sizeof(all) / sizeof(all[0]); k++)\n            x = all[k](x);\n"
                      "    return x == 0;\n}\n")
    program = folder / "program"
    subprocess.run(["gcc", "-g", "-Wl,--build-id=sha1", "-no-pie", "-Wl,-z,noseparate-code", "-o", str(program),
                    str(main)] + [str(path) for path in objects], check=True)
    listing = subprocess.run(["nm", "-S", str(program)], stdout=subprocess.PIPE, universal_newlines=True, check=True)
    found = [(int(a, 16), int(size, 16)) for a, size in re.findall(r"^(\w+) (\w+) T f\d+$", listing.stdout, re.M)]
    return program, found


def measure(command, text=None, out=subprocess.DEVNULL):
    """(seconds, MiB) of a command and its children."""
    code = ("import os,resource,subprocess,sys,time\nstart=time.monotonic()\nr=subprocess.run(sys.argv[1:]).returncode\n"
            "sys.stderr.write('\\n@@%g %d %d\\n' % (time.monotonic()-start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, r))")
    done = subprocess.run([sys.executable, "-c", code] + [str(word) for word in command], input=text, stdout=out,
                          stderr=subprocess.PIPE, universal_newlines=True)
    seconds, kib, code = re.search(r"@@(\S+) (\d+) (\d+)", done.stderr).groups()
    return float(seconds), int(kib) / 1024, int(code), done.stderr.split("\n@@")[0].strip()


def row(name, result, note=""):
    print("%-34s %8.3f s %8.1f MiB  %s" % (name, result[0], result[1], note))


def main(count):
    """Makes the program, then measures."""
    folder = pathlib.Path(tempfile.mkdtemp())
    try:
        program, found = make_program(folder, count)
        generator = random.Random(1)
        addresses = [begin + generator.randrange(size) for begin, size in found]
        notes = subprocess.run(["readelf", "-n", str(program)], stdout=subprocess.PIPE, universal_newlines=True).stdout
        build_id = bytes.fromhex(re.search("Build ID: (\\w+)", notes).group(1))
        headers = subprocess.run(["readelf", "-lW", str(program)], stdout=subprocess.PIPE, universal_newlines=True).stdout
        loads = [tuple(int(x, 16) for x in words) for words in
                 re.findall(r"LOAD +(0x\w+) (0x\w+) 0x\w+ (0x\w+)", headers)]
        offsets = [next(a - v + o for o, v, s in loads if v <= a < v + s) for a in addresses]
        profile = folder / "in.prof"
        write_profile(profile, program, build_id, offsets)
        print("%d functions, an address in each, %.1f MB of binary; best of 3" % (len(found), program.stat().st_size / 1e6))
        tool = [PREFIX / "bin" / "vmprof-symbolize", "-o", folder / "out.prof", profile]
        best = min(measure(tool) for _ in range(3))
        row("vmprof-symbolize, all", best, best[3].replace("vmprof-symbolize: ", ""))
        if shutil.which("addr2line"):
            text = "".join("%x\n" % address for address in addresses)
            row("addr2line -i -f", min(measure(["addr2line", "-a", "-i", "-f", "-e", program], text) for _ in range(3)))
        if shutil.which("perf"):
            data = folder / "perf.data"
            recorded = measure(["perf", "record", "-e", "cpu-clock", "-F", "10000", "-o", data, program])
            if recorded[2] == 0:
                with open(str(folder / "script"), "w") as out:
                    result = measure(["perf", "script", "-i", data, "-F", "ip,sym,srcline"], out=out)
                names = set(re.findall(r" (f\d+)\b", (folder / "script").read_text(errors="replace")))
                row("perf script -F ip,sym,srcline", result, "%d distinct functions" % len(names))
            else:
                print("perf: cannot record here: " + recorded[3].splitlines()[-1])
    finally:
        shutil.rmtree(str(folder))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10000)
