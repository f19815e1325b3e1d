#!/usr/bin/env bash
# Makes a full report of this machine: cpu.sh FOLDER [STEP...], from the repository's root. The folder gets a result of each step
# and, by the last, report.json and report.html. Steps are load-demo load-229m load-1b engine-229m engine-1b micro dollars report;
# all of them without a name. The embedded model answers so many requests that its client needs a core: it gets one, and the
# server another. Of larger models the server has all cores and the client takes next to nothing of them.
set -euo pipefail
if [ $# -eq 0 ]; then
  echo "usage: cpu.sh FOLDER [STEP...]" >&2
  exit 2
fi
out=$(mkdir -p "$1" && cd "$1" && pwd)
shift
steps=${*:-load-demo load-229m load-1b engine-229m engine-1b micro dollars report}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${OUTCROP_PEERS:-$root/.outcrop/peers}
port=18080
export OPENAI_API_KEY= AWS_BEARER_TOKEN_BEDROCK=

checkpoint() { # SHAPE -> the folder of random weights, which Python makes
  "$root/bench/src/main/peers/setup.sh" "$cache" python >&2
  "$root/bench/src/main/peers/setup.sh" "$cache" checkpoint "$1" "llama-${1//,/-}" | tail -n 1
}

load() { # NAME FOLDER SCENARIO [CORE-OF-SERVER CORE-OF-CLIENT]
  local on=() from=()
  if [ $# -gt 3 ]; then on=(taskset -c "$4") from=(taskset -c "$5"); fi
  ${on[@]+"${on[@]}"} "$root/outcrop" serve --model "$2" --id "$1" --port $port --management-port $((port + 1)) >"$out/$1.log" 2>&1 &
  local server=$! tries=0
  trap 'kill $server 2>/dev/null || true' EXIT
  until curl -fs "http://127.0.0.1:$((port + 1))/readyz" >/dev/null 2>&1; do
    kill -0 $server && [ $((tries += 1)) -lt 600 ] || { cat "$out/$1.log" >&2; exit 1; }
    sleep 0.5
  done
  # 3: a point whose client lagged is in the result, marked
  ${from[@]+"${from[@]}"} "$root/outcrop" bench load --target http://127.0.0.1:$port --model "$1" --scenario "$here/$3.yaml" \
    --metrics http://127.0.0.1:$((port + 1))/metrics >"$out/load-$1.json" || [ $? -eq 3 ]
  kill $server && wait $server || true
  trap - EXIT
}

shape229m=1024,12,16,4,3584,32000
shape1b=2048,16,32,8,8192,128256
for step in $steps; do
  echo "== $step, load average $(cut -d' ' -f1 /proc/loadavg)" >&2
  case $step in
    load-demo) load demo "$root/models/demo/model" sweep-demo 0 1 ;;
    load-229m) load 229m "$(checkpoint $shape229m)" sweep-229m ;;
    load-1b) load 1b "$(checkpoint $shape1b)" sweep-1b ;;
    engine-229m) "$root/outcrop" bench engine --shape $shape229m --batch 1,16,32 --steps 24 --repeats 3 --prompt 512 >"$out/engine-229m.json" ;;
    engine-1b) "$root/outcrop" bench engine --shape $shape1b --batch 1,16,32 --steps 12 --repeats 1 --prompt 512 >"$out/engine-1b.json" ;;
    micro) "$root/outcrop" bench micro --forks 1 >"$out/micro.json" ;;
    dollars)
      "$root/outcrop" bench dollars --model meta.llama3-1-8b-instruct --html "$out/dollars-8b.html" >"$out/dollars-8b.json"
      "$root/outcrop" bench dollars --model meta.llama3-1-70b-instruct --html "$out/dollars-70b.html" >"$out/dollars-70b.json"
      ;;
    report)
      results=()
      for name in load-demo load-229m load-1b engine-229m engine-1b micro dollars-8b dollars-70b; do
        if [ -e "$out/$name.json" ]; then results+=("$out/$name.json"); fi
      done
      "$root/outcrop" bench report "${results[@]}" --html "$out/report.html" --json "$out/report.json"
      ;;
    *) echo "cpu.sh knows no step '$step'" >&2; exit 2 ;;
  esac
done
