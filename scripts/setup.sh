# Sourced by the scripts beside it: installs what they need, says what it does, does nothing twice.
# Functions: need_packages NAME…, want_package NAME VERSION, need_bun, need_modules. Sets $root and puts the pinned Bun first on PATH.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf 'hutch: %s\n' "$*" >&2; exit 1; }

# Debian packages, by name. An ordinary user is told the one command to run instead.
need_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  [ "$(id -u)" = 0 ] || die "missing Debian packages; run: sudo apt-get install --no-install-recommends ${missing[*]}"
  say "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null 2>&1 && return 0
  apt-get update -q >/dev/null || die "apt-get update failed: is a package mirror or an offline repository configured?"
  apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null || die "could not install ${missing[*]}"
}

# A Debian package that is good to have, where the archive has it in this version or a later one.
want_package() {
  local candidate
  candidate=$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p')
  [ -n "$candidate" ] && dpkg --compare-versions "$candidate" ge "$2" || return 0
  need_packages "$1"
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
        die "could not install Bun $version from npm"
    fi
    export PATH="$root/.cache/bun/node_modules/.bin:$PATH"
  fi
}

# What package.json pins, exactly as bun.lock has it.
need_modules() {
  [ node_modules/.hutch-lock -nt bun.lock ] && return 0
  say "installing node modules"
  bun install --frozen-lockfile --silent || die "could not install the node modules of bun.lock"
  touch node_modules/.hutch-lock
}
