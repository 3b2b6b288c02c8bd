"""The rules of the project: flags in one place, and one line for each kind of target."""

load("//tools:tools.bzl", "TOOLS")

# ./dev lint reads this list, one quoted flag a line, and hands it to clang-tidy.
VMPROF_COPTS = [
    "-std=c17",
    "-D_GNU_SOURCE",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wconversion",
    "-Wsign-conversion",
    "-Wshadow",
    "-Wstrict-prototypes",
    "-Wmissing-prototypes",
    "-Wold-style-definition",
    "-Wpointer-arith",
    "-Wcast-qual",
    "-Wwrite-strings",
    "-Wundef",
    "-Wvla",
    "-Wformat=2",
    "-fvisibility=hidden",
    "-fno-common",
]

# Hidden symbols do not cross a shared library's border: a test of private functions, and a tool,
# link the objects themselves.
_STATIC = True

def vmprof_cc_library(name, copts = [], **kwargs):
    """A cc_library with the project's flags. Takes what cc_library takes."""
    native.cc_library(
        name = name,
        copts = VMPROF_COPTS + copts,
        linkstatic = _STATIC,
        **kwargs
    )

def vmprof_cc_binary(name, copts = [], **kwargs):
    """An executable with the project's flags. Takes what cc_binary takes."""
    native.cc_binary(
        name = name,
        copts = VMPROF_COPTS + copts,
        linkstatic = _STATIC,
        **kwargs
    )

def vmprof_shared_library(name, deps, version_script = None, linkopts = [], **kwargs):
    """A shared library NAME (lib....so) of all objects of deps; only what is VMPF_API is exported.

    Args:
      name: the file, and its soname.
      deps: vmprof_cc_library targets, which are linked whole.
      version_script: a linker map (NAME.lds) that narrows the exports further.
      linkopts: as in cc_binary.
      **kwargs: as in cc_binary.
    """
    map_opts = []
    map_files = []
    if version_script:
        map_opts = ["-Wl,--version-script=$(location %s)" % version_script]
        map_files = [version_script]
    native.cc_binary(
        name = name,
        deps = deps + map_files,
        linkopts = ["-Wl,-soname,%s" % name, "-Wl,-z,defs"] + map_opts + linkopts,
        linkshared = True,
        linkstatic = _STATIC,
        **kwargs
    )

def _static_archive_impl(ctx):
    archives = []
    for dep in ctx.attr.deps:
        for linker_input in dep[CcInfo].linking_context.linker_inputs.to_list():
            for library in linker_input.libraries:
                archive = library.pic_static_library or library.static_library
                if archive:
                    archives.append(archive)
    out = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.run_shell(
        inputs = archives,
        outputs = [out],
        arguments = [out.path] + [archive.path for archive in archives],
        command = """
            set -e
            out=$1
            shift
            ld -r -o "$out.o" --whole-archive "$@"
            objcopy --localize-hidden "$out.o"
            ar rcD "$out" "$out.o"
            rm "$out.o"
        """,
        use_default_shell_env = True,
        mnemonic = "StaticArchive",
    )
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out]))]

vmprof_static_archive = rule(
    doc = "NAME (lib....a): all objects of deps as one, with the names that are not VMPF_API made local.",
    implementation = _static_archive_impl,
    attrs = {"deps": attr.label_list(providers = [CcInfo])},
)

def vmprof_cc_test(name, deps = [], copts = [], size = "small", **kwargs):
    """A unit test written with cmocka."""
    native.cc_test(
        name = name,
        size = size,
        copts = VMPROF_COPTS + copts,
        linkstatic = _STATIC,
        deps = deps + ["//third_party/cmocka"],
        **kwargs
    )

