# Builds the stock programs when they are missing or a pin moved. Sourced by scripts/stock.

pins() { cat "$root/scripts/schema/go.mod" "$root/scripts/schema/go.sum" "$parts/etcd/go.mod" "$parts/etcd/go.sum" | sha256sum | cut -d' ' -f1; }

build() {
  [[ -f "$bin/pins" && $(<"$bin/pins") == $(pins) ]] && return
  command -v go >/dev/null || die "building the stock control plane needs Go 1.25 or later (the program go is not there)"
  mkdir -p "$bin"
  exec 9>"$bin/lock"
  flock 9
  [[ -f "$bin/pins" && $(<"$bin/pins") == $(pins) ]] && return
  echo "scripts/stock: building the control plane from Go modules, about five minutes …" >&2
  local release info=k8s.io/component-base/version
  release=$(awk '$1 == "k8s.io/kubernetes" { print $2 } $2 == "k8s.io/kubernetes" { print $3 }' "$root/scripts/schema/go.mod" | head -n 1)
  local minor=${release#v1.}
  (
    cd "$root/scripts/schema"
    CGO_ENABLED=0 nice -n 10 go build -mod=readonly -o "$bin/" \
      -ldflags "-s -w -X $info.gitVersion=$release -X $info.gitMajor=1 -X $info.gitMinor=${minor%%.*}" \
      k8s.io/kubernetes/cmd/{kube-apiserver,kube-controller-manager,kube-scheduler,kubectl}
  )
  (
    cd "$parts/etcd"
    CGO_ENABLED=0 nice -n 10 go build -mod=readonly -ldflags "-s -w" -o "$bin/etcd" go.etcd.io/etcd/server/v3
  )
  pins >"$bin/pins"
  exec 9>&-
}

# kine over SQLite, what k3s keeps its objects in, with SQLite in C. Only for those who ask: it takes minutes more.
build_kine() {
  local pinned
  pinned=$(cat "$parts/kine/go.mod" "$parts/kine/go.sum" | sha256sum | cut -d' ' -f1)
  [[ -f "$bin/kine.pins" && $(<"$bin/kine.pins") == "$pinned" ]] && return
  command -v go >/dev/null || die "building kine needs Go 1.25 or later (the program go is not there)"
  command -v cc >/dev/null || die "building kine needs a C compiler (install the package gcc)"
  mkdir -p "$bin"
  echo "scripts/stock: building kine from Go modules, some minutes …" >&2
  (
    cd "$parts/kine"
    CGO_ENABLED=1 nice -n 10 go build -mod=readonly -ldflags "-s -w" -o "$bin/kine" github.com/k3s-io/kine
  )
  echo "$pinned" >"$bin/kine.pins"
}
