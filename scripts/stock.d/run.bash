# Starts and stops the stock programs. Sourced by scripts/stock.

programs=(etcd kine kube-apiserver kube-controller-manager kube-scheduler)

# Prints COUNT ports that nobody listens on, from below the kernel's own range so that no outgoing connection takes one.
free_ports() {
  local count=$1 port
  while ((count > 0)); do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue
    echo "$port"
    count=$((count - 1))
  done
}

# A process number may have been given to another program since.
running() { [[ -f "$dir/$1.pid" && $(readlink "/proc/$(<"$dir/$1.pid")/exe") == "$bin/$1"* ]]; }

# run NAME ARGUMENT…: in the background, its output in NAME.log
run() {
  local name=$1
  shift
  setsid "$bin/$name" "$@" >"$dir/$name.log" 2>&1 </dev/null &
  echo $! >"$dir/$name.pid"
}

# wait_for NAME URL: until it answers 2xx; gives up when the program ends or after a minute
wait_for() {
  local tries=600
  until curl -fsS --max-time 5 --cacert "$dir/pki/ca.crt" --cert "$dir/pki/admin.crt" --key "$dir/pki/admin.key" "$2" >/dev/null 2>&1; do
    # Not "running": for a moment it is still the shell that starts it.
    kill -0 "$(<"$dir/$1.pid")" 2>/dev/null || die "$1 ended: $(tail -n 3 "$dir/$1.log")"
    tries=$((tries - 1))
    ((tries > 0)) || die "$1 is not ready after a minute; see $dir/$1.log"
    sleep 0.1
  done
}

# stop_after PID: stops everything when this process has ended, however it ended. The "stop" of its owner ends it before.
stop_after() {
  setsid bash -c 'tail --pid="$1" -f /dev/null; exec "$2" stop' _ "$1" "$root/scripts/stock" >/dev/null 2>&1 </dev/null &
  echo $! >"$dir/watcher.pid"
}

start() {
  local what=$1
  [[ $what =~ ^(all|apiserver|accounts|scheduler)$ ]] || die "start takes 'apiserver', 'accounts', 'scheduler' or nothing, not '$what'"
  command -v curl >/dev/null || die "starting needs curl (install the package curl)"
  running kube-apiserver && die "it runs already in $dir; scripts/stock stop first"
  [[ -n ${HUTCH_STOCK_KEEP:-} ]] || rm -rf "$dir"
  mkdir -p "$dir"
  if [[ -n ${HUTCH_STOCK_OWNER:-} ]]; then stop_after "$HUTCH_STOCK_OWNER"; fi
  local ports
  mapfile -t ports < <(free_ports 5)
  [[ -f "$dir/pki/sa.pub" ]] || make_pki
  if [[ $store == kine ]]; then start_kine "${ports[0]}"; else start_etcd "${ports[0]}" "${ports[1]}"; fi
  local server="https://127.0.0.1:${ports[2]}" client
  for client in admin controller-manager scheduler; do write_kubeconfig "$client" "$server"; done
  start_apiserver "$what" "${ports[0]}" "${ports[2]}"
  wait_for kube-apiserver "$server/readyz"
  if [[ $what == all ]]; then start_managers "${ports[3]}" "${ports[4]}"; fi
  # It tells the score that each plugin gave each node.
  if [[ $what == scheduler ]]; then start_scheduler "${ports[4]}" --vmodule schedule_one=10; fi
  echo "$dir/admin.yaml"
}

# start_etcd CLIENT-PORT PEER-PORT
start_etcd() {
  local durability=(--unsafe-no-fsync)
  [[ ${HUTCH_STOCK_FSYNC:-} == 1 ]] && durability=()
  run etcd --data-dir "$dir/etcd" --log-level error "${durability[@]}" \
    --listen-client-urls "http://127.0.0.1:$1" --advertise-client-urls "http://127.0.0.1:$1" \
    --listen-peer-urls "http://127.0.0.1:$2"
  wait_for etcd "http://127.0.0.1:$1/readyz"
}

# start_kine CLIENT-PORT: with its own defaults for SQLite; the apiserver waits for it
start_kine() {
  mkdir -p "$dir/kine"
  (cd "$dir/kine" && run kine --listen-address "127.0.0.1:$1" --metrics-bind-address 0)
}

