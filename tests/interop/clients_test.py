#!/usr/bin/env python3
"""Opens exports with their real clients, where those are installed; what they show has to be what the reference reader reads.

Arguments: vmprof-convert, mkprofile.
"""

import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import hostile  # noqa: E402
import profiles  # noqa: E402
import proto  # noqa: E402
import tool  # noqa: E402

FLAMEGRAPH = pathlib.Path("/usr/share/perl5/Devel/NYTProf/flamegraph.pl")
SHOWN = ["simple", "recursion", "threads", "jit", "native", "labels", "ties", "many", "hostile"]
SECONDS = 100
skipped = []


def client(name, path=None):
    """Skips a test where a client is not installed."""
    found = path if path and path.exists() else shutil.which(name)
    if not found:
        skipped.append(name)
        raise unittest.SkipTest("%s is not installed" % name)
    return str(found)


def show(*command, **options):
    """What a client prints; it has to succeed."""
    environment = dict(os.environ, LC_ALL="C.UTF-8", HOME=tempfile.gettempdir(), **options.pop("environment", {}))
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS, check=False,
                          env=environment, stdin=options.pop("stdin", subprocess.DEVNULL), **options)
    if done.returncode != 0:
        raise AssertionError("%r: exit %d: %s" % (command, done.returncode, done.stderr.decode("utf-8", "replace")))
    return done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


class Clients(unittest.TestCase):
    """A client each."""

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        tool.make(hostile.SOURCE, cls.folder / "hostile.prof")

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def each(self, option, suffix):
        """(name, what the reference reader reads, the export as a file)."""
        for name in SHOWN:
            path = tool.PROFILES / (name + ".prof")
            path = path if path.exists() else self.folder / (name + ".prof")
            out = self.folder / (name + suffix)
            tool.convert(option, path, "-o", out)
            yield name, profiles.read(path.read_bytes()), out

    def test_callgrind_annotate(self):
        """Self and inclusive of each function, and the total with and without summary:."""
        annotate = client("callgrind_annotate")
        for name, profile, out in self.each("--callgrind", ".callgrind"):
            sums = profiles.sums_of(profile)
            total = sum(own for own, _ in sums.values())
            wanted = {False: sorted(own for own, _ in sums.values() if own),
                      True: sorted(whole for _, whole in sums.values() if whole)}
            for inclusive in (False, True):
                text, errors = show(annotate, "--threshold=100", "--auto=no", "--inclusive=" + ("yes" if inclusive else "no"), str(out))
                rows = [int(row.replace(",", "")) for row in re.findall(r"^ *([\d,]+) \([ \d.]+%\)  (?!PROGRAM|.*:<all>$)", text, re.M)]
                self.assertNotIn("WARNING", text + errors)
                self.assertEqual(sorted(row for row in rows if row), wanted[inclusive], name)
                (shown,) = re.findall(r"^ *([\d,]+) \(100.0%\)  PROGRAM TOTALS", text, re.M)
                self.assertEqual(int(shown.replace(",", "")), total)
            bare = self.folder / "bare.callgrind"
            bare.write_bytes(re.sub(rb"(?m)^summary:.*\n", b"", out.read_bytes()))
            text, _ = show(annotate, "--threshold=100", "--auto=no", str(bare))
            (shown,) = re.findall(r"^ *([\d,]+) \(100.0%\)  PROGRAM TOTALS", text, re.M)
            self.assertEqual(int(shown.replace(",", "")), total)

    def test_pprof(self):
        """flat and cum of go tool pprof -top."""
        go = client("go")
        for name, profile, out in self.each("--pprof", ".pb.gz"):
            text, _ = show(go, "tool", "pprof", "-top", "-unit=ns", "-nodecount=1000", "-nodefraction=0", str(out),
                           environment={"PPROF_TMPDIR": str(self.folder)})
            rows = re.findall(r"^ *(\d+)(?:ns)? +[\d.]+%? +[\d.]+%? +(\d+)(?:ns)? +[\d.]+%?  (.*)$", text, re.M)
            sums = {}
            for frames, weight in profiles.samples_of(profile):
                names = [proto.clean(frame.name or "-") for frame in frames]
                sums.setdefault(names[-1], [0, 0])[0] += weight
                for one in set(names):
                    sums.setdefault(one, [0, 0])[1] += weight
            if name != "hostile":  # pprof shortens names
                self.assertEqual({row[2]: [int(row[0]), int(row[1])] for row in rows}, sums, name)
            self.assertEqual(sum(int(row[0]) for row in rows), sum(own for own, _ in sums.values()))

    def test_protoc(self):
        """protoc decodes every byte."""
        protoc = client("protoc")
        for _, _, out in self.each("--pprof", ".pb.gz"):
            raw = self.folder / "raw.pb"
            raw.write_bytes(gzip.decompress(out.read_bytes()))
            with raw.open("rb") as file:
                text, _ = show(protoc, "--decode_raw", stdin=file)
            self.assertRegex(text, r"(?m)^2 \{")

    def test_flamegraph_pl(self):
        """No line is ignored, and the root's count is the total."""
        perl = client("perl")
        script = client("flamegraph.pl", FLAMEGRAPH)
        for name, profile, out in self.each("--collapsed", ".collapsed"):
            text, errors = show(perl, script, str(out))
            self.assertNotIn("Ignored", errors, name)
            (shown,) = set(re.findall(r"all \(([\d,]+) samples, 100%\)", text))
            self.assertEqual(int(shown.replace(",", "")), sum(profiles.stacks_of(profile).values()))

    def test_xmllint(self):
        """A flame graph is well-formed, whatever its names are."""
        xmllint = client("xmllint")
        for _, _, out in self.each("--flamegraph", ".svg"):
            show(xmllint, "--noout", "--huge", str(out))

    def test_chromium(self):
        """The script of a flame graph runs; no name of the profile does."""
        chromium = client("chromium")
        for name in ("native", "hostile"):
            path = tool.PROFILES / (name + ".prof")
            path = path if path.exists() else self.folder / (name + ".prof")
            svg = self.folder / (name + ".svg")
            made = tool.convert("--flamegraph", path).decode("utf-8")
            # What a person would do, and what it comes to, is left in the document for the test.
            svg.write_text(made.replace("]]></script>", PROBE + "]]></script>"), encoding="utf-8")
            text, _ = show(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                           "--user-data-dir=%s" % (self.folder / "browser"), "--virtual-time-budget=2000", "--dump-dom",
                           svg.as_uri())
            (probed,) = re.findall(r'data-probe="([^"]*)"', text)
            seen = json.loads(probed.replace("&quot;", '"'))
            self.assertTrue(seen["interactive"])
            self.assertAlmostEqual(seen["zoomed"], 1180, delta=0.1)
            self.assertGreater(seen["found"], 0)
            self.assertIn("found:", seen["matched"])
            self.assertEqual(seen["widthAfterReset"], seen["widthBefore"])
            self.assertEqual((seen["nothing"], seen["alerts"]), (0, 0))


