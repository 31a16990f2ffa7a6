# Sourced by the scripts beside it: installs what they need, says what it does, does nothing twice.
# Functions: need_packages NAME…, want_kubectl, need_bun, need_modules. Sets $root and puts the pinned Bun first on PATH.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# "su" without "-" leaves these out, and dpkg, nft and ip live there.
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf 'hutch: %s\n' "$*" >&2; exit 1; }

# missing_packages NAME…: those that are not installed.
missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
  done
}

# Debian packages, by name. An ordinary user is told the one command to run instead.
need_packages() {
  local missing complaint
  command -v apt-get >/dev/null || die "this is no Debian (no apt-get): install what these packages hold by hand: $*"
  missing=$(missing_packages "$@" | paste -sd ' ')
  [ -n "$missing" ] || return 0
  [ "$(id -u)" = 0 ] ||
    die "missing Debian packages; as root, run: apt-get update && apt-get install -y --no-install-recommends $missing"
  say "installing $missing"
  export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
  # The lists may never have been fetched, or be older than the archive.
  apt_install $missing >/dev/null 2>&1 && return 0
  apt-get update -q >/dev/null || die "apt-get update failed: is a package mirror or an offline repository configured?"
  complaint=$(apt_install $missing 2>&1 >/dev/null) && return 0
  printf '%s\n' "$complaint" >&2
  die "could not install $missing; is the network up, and a package mirror or an offline repository configured?"
}

apt_install() { apt-get install -y -q --no-install-recommends "$@"; }

# kubectl, where the archive has one that is young enough (Debian 13 does) and nothing else brought it. Going on without is fine.
want_kubectl() {
  local candidate
  command -v kubectl >/dev/null && return 0
  candidate=$(LC_ALL=C apt-cache policy kubernetes-client 2>/dev/null | sed -n 's/^  Candidate: //p')
  if [ -n "$candidate" ] && dpkg --compare-versions "$candidate" ge 1.30; then
    (need_packages kubernetes-client) && return 0
  fi
  say "no kubectl here, and none in this Debian's archive: any from 1.30 on will do, see https://kubernetes.io/docs/tasks/tools"
}

# The Bun of .bun-version, from its npm package, into .cache/bun. One that is already on PATH is used when it is the same.
need_bun() {
  local version; version=$(cat .bun-version)
  if [ "$(bun --version 2>/dev/null || true)" != "$version" ]; then
    if [ ! -x ".cache/bun/node_modules/.bin/bun" ] || [ "$(.cache/bun/node_modules/.bin/bun --version)" != "$version" ]; then
      command -v npm >/dev/null || need_packages npm
      say "fetching Bun $version"
      mkdir -p .cache/bun
      npm install --prefix .cache/bun --no-save --no-audit --no-fund --loglevel=error "bun@$version" >/dev/null ||
        die "could not fetch Bun $version; does 'npm view bun@$version version' reach a package registry?"
      keep_owner .cache
    fi
    export PATH="$root/.cache/bun/node_modules/.bin:$PATH"
  fi
}

# What package.json pins, exactly as bun.lock has it.
need_modules() {
  [ node_modules/.hutch-lock -nt bun.lock ] && return 0
  say "installing node modules"
  bun install --frozen-lockfile --silent ||
    die "could not install the node modules of bun.lock; does 'npm ping' reach a package registry?"
  touch node_modules/.hutch-lock
  keep_owner node_modules
}

# keep_owner PATH: what root has made in somebody's checkout is theirs, so that they can go on without root.
keep_owner() {
  if [ "$(id -u)" = 0 ]; then chown -R --reference=. "$1"; fi
}