def vmprof_fuzz_test(name, srcs, deps = [], corpus = [], checksums = False, **kwargs):
    """A libFuzzer target that is also a test: without --config=fuzz it replays its corpus.

    Args:
      name: the target; ./dev fuzz NAME builds and runs it.
      srcs: a file that defines LLVMFuzzerTestOneInput().
      deps: as in cc_test.
      corpus: files to replay, and to start from; those in the folder corpus/NAME come with them.
      checksums: ./dev fuzz builds it with the checksums of the format on; else they are passed over, since a
        fuzzer cannot guess them.
      **kwargs: as in cc_test.
    """
    corpus = corpus + native.glob(["corpus/%s/*" % name])
    native.cc_test(
        name = name,
        size = "small",
        srcs = srcs + select({
            "//third_party/bazel:fuzzing": [],
            "//conditions:default": ["//tests/fuzz:replay.c"],
        }),
        copts = VMPROF_COPTS,
        linkstatic = _STATIC,
        linkopts = select({
            "//third_party/bazel:fuzzing": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        deps = deps,
        data = corpus,
        args = ["$(locations %s)" % label for label in corpus],
        tags = ["fuzz"] + (["fuzz-checksums"] if checksums else []),
        **kwargs
    )

def vmprof_golden_test(name, tool, goldens, testdata = "//testdata:files", tags = [], **kwargs):
    """Runs each NAME.cmd of goldens and compares what it prints; see tests/golden/run_golden.py.

    Args:
      name: the test.
      tool: the executable; its folder comes first in PATH.
      goldens: the files NAME.cmd, NAME.stdout, NAME.stderr, NAME.exit.
      testdata: what the command finds in its current folder.
      tags: as in sh_test.
      **kwargs: as in sh_test.
    """
    native.sh_test(
        name = name,
        size = "small",
        srcs = ["//tests/golden:run_golden.py"],
        args = [
            "--tool",
            "$(rootpath %s)" % tool,
            "--goldens",
            native.package_name() + "/goldens",
        ],
        data = [tool, testdata] + goldens,
        tags = ["golden"] + tags,
        **kwargs
    )

def _document(name, form, out, **kwargs):
    native.genrule(
        name = name,
        srcs = [name.rpartition("_")[0] + "_description", "page.md", "//tools/documents:shared.md"],
        outs = [out],
        cmd = "$(location //tools/documents:make_documents.py) %s $(location %s) " % (
            form,
            name.rpartition("_")[0] + "_description",
        ) + "--page $(location page.md) --shared $(location //tools/documents:shared.md) " +
              "%s >$@" % ("--tools " + " ".join(TOOLS) if "-" not in name else ""),
        tools = [
            "//tools/documents:make_documents.py",
            "//tools/documents:parts",
        ],
        **kwargs
    )

def vmprof_program(name, srcs, deps = []):
    """An executable that has options, with all that is made from them: its page and its completions.

    What parses options (tools/common/options.h) is replaced in a second executable by what describes them.

    Args:
      name: the executable. NAME_man, NAME_bash, NAME_zsh, NAME_fish: its documents; page.md has the page's prose.
      srcs: its sources.
      deps: as in cc_binary.
    """
    vmprof_cc_library(
        name = name + "_program",
        srcs = srcs,
        deps = deps,
        alwayslink = True,
    )
    vmprof_cc_binary(
        name = name,
        deps = [name + "_program"],
        visibility = ["//visibility:public"],
    )
    vmprof_cc_binary(
        name = name + "_describe",
        deps = [
            name + "_program",
            "//tools/documents:describe",
        ],
    )
    _description(
        name = name + "_description",
        program = name + "_describe",
        visibility = ["//tools:__subpackages__", "//tests:__subpackages__"],
    )
    for form, out in [("man", "%s.1"), ("bash", "bash/%s"), ("zsh", "zsh/_%s"), ("fish", "fish/%s.fish")]:
        _document(name + "_" + form, form, out % name, visibility = ["//visibility:public"])

def vmprof_tool(name, srcs, deps = [], tags = []):
    """The tool vmprof-NAME: its executable, its documents and the test of its goldens.

    Args:
      name: the tool's name without "vmprof-"; it stands in tools/tools.bzl too.
      srcs: its sources.
      deps: as in cc_binary.
      tags: of the golden test ("nosan": not under a sanitizer).
    """
    if name not in TOOLS:
        fail("tool %s: add it to TOOLS in tools/tools.bzl, or it is neither installed nor checked" % name)
    vmprof_program(
        name = "vmprof-" + name,
        srcs = srcs,
        deps = deps,
    )
    native.exports_files(["page.md"], visibility = ["//tools:__subpackages__"])
    goldens = native.glob(["goldens/**"])
    if goldens:
        vmprof_golden_test(
            name = "golden_test",
            tool = ":vmprof-" + name,
            goldens = goldens,
            tags = tags,
        )

def _description_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.run_shell(
        tools = [ctx.executable.program],
        outputs = [out],
        arguments = [ctx.executable.program.path, out.path],
        command = "$1 >$2",
        mnemonic = "Describe",
    )
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out]))]

