#!/usr/bin/env bash
# Gets the peers that ./outcrop bench peers measures ours against, one step at a time:
#
#   setup.sh CACHE python                 a virtual environment with the versions of requirements.txt
#   setup.sh CACHE checkpoint SHAPE NAME  random weights of a Llama shape
#   setup.sh CACHE llama                  llama.cpp's library with all its CPU backends, and the program that calls it
#   setup.sh CACHE gguf FOLDER TYPE       the checkpoint for llama.cpp in bf16, q8_0 or q4_0
#   setup.sh CACHE jlama                  Jlama's class path
#
# Prints the path of what it made as the last line of stdout. What is there already is kept. The last line of stderr says
# what went wrong.
set -euo pipefail

llama_release=3.22.1 # of node-llama-cpp, whose packages carry llama.cpp: sources in one, libraries in the other

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
mkdir -p "$1"
cache=$(cd "$1" && pwd -P)
python=$cache/venv/bin/python

need() {
  command -v "$1" >/dev/null 2>&1 || {
    echo "$1 is not installed" >&2
    exit 1
  }
}

# Makes a folder or file by a function that gets a new name for it, so that nothing half made is taken for whole, and
# leaves its path in $made. Not to be called in $( ), in an if, or before || and &&: bash goes on after errors there.
obtain() {
  made=$1
  shift
  if [ ! -e "$made" ]; then
    mkdir -p "$(dirname "$made")"
    rm -rf "$made.part"
    "$@" "$made.part" >&2
    mv "$made.part" "$made"
  fi
}

install_python() {
  need python3
  local sum
  sum=$(cksum <"$here/requirements.txt")
  if [ "$(cat "$cache/venv/requirements.sum" 2>/dev/null)" != "$sum" ]; then
    python3 -m venv "$cache/venv" >&2
    "$python" -m pip install --disable-pip-version-check --quiet -r "$here/requirements.txt" >&2
    echo "$sum" >"$cache/venv/requirements.sum"
  fi
  echo "$python"
}

write_checkpoint() {
  "$python" "$here/../python/random_checkpoint.py" --shape "$1" --positions 16384 "$2"
}

build_llama() {
  need npm
  need git
  need gcc
  local out=$1 platform part=$1/part
  case $(uname -s)-$(uname -m) in
    Linux-x86_64) platform=linux-x64 ;;
    Linux-aarch64) platform=linux-arm64 ;;
    *)
      echo "there is no build of llama.cpp for $(uname -s) $(uname -m) in this script" >&2
      return 1
      ;;
  esac
  mkdir -p "$part/sources" "$part/libraries"
  (cd "$part" && npm pack --silent "node-llama-cpp@$llama_release" "@node-llama-cpp/$platform@$llama_release")
  tar -xzf "$part/node-llama-cpp-$llama_release.tgz" -C "$part/sources" package/llama/gitRelease.bundle
  tar -xzf "$part/node-llama-cpp-$platform-$llama_release.tgz" -C "$part/libraries"
  git clone --quiet "$part/sources/package/llama/gitRelease.bundle" "$part/llama.cpp"
  mkdir "$out/include"
  cp "$part"/llama.cpp/include/*.h "$part"/llama.cpp/ggml/include/*.h "$out/include"
  cp "$part/libraries/package/bins/$platform"/*.so "$out"
  sed 's/.*"repo":"\([^"]*\)","release":"\([^"]*\)".*/\1 \2/' \
    "$part/libraries/package/bins/$platform/_nlcBuildMetadata.json" >"$out/release"
  rm -rf "$part"
}

llama() {
  local folder program
  obtain "$cache/llama-$llama_release" build_llama
  folder=$made
  program=$folder/llama_peer
  if [ ! -e "$program" ] || [ "$here/llama/llama_peer.c" -nt "$program" ]; then
    gcc -O3 -Wall -Wextra "-I$folder/include" "$here/llama/llama_peer.c" -o "$program" \
      "$folder"/libllama.v*.so "$folder"/libggml.v*.so "$folder/libggml-base.so" -ldl "-Wl,-rpath,\$ORIGIN" >&2
  fi
  echo "$program"
}

write_gguf() {
  "$python" "$here/llama/to_gguf.py" "$1" "$2"
}

quantize() {
  "$cache/llama-$llama_release/llama_peer" quantize "$1" "$3" "$2"
}

# What tells one checkpoint from another, and from what it was before it was trained on.
identity() {
  (cd "$1" && pwd -P && cat config.json && stat -L -c '%n %s %.9Y' -- *.safetensors) | cksum | cut -d ' ' -f 1
}

gguf() {
  local name whole
  name=$(identity "$1")
  name=$(basename "$1")-$name
  obtain "$cache/gguf/$name-bf16.gguf" write_gguf "$1"
  whole=$made
  # The numbers are those of llama_ftype.
  case $2 in
    bf16) ;;
    q8_0) obtain "$cache/gguf/$name-q8_0.gguf" quantize "$whole" 7 ;;
    q4_0) obtain "$cache/gguf/$name-q4_0.gguf" quantize "$whole" 2 ;;
    *)
      echo "there is no type $2 in this script" >&2
      return 1
      ;;
  esac
  echo "$made"
}

jlama_path() {
  local maven=(mvn)
  if ! command -v mvn >/dev/null 2>&1; then
    local root
    root=$(cd "$here/../../../.." && pwd -P)
    maven=("$JAVA_HOME/bin/java" -classpath "$root/.mvn/wrapper/maven-wrapper.jar"
      "-Dmaven.multiModuleProjectDirectory=$root" org.apache.maven.wrapper.MavenWrapperMain)
  fi
  cp "$here/jlama/pom.xml" "$cache/jlama.pom.xml"
  # Its errors come on stdout.
  (cd "$cache" && "${maven[@]}" -B -q -f "$cache/jlama.pom.xml" dependency:build-classpath -Dmdep.outputFile="$1") >&2
}

shift
case $1 in
  python) install_python ;;
  checkpoint)
    obtain "$cache/checkpoints/$3" write_checkpoint "$2"
    echo "$made"
    ;;
  llama) llama ;;
  gguf) gguf "$2" "$3" ;;
  jlama)
    obtain "$cache/jlama-$(cksum <"$here/jlama/pom.xml" | cut -d ' ' -f 1).classpath" jlama_path
    echo "$made"
    ;;
  *)
    echo "there is no step $1" >&2
    exit 2
    ;;
esac
