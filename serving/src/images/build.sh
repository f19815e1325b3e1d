# Builds the images with Jib, without a daemon: `outcrop images`, which this file is a part of (bash 3.2).
# A build has two passes: the first says what lies where in the image, so that the classes of a start can be
# archived as the image has them; the second puts the base below and the archive on top.

images=$root/target/images
layers=$images/layers
image_user=10001:10001

# What a JVM in a container gets. Of its memory a quarter for the heap in the server, whose weights and KV are outside
# of it, and most of it in signals, which has nothing else.
common_flags=(-XX:+UseSerialGC -XX:-UsePerfData -Xshare:auto -Xlog:disable -Xlog:all=warning:stderr
  --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow
  '-Djava.util.logging.SimpleFormatter.format=%1$tFT%1$tT.%1$tL %4$s %3$s %5$s%6$s%n')
# The server reflects at its start only, where making code for it does not pay.
serving_flags=(-XX:MaxRAMPercentage=25 -XX:+UseTransparentHugePages -Djdk.reflect.useNativeAccessorOnly=true
  -Dai.djl.offline=true -Dai.djl.pytorch.graph_optimizer=false)
signals_flags=(-XX:MaxRAMPercentage=60)
native=/opt/outcrop/native
# The tag that the chart asks for where its values name none.
image_version=$(sed -n 's/^appVersion: *"\(.*\)"$/\1/p' "$root/helm/outcrop/Chart.yaml")
jre_modules=java.base,java.logging,java.management,java.naming,java.net.http,java.xml,jdk.httpserver,jdk.jcmd,jdk.jfr,jdk.management,jdk.net,jdk.unsupported,jdk.zipfs

images_usage() {
  cat <<'TXT'
Usage: outcrop images [--flavour cpu|cuda|neuron] [--base IMAGE] [--libtorch DIR] [--classes FILE] [--signals]

Builds the image outcrop-serving as target/images/outcrop-serving-FLAVOUR.tar and prints its name and digest; no Docker
daemon is needed. `docker load` or `skopeo copy docker-archive:FILE` takes the tar.

  --flavour   cpu (default), cuda or neuron: they differ in the base and in the native libraries only
  --base      what to build on: tar:///FILE as `docker save` writes one, or IMAGE@sha256:DIGEST. Default for cpu
              and signals: target/images/base.tar, made from Debian's packages if it is not there (root, debootstrap).
              cuda and neuron have no default
  --libtorch  for cuda and neuron: the base's folder with libtorch.so of 2.7.1 (/opt/libtorch/lib)
  --classes   the list of classes to archive, as a build before left it in target/images/outcrop-serving.classes:
              with it the image is the same, byte for byte; without it a run of the server makes one
  --signals   build outcrop-signals in place of a flavour of outcrop-serving

serving/src/images/README.md says what is in them.
TXT
}

build_images() {
  local flavour=cpu base= libtorch=/opt/libtorch/lib classes= signals=
  while [ $# -gt 0 ]; do
    case $1 in
      --flavour | --base | --libtorch | --classes)
        [ $# -ge 2 ] || die "$1 needs a value; see outcrop images --help"
        case $1 in --flavour) flavour=$2 ;; --base) base=$2 ;; --classes) classes=$2 ;; *) libtorch=$2 ;; esac
        shift
        ;;
      --signals) signals=yes ;;
      -h | --help)
        images_usage
        return
        ;;
      *) die "outcrop images takes no '$1'; see outcrop images --help" ;;
    esac
    shift
  done
  case $flavour in cpu | cuda | neuron) ;; *) die "--flavour is cpu, cuda or neuron, not '$flavour'" ;; esac
  [ -z "$classes" ] || [ -s "$classes" ] || die "--classes names no list of classes: '$classes'"
  case $(uname -s) in Linux) ;; *) die "images are built on Linux, whose native libraries and JRE they take" ;; esac
  case $base in
    "")
      if [ -z "$signals" ] && [ "$flavour" != cpu ]; then
        die "--flavour $flavour needs --base IMAGE@sha256:DIGEST; see serving/src/images/README.md"
      fi
      ;;
    tar:///* | *@sha256:*) ;;
    *) die "--base is tar:///FILE or IMAGE@sha256:DIGEST, so that it means one image, not '$base'" ;;
  esac
  need_jdk
  build
  lock
  choose_maven
  mkdir -p "$layers"
  if [ -z "$base" ]; then
    base=tar://$images/base.tar
    if [ ! -f "$images/base.tar" ]; then
      [ "$(id -u)" = 0 ] && command -v debootstrap >/dev/null 2>&1 ||
        die "making a base needs root and debootstrap; else name one with --base"
      say "making the base from Debian's packages ..."
      "$root/serving/src/images/base" "$images/base.tar"
    fi
  fi
  make_jre
  if [ -n "$signals" ]; then signals_image "$base"; else serving_image "$flavour" "$base" "$libtorch" "$classes"; fi
  unlock
}

