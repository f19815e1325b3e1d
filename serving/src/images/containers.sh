# A Docker engine with the images in it, for `outcrop test --long`, which this file is a part of. Sets what the
# tests look for; where there can be no engine it says why, and they are skipped.

engine=$root/target/images/docker

start_containers() {
  if ! command -v docker >/dev/null 2>&1; then
    say "no tests of the images: there is no docker command"
    return
  fi
  if ! docker version >/dev/null 2>&1; then
    if [ "$(id -u)" != 0 ] || ! command -v dockerd >/dev/null 2>&1; then
      say "no tests of the images: no Docker engine answers, and starting one needs root and dockerd"
      return
    fi
    say "starting a Docker engine ..."
    mkdir -p "$engine"
    export DOCKER_HOST=unix://$engine/sock
    # Published ports stay on this machine; overlay2 needs a file system such as ext4 below the folder.
    set -m
    dockerd --ip 127.0.0.1 --storage-driver=overlay2 --data-root "$engine/data" --exec-root "$engine/exec" \
      --pidfile "$engine/pid" -H "$DOCKER_HOST" >"$engine/log" 2>&1 &
    dockerd=$!
    set +m
    trap stop_containers EXIT
    local tries=0
    until docker version >/dev/null 2>&1; do
      tries=$((tries + 1))
      if [ $tries -gt 60 ] || ! kill -0 "$dockerd" 2>/dev/null; then
        say "no tests of the images: the Docker engine does not start; its log is $engine/log"
        return
      fi
      sleep 1
    done
  fi
  if [ ! -f "$images/base.tar" ] && { [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null 2>&1; }; then
    say "no tests of the images: making a base needs root and debootstrap"
    return
  fi
  # Processes of their own: where one fails, it ends at once, and the other tests are run.
  if ! "$root/outcrop" images >&2 || ! "$root/outcrop" images --signals >&2 ||
    ! docker load -q -i "$images/outcrop-serving-cpu.tar" >&2 || ! docker load -q -i "$images/outcrop-signals.tar" >&2; then
    say "no tests of the images: they could not be built and loaded"
    return
  fi
  # Its helper container would have to be pulled. What a killed test leaves, and the images, stay in target/images/docker,
  # or in the engine that was there before.
  export TESTCONTAINERS_RYUK_DISABLED=true TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1 "OUTCROP_TEST_IMAGE=outcrop-serving:$image_version-cpu" \
    "OUTCROP_TEST_SIGNALS_IMAGE=outcrop-signals:$image_version"
}

# Ends the engine that was started here, if there is one.
stop_containers() {
  if [ -n "${dockerd:-}" ]; then
    kill "$dockerd" 2>/dev/null || true
    wait "$dockerd" 2>/dev/null || true
    umount "$engine/exec/netns/default" 2>/dev/null || true
    dockerd=
  fi
}
