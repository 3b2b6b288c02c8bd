# shellcheck shell=bash disable=SC2034
# packages.sh: what ./dev needs of Debian, and how it is installed. It is sourced there, which has say and die.

# PACKAGE|SIGN: the package of Debian, and a command or a file that shows that it is there, so that
# a machine which has them from elsewhere is left alone.
build_needs='
bazel-bootstrap|bazel
bazel-platforms|/usr/share/bazel/platforms/WORKSPACE
bazel-rules-java|/usr/share/bazel/rules/java/WORKSPACE
bazel-rules-proto|/usr/share/bazel/rules/proto/WORKSPACE
gcc|gcc
libc6-dev|/usr/include/stdio.h
libdeflate-dev|/usr/include/libdeflate.h
libdwarf-dev|/usr/include/libdwarf/libdwarf.h
libelf-dev|/usr/include/libelf.h
libiberty-dev|/usr/include/libiberty/demangle.h
libjansson-dev|/usr/include/jansson.h
libzstd-dev|/usr/include/zstd.h
python3|python3
zlib1g-dev|/usr/include/zlib.h
'
test_needs=$build_needs'
clang|clang
g++|g++
libc6-dbg|/usr/share/doc/libc6-dbg
llvm|llvm-symbolizer
libcmocka-dev|/usr/include/cmocka.h
pkg-config|pkg-config
python3-jsonschema|/usr/lib/python3/dist-packages/jsonschema/__init__.py
xz-utils|xz
'
# The real clients that tests open exports with, where Debian has them: a test says so where one is missing.
client_wants='
golang-go|go
google-perftools|google-pprof
libdevel-nytprof-perl|/usr/share/perl5/Devel/NYTProf/flamegraph.pl
libxml2-utils|xmllint
protobuf-compiler|protoc
valgrind|callgrind_annotate
'
lint_needs=$test_needs'
clang-tidy|clang-tidy
shellcheck|shellcheck
'
fuzz_needs=$test_needs'
libclang-rt-14-dev|/usr/lib/llvm-14/lib/clang
'
format_needs='
clang-format|clang-format
'

is_there() {
    case $1 in
    /*) [ -e "$1" ] ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

# missing LIST: the packages of the list whose sign is missing, one a line.
missing() {
    local entry
    while IFS= read -r entry; do
        if [ -n "$entry" ] && ! is_there "${entry#*|}"; then
            echo "${entry%%|*}"
        fi
    done <<<"$1"
}

# apt VERB...: apt-get, as root.
apt() {
    local as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" >&2
}

can_install() {
    command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" = 0 ] || command -v sudo >/dev/null 2>&1; }
}

# need LIST: installs the packages of the list whose sign is missing.
need() {
    local packages
    mapfile -t packages < <(missing "$1")
    [ ${#packages[@]} -gt 0 ] || return 0

    command -v apt-get >/dev/null 2>&1 ||
        die "this needs what Debian packages as: ${packages[*]}; there is no apt-get here, install it by hand"
    can_install ||
        die "packages are missing, and this is neither root nor has sudo; as root: apt-get install ${packages[*]}"
    say "installing ${packages[*]}"
    apt update || die "apt-get update failed; is the network there?"
    apt install -y --no-install-recommends "${packages[@]}" || die "apt-get could not install ${packages[*]}"
    hash -r
}

# want LIST: the same, but what cannot be installed is only said, each package by itself.
want() {
    local packages package
    mapfile -t packages < <(missing "$1")
    [ ${#packages[@]} -gt 0 ] || return 0

    if ! can_install; then
        say "left out, since packages cannot be installed here: ${packages[*]}"
        return 0
    fi
    say "installing ${packages[*]}"
    if ! apt update || ! apt install -y --no-install-recommends "${packages[@]}"; then
        for package in "${packages[@]}"; do
            apt install -y --no-install-recommends "$package" || say "left out, since it cannot be installed: $package"
        done
    fi
    hash -r
}