# One for all images, so that a node has its layer once.
make_jre() {
  local jre=$layers/jre/opt/jre
  if [ -f "$jre/release" ] && [ "$(cat "$layers/jre.of" 2>/dev/null)" = "$jre_modules $("$JAVA_HOME/bin/java" -version 2>&1 | tail -n 1)" ]; then
    return
  fi
  say "linking a JRE ..."
  rm -rf "$layers/jre"
  mkdir -p "$layers/jre/opt"
  "$JAVA_HOME/bin/jlink" --add-modules "$jre_modules" --strip-debug --no-header-files --no-man-pages --generate-cds-archive \
    --output "$jre"
  # For object pointers without compression, which a heap above 32 GB would need.
  rm -f "$jre"/lib/server/classes_nocoops*.jsa
  printf '%s' "$jre_modules $("$JAVA_HOME/bin/java" -version 2>&1 | tail -n 1)" >"$layers/jre.of"
}

# jib MODULE NAME BASE TAR FLAGS ENVIRONMENT ARGUMENTS FOLDERS [OPTION ...]
jib() {
  local module=$1 name=$2 base=$3 tar=$4 flags=$5 environment=$6 arguments=$7 folders=$8 status=0 log
  shift 8
  log=$images/$(basename "$tar" .tar).log
  start_maven -B -ntp -Dquick -DskipTests -Dmaven.test.skip=true "-Doutcrop.image=$name" -pl "$module" -am package \
    "-Djib.from.image=$base" "-Djib.outputPaths.tar=$tar" "-Djib.outputPaths.digest=${tar%.tar}.digest" \
    "-Djib.outputPaths.imageId=${tar%.tar}.id" "-Djib.outputPaths.imageJson=${tar%.tar}.json" \
    "-Djib.container.user=$image_user" "-Djib.container.jvmFlags=$flags" "-Djib.container.environment=$environment" \
    "-Djib.container.args=$arguments" "-Djib.extraDirectories.paths=$folders" \
    "-Djib.extraDirectories.permissions=/opt/jre/bin/*=755,/opt/jre/lib/jspawnhelper=755" "$@" >"$log" 2>&1
  wait "$child" || status=$?
  child=
  if [ "$status" -ne 0 ]; then
    grep -E '^\[ERROR\]' "$log" | head -n 20 >&2 || true
    die "the build of the image failed; the whole log is $log"
  fi
}

joined() {
  local IFS=,
  printf '%s' "$*"
}

# unpack TAR FOLDER: the files of all its layers.
unpack() {
  rm -rf "$2"
  mkdir -p "$2/tar"
  tar -C "$2/tar" -xf "$1"
  local layer
  for layer in "$2"/tar/*.tar.gz; do tar --warning=no-unknown-keyword -C "$2" -xzf "$layer"; done
  rm -rf "$2/tar"
}

# layers_of TAR: the names of its layers, in their order.
layers_of() {
  tar -xOf "$1" manifest.json | sed -n 's/.*"Layers":\[\([^]]*\)\].*/\1/p' | tr ',"' '  '
}

# same_layers APP IMAGE: an archive of classes is of the jars of APP, so those have to be in IMAGE: layers bear the
# digests of what is in them.
same_layers() {
  local all layer
  all=" $(layers_of "$2") "
  for layer in $(layers_of "$1"); do
    case $all in
      *" $layer "*) ;;
      *)
        rm -f "$2"
        die "sources changed while the image was built; build it again"
        ;;
    esac
  done
}

# layer_files TAR FOLDER PATH ...: some files of an image's layers, those that are there.
layer_files() {
  local tar=$1 folder=$2 layer
  shift 2
  rm -rf "$folder"
  mkdir -p "$folder"
  for layer in $(layers_of "$tar"); do
    tar -xOf "$tar" "$layer" | gzip -dcf | tar -C "$folder" -xf - "$@" 2>/dev/null || true
  done
}