start_apiserver() {
  local extra=()
  # Nobody makes the default service accounts then.
  [[ $1 == apiserver || $1 == scheduler ]] && extra+=(--disable-admission-plugins=ServiceAccount)
  # shellcheck disable=SC2086 # words of their own
  run kube-apiserver --etcd-servers "http://127.0.0.1:$2" --secure-port "$3" --bind-address 127.0.0.1 \
    --advertise-address 127.0.0.1 --endpoint-reconciler-type none --service-cluster-ip-range 10.96.0.0/16 \
    --client-ca-file "$dir/pki/ca.crt" --tls-cert-file "$dir/pki/apiserver.crt" --tls-private-key-file "$dir/pki/apiserver.key" \
    --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction --enable-bootstrap-token-auth --allow-privileged \
    --service-account-issuer https://kubernetes.default.svc.cluster.local \
    --service-account-key-file "$dir/pki/sa.pub" --service-account-signing-key-file "$dir/pki/sa.key" "${extra[@]}" ${HUTCH_STOCK_FLAGS:-}
}

manager_flags=(--bind-address 127.0.0.1 --leader-elect=false --kube-api-qps 1000 --kube-api-burst 2000)

start_managers() {
  run kube-controller-manager "${manager_flags[@]}" --secure-port "$1" --kubeconfig "$dir/controller-manager.yaml" --cert-dir "$dir/kcm" \
    --use-service-account-credentials --root-ca-file "$dir/pki/ca.crt" --service-account-private-key-file "$dir/pki/sa.key" \
    --cluster-signing-cert-file "$dir/pki/ca.crt" --cluster-signing-key-file "$dir/pki/ca.key" \
    --allocate-node-cidrs --cluster-cidr 10.244.0.0/16 --service-cluster-ip-range 10.96.0.0/16 --controllers '*,bootstrapsigner,tokencleaner'
  start_scheduler "$2"
}

# start_scheduler PORT FLAG…: with the profiles of HUTCH_STOCK_PROFILES, a JSON list, when it is set
start_scheduler() {
  local port=$1 own=("${manager_flags[@]}" --kubeconfig "$dir/scheduler.yaml")
  shift
  if [[ -n ${HUTCH_STOCK_PROFILES:-} ]]; then
    printf '{"apiVersion":"kubescheduler.config.k8s.io/v1","kind":"KubeSchedulerConfiguration","clientConnection":{"kubeconfig":"%s","qps":1000,"burst":2000},"leaderElection":{"leaderElect":false},"profiles":%s}' \
      "$dir/scheduler.yaml" "$HUTCH_STOCK_PROFILES" >"$dir/scheduler.json"
    own=(--bind-address 127.0.0.1 --config "$dir/scheduler.json")
  fi
  run kube-scheduler "${own[@]}" --secure-port "$port" --cert-dir "$dir/scheduler" "$@"
}

stop() {
  local index name pid
  # It leads a group with what it waits in; when it is the one that stops, it is this process.
  if [[ -f "$dir/watcher.pid" && $(<"$dir/watcher.pid") != "$$" ]]; then
    kill -- "-$(<"$dir/watcher.pid")" 2>/dev/null || true
    rm -f "$dir/watcher.pid"
  fi
  for ((index = ${#programs[@]} - 1; index >= 0; index--)); do
    name=${programs[index]}
    running "$name" || continue
    pid=$(<"$dir/$name.pid")
    kill "$pid"
    # The apiserver drains first; nothing here is worth waiting long for.
    for _ in {1..50}; do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -9 "$pid" 2>/dev/null || true
  done
  [[ -n ${HUTCH_STOCK_KEEP:-} ]] || rm -rf "$dir"
}

print_env() {
  running kube-apiserver || die "it does not run in $dir; scripts/stock start first"
  printf 'export KUBECONFIG=%q\nKUBECTL=%q\nSTOCK_SERVER=%q\n' "$dir/admin.yaml" "$bin/kubectl" \
    "$(sed -n 's/.*server: "\([^"]*\)".*/\1/p' "$dir/admin.yaml")"
}

status() {
  local name
  for name in "${programs[@]}"; do
    if running "$name"; then echo "$name runs, process $(<"$dir/$name.pid")"; else echo "$name does not run"; fi
  done
}