PROBE = r"""
(function () {
    var frames = document.getElementsByClassName("f");
    var last = frames[frames.length - 1];
    var width = function () { return Number(last.getElementsByTagName("rect")[0].getAttribute("width")); };
    var probe = {interactive: last.getAttribute("tabindex") === "0", widthBefore: width(), alerts: 0};
    window.alert = function () { probe.alerts += 1; };
    last.dispatchEvent(new MouseEvent("click", {bubbles: true}));
    probe.zoomed = width();
    document.getElementById("reset").dispatchEvent(new MouseEvent("click", {bubbles: true}));
    probe.widthAfterReset = width();
    var search = document.getElementById("search");
    search.value = "^[_<]";
    search.dispatchEvent(new Event("input"));
    probe.found = document.getElementsByClassName("found").length;
    probe.matched = document.getElementById("matched").textContent;
    search.value = "no such name (";
    search.dispatchEvent(new Event("input"));
    probe.nothing = document.getElementsByClassName("found").length;
    setTimeout(function () { document.documentElement.setAttribute("data-probe", JSON.stringify(probe)); }, 100);
})();
"""


if __name__ == "__main__":
    tool.use(sys.argv[1], sys.argv[2])
    done = unittest.main(argv=sys.argv[:1], exit=False)
    if skipped and done.result.wasSuccessful():
        print("vmprof-test-skipped: not installed: " + ", ".join(sorted(set(skipped))))
    sys.exit(not done.result.wasSuccessful())