# sbom MODULE NAME BASE FOLDER [OPTION ...]: that of Maven and what Maven does not bring, as a layer.
sbom() {
  local module=$1 name=$2 base=$3 folder=$4 tar digest from=()
  shift 4
  case $base in
    tar://*)
      tar=${base#tar://}
      digest=sha256:$(sha256sum "$tar" | cut -d' ' -f1)
      base=$(basename "$tar")
      layer_files "$tar" "$layers/base" {,./}var/lib/dpkg/status {,./}usr/lib/os-release
      if [ -f "$layers/base/var/lib/dpkg/status" ]; then from=("files=$layers/base"); fi
      ;;
    *) digest=${base##*@} ;;
  esac
  rm -rf "$folder"
  "$JAVA_HOME/bin/java" -cp "$(cat "$root/serving/target/classpath")" "$root/serving/src/images/Sbom.java" \
    "$root/$module/target/sbom/opt/outcrop/$name.cdx.json" "$folder/opt/outcrop/$name.cdx.json" "base=$base" "digest=$digest" \
    ${from[@]+"${from[@]}"} "$@"
}

serving_image() {
  local flavour=$1 base=$2 libtorch=$3 classes=$4 torch djl tar arch environment flags
  torch=$(sed -n 's:.*<pytorch.native.version>\(.*\)</.*:\1:p' "$root/pom.xml")
  djl=$(sed -n 's:.*<djl.version>\(.*\)</.*:\1:p' "$root/pom.xml")
  arch=linux-$(uname -m)
  say "unpacking native libraries ..."
  "$JAVA_HOME/bin/java" "$root/serving/src/images/Images.java" natives "$layers" "$torch" "$djl" "$(cat "$root/serving/target/classpath")"
  flags=("${common_flags[@]}" "${serving_flags[@]}")
  case $flavour in
    cpu) libtorch=$native/pytorch/$torch-cpu-$arch ;;
  esac
  environment=(PATH=/opt/jre/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin JAVA_HOME=/opt/jre HOME=/tmp
    "ENGINE_CACHE_DIR=$native" DJL_CACHE_DIR=/tmp/djl DJL_OFFLINE=true OPT_OUT_TRACKING=true THP_MEM_ALLOC_ENABLE=1
    "RUST_LIBRARY_PATH=$native/tokenizers/libtokenizers.so" "PYTORCH_LIBRARY_PATH=$libtorch" "PYTORCH_VERSION=$torch")
  case $flavour in
    cuda) environment+=(PYTORCH_FLAVOR=cu128) ;;
    *) environment+=(PYTORCH_FLAVOR=cpu) ;;
  esac
  say "collecting the application ..."
  jib serving outcrop-serving scratch "$images/serving-app.tar" -Xshare:auto HOME=/tmp "" "$layers/libs" \
    -Djib.container.extraClasspath=/app/libs/tokenizers.jar -Djib.to.image=outcrop-serving:app
  unpack "$images/serving-app.tar" "$images/serving-app"
  case $flavour in
    cpu) sbom serving outcrop-serving "$base" "$layers/sbom-cpu" ;;
    *) sbom serving outcrop-serving "$base" "$layers/sbom-$flavour" "libtorch=$torch" ;;
  esac
  archive_serving "$torch" "$arch" "$classes"
  tar=$images/outcrop-serving-$flavour.tar
  say "building $tar ..."
  flags+=(-XX:SharedArchiveFile=/app/outcrop-serving.jsa "-Djna.boot.library.path=$native/jna" -Djna.nounpack=true)
  jib serving outcrop-serving "$base" "$tar" "$(joined "${flags[@]}")" "$(joined "${environment[@]}")" \
    serve,--config,/etc/outcrop/outcrop.yaml \
    "$layers/native,$layers/native-$flavour,$layers/jre,$layers/libs,$layers/sbom-$flavour,$layers/archive" \
    -Djib.container.extraClasspath=/app/libs/tokenizers.jar -Djib.container.ports=8080,8081 "-Djib.to.image=outcrop-serving:$image_version-$flavour"
  same_layers "$images/serving-app.tar" "$tar"
  cp "$layers/sbom-$flavour/opt/outcrop/outcrop-serving.cdx.json" "${tar%.tar}.cdx.json"
  report "$tar" "outcrop-serving:$image_version-$flavour"
}