_description = rule(
    doc = "NAME.json: what a program prints. It is built as all else that is built, and not once more for the host.",
    implementation = _description_impl,
    attrs = {"program": attr.label(executable = True, cfg = "target")},
)

def tool_binaries():
    """The executables of all tools, as labels."""
    return ["//tools/%s:vmprof-%s" % (tool, tool) for tool in TOOLS]

def tool_documents(form):
    """The documents of all tools and of the multiplexer, as labels.

    Args:
      form: "man", "bash", "zsh" or "fish".
    """
    return ["//tools/%s:vmprof-%s_%s" % (tool, tool, form) for tool in TOOLS] + [
        "//tools/multiplexer:vmprof_" + form,
    ]

def _entries(files, folder, mode):
    return ["%s %s %s%s" % (mode, file.path, folder, file.basename) for file in files]

def _python_entry(file):
    # The package's sources stand in sampler/python, or in a folder of their own in it.
    path = file.short_path
    for prefix in ["sampler/python/", "vmprof/"]:
        if path.startswith(prefix):
            path = path[len(prefix):]
    return "644 %s lib/vmprof/python/vmprof/%s" % (file.path, path)

def _install_tree_impl(ctx):
    files = ctx.files
    manifest = (
        _entries(files.binaries, "bin/", "755") +
        _entries(files.libraries, "lib/", "644") +
        _entries(files.pkgconfig, "lib/pkgconfig/", "644") +
        _entries(files.headers, "include/vmprof/", "644") +
        _entries(files.documents, "share/doc/vmprof/", "644") +
        _entries(files.examples, "share/doc/vmprof/examples/", "644") +
        _entries(files.pages, "share/man/man1/", "644") +
        _entries(files.bash_completions, "share/bash-completion/completions/", "644") +
        _entries(files.zsh_completions, "share/zsh/site-functions/", "644") +
        _entries(files.fish_completions, "share/fish/vendor_completions.d/", "644") +
        [_python_entry(file) for file in files.python]
    )
    tar = ctx.actions.declare_file(ctx.label.name + ".tar")
    list_file = ctx.actions.declare_file(ctx.label.name + ".manifest")
    ctx.actions.write(list_file, "\n".join(manifest) + "\n")
    ctx.actions.run(
        executable = ctx.executable._stage,
        arguments = [list_file.path, tar.path],
        inputs = [list_file] + files.binaries + files.libraries + files.pkgconfig + files.headers +
                 files.documents + files.examples + files.pages + files.bash_completions + files.zsh_completions +
                 files.fish_completions + files.python,
        outputs = [tar],
        mnemonic = "InstallTree",
        progress_message = "Packing the tree to install",
    )
    return [DefaultInfo(files = depset([tar]), runfiles = ctx.runfiles([tar]))]

install_tree = rule(
    doc = "NAME.tar: what ./dev install unpacks. It may be unpacked anywhere.",
    implementation = _install_tree_impl,
    attrs = {
        "bash_completions": attr.label_list(allow_files = True),
        "binaries": attr.label_list(allow_files = True),
        "documents": attr.label_list(allow_files = True),
        "examples": attr.label_list(allow_files = True),
        "fish_completions": attr.label_list(allow_files = True),
        "headers": attr.label_list(allow_files = [".h"]),
        "libraries": attr.label_list(allow_files = True),
        "pages": attr.label_list(allow_files = True),
        "pkgconfig": attr.label_list(allow_files = [".pc"]),
        "python": attr.label_list(allow_files = True),
        "zsh_completions": attr.label_list(allow_files = True),
        "_stage": attr.label(
            default = "//third_party/bazel:stage_tree.sh",
            allow_single_file = True,
            executable = True,
            cfg = "host",
        ),
    },
)