# The classes that a start loads, archived; an archive is of one set of jars, one JRE and the options of a start, whose
# digest it bears here. Not with -XX:+AOTClassLinking, which starts no faster and writes the time into the archive.
archive_serving() {
  local torch=$1 arch=$2 classes=$3 of options
  options=("${common_flags[@]}" "${serving_flags[@]}")
  of=$({
    cd "$images/serving-app/app" && find . -type f -print | LC_ALL=C sort | tr '\n' '\0' | xargs -0 sha256sum
    cd "$layers/jre/opt/jre" && sha256sum lib/modules lib/server/libjvm.so
    printf '%s\n' "${options[@]}"
  } | sha256sum | cut -d' ' -f1)
  if [ -z "$classes" ] && [ -s "$layers/archive/app/outcrop-serving.jsa" ] &&
    [ "$(cat "$layers/archive.of" 2>/dev/null)" = "$of" ]; then return; fi
  say "archiving the classes of a start ..."
  rm -rf "$layers/archive" "$layers/archive.of"
  mkdir -p "$layers/archive/app"
  local java path
  java=$layers/jre/opt/jre/bin/java
  path=$(sed "s#/app/#$images/serving-app/app/#g" "$images/serving-app/app/jib-classpath-file")
  if [ -n "$classes" ]; then
    cmp -s "$classes" "$images/outcrop-serving.classes" || cp "$classes" "$images/outcrop-serving.classes"
  else
    ENGINE_CACHE_DIR=$layers/native$native PYTORCH_LIBRARY_PATH=$layers/native-cpu$native/pytorch/$torch-cpu-$arch \
      RUST_LIBRARY_PATH=$layers/native$native/tokenizers/libtokenizers.so DJL_OFFLINE=true OPT_OUT_TRACKING=true \
      PYTORCH_VERSION=$torch PYTORCH_FLAVOR=cpu THP_MEM_ALLOC_ENABLE=1 \
      "$JAVA_HOME/bin/java" "$root/serving/src/images/Images.java" train "$root/models/demo/model" \
      "$java" "${common_flags[@]}" "${serving_flags[@]}" "-XX:DumpLoadedClassList=$images/serving-app/loaded" \
      -cp "$path" dev.outcrop.serving.cli.Main
    # In one order, classes before what is resolved of them, and without what is numbered as threads came to it: the same
    # list makes the same bytes.
    {
      sed -E '/^@/d; s/ id: [0-9]+$//' "$images/serving-app/loaded" | LC_ALL=C sort -u
      sed -n '/^@/p' "$images/serving-app/loaded" | LC_ALL=C sort -u
    } >"$images/outcrop-serving.classes"
  fi
  "$java" "${options[@]}" -Xlog:disable -Xshare:dump \
    "-XX:SharedClassListFile=$images/outcrop-serving.classes" "-XX:SharedArchiveFile=$layers/archive/app/outcrop-serving.jsa" -cp "$path"
  [ -s "$layers/archive/app/outcrop-serving.jsa" ] || die "the JVM has written no archive of classes"
  printf '%s' "$of" >"$layers/archive.of"
}

signals_image() {
  local base=$1 tar=$images/outcrop-signals.tar
  say "collecting the application ..."
  signals_jib "$base" "$tar" "$layers/jre" -Djib.skip=true
  sbom k8s outcrop-signals "$base" "$layers/sbom-signals"
  say "building $tar ..."
  signals_jib "$base" "$tar" "$layers/jre,$layers/sbom-signals"
  cp "$layers/sbom-signals/opt/outcrop/outcrop-signals.cdx.json" "${tar%.tar}.cdx.json"
  report "$tar" "outcrop-signals:$image_version"
}

# signals_jib BASE TAR FOLDERS [OPTION ...]
signals_jib() {
  local base=$1 tar=$2 folders=$3
  shift 3
  jib k8s outcrop-signals "$base" "$tar" "$(joined "${common_flags[@]}" "${signals_flags[@]}")" \
    "PATH=/opt/jre/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin,JAVA_HOME=/opt/jre,HOME=/tmp" \
    --config,/etc/outcrop/signals.yaml "$folders" -Djib.container.ports=8082,9091,6443 "-Djib.to.image=outcrop-signals:$image_version" "$@"
}

report() {
  printf '%s\n  name    %s\n  size    %s bytes\n  sha256  %s\n  image   %s\n  digest  %s\n' "$1" "$2" "$(wc -c <"$1" | tr -d ' ')" \
    "$(sha256sum "$1" | cut -d' ' -f1)" "$(cat "${1%.tar}.id")" "$(cat "${1%.tar}.digest")"
}
