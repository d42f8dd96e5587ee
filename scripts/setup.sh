#!/bin/sh
# Installs what a command of this project needs and is missing: npm packages, and Debian packages by apt-get.
#
#   sh scripts/setup.sh demo|test|check|bench|start
#
# Called by the npm scripts. What is there is skipped, so the second run takes a fraction of a second.
set -eu
cd "$(dirname "$0")/.."

what="${1:-}"
PATH="$PWD/node_modules/.bin:$PATH"
packages=''

say() { echo "setup: $*" >&2; }
fail() {
  say "$*"
  exit 1
}

# Any of the programs $2... is enough; if none is there, the Debian package $1 is wanted.
need() {
  package="$1"
  shift
  for program in "$@"; do
    if command -v "$program" >/dev/null 2>&1; then return; fi
  done
  packages="$packages $package"
}

# Debian's Chromium has no emoji of its own, and draws empty boxes for the colours of cards; others bring a font with them.
need_emoji() {
  if ! command -v apt-get >/dev/null 2>&1; then return; fi
  if [ -e /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf ]; then return; fi
  packages="$packages fonts-noto-color-emoji"
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    fail "cannot install$packages: run as root, or install sudo, or ask your administrator for these packages."
  fi
}

# SYSTEMD_OFFLINE (systemd) and RUNLEVEL=1 (sysvinit) keep the packages' own services from being started:
# this project starts its own private servers and leaves those of the machine alone.
apt_install() {
  # shellcheck disable=SC2086 # a list of words
  as_root env DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1 RUNLEVEL=1 \
    apt-get install --yes --quiet --no-install-recommends -o DPkg::Lock::Timeout=120 $packages >&2
}

apt_update() { as_root apt-get update --quiet -o DPkg::Lock::Timeout=120 >&2; }

# The services that just came with the packages stay off at the next boot too. Best effort: not every system has systemd.
services_off() {
  command -v systemctl >/dev/null 2>&1 || return 0
  for package in $packages; do
    case "$package" in
      redis-server | haproxy | prometheus-alertmanager) as_root systemctl disable "$package" >/dev/null 2>&1 || true ;;
      nagios4-core) as_root systemctl disable nagios4 >/dev/null 2>&1 || true ;;
    esac
  done
}

# Ubuntu's chromium packages only fetch a snap, which cannot run in a container or read /tmp.
without_ubuntu_snaps() {
  grep -qs '^ID=ubuntu' /etc/os-release || return 0
  case "$packages" in *chromium*) ;; *) return 0 ;; esac
  say 'no Chromium or Chrome found; on Ubuntu install Google Chrome (https://www.google.com/chrome) for the browser tests.'
  packages="$(echo "$packages" | sed 's/ chromium//')"
  if [ "${CI:-}" = true ]; then exit 1; fi
}

# Without apt-get somebody else has to install; only what nothing works without stops us here.
tell_by_hand() {
  say "please install these programs (Debian's names):$packages"
  say 'with Homebrew: brew install redis flock bind haproxy nagios; Fedora: dnf install redis util-linux bind-utils haproxy nagios chromium'
  case "$packages" in *redis-server* | *curl*) exit 1 ;; esac
  if [ "${CI:-}" = true ]; then exit 1; fi
  say 'going on without them: the tests that need one will say so.'
}

system_packages() {
  without_ubuntu_snaps
  if [ -z "$packages" ]; then return; fi
  if ! command -v apt-get >/dev/null 2>&1; then
    tell_by_hand
    return
  fi
  say "installing Debian packages:$packages"
  # shellcheck disable=SC2086
  if ! apt-cache show $packages >/dev/null 2>&1; then apt_update; fi
  # A mirror that has moved on answers 404 for what an old list names: read the list again, once.
  if ! apt_install; then
    apt_update
    apt_install || fail "apt-get could not install$packages; its message is above."
  fi
  services_off
}

# True when what the lock file of the directory $1 names is installed there.
npm_packages_in() {
  [ -f "$1/node_modules/.package-lock.json" ] &&
    [ -z "$(find "$1/package-lock.json" -newer "$1/node_modules/.package-lock.json")" ]
}

npm_packages() {
  if npm_packages_in .; then return; fi
  say 'installing npm packages (npm ci)'
  npm ci --no-progress --loglevel=error >&2
}

# 365 MB that only the tests of the queues need: a package of its own, so that nothing else has to carry it.
azurite() {
  if npm_packages_in scripts/azurite; then return; fi
  say 'installing Azurite, which serves storage queues to the tests (npm ci in scripts/azurite)'
  if (cd scripts/azurite && npm ci --ignore-scripts --no-progress --loglevel=error >&2); then return; fi
  if [ "${CI:-}" = true ]; then fail 'npm could not install Azurite; its message is above.'; fi
  say 'going on without Azurite: the tests that need it will say so.'
}

right_node() {
  version="$(node --version 2>/dev/null || echo none)"
  major="${version#v}"
  major="${major%%.*}"
  case "$major" in
    '' | *[!0-9]*) ;;
    *) if [ "$major" -ge 26 ]; then return; fi ;;
  esac
  fail "Node 26 is needed and '$version' was found. It comes with the npm packages on Linux and macOS (glibc;
x64, arm64), unless they were installed with --omit=optional: run \`npm ci --include=optional\`.
On another system install Node 26 or newer from https://nodejs.org and run this again."
}

case "$what" in
  demo)
    need redis-server redis-server
    need curl curl
    need util-linux flock
    need bind9-dnsutils dig
    need haproxy haproxy /usr/sbin/haproxy
    ;;
  test)
    need redis-server redis-server
    need curl curl
    need util-linux flock
    need bind9-dnsutils dig
    need haproxy haproxy /usr/sbin/haproxy
    need nagios4-core nagios4 /usr/sbin/nagios4 nagios
    need nagios4-cgi /usr/lib/cgi-bin/nagios4/cmd.cgi
    need chromium chromium chromium-browser google-chrome google-chrome-stable
    need_emoji
    ;;
  bench)
    need redis-server redis-server
    need prometheus-alertmanager prometheus-alertmanager alertmanager
    ;;
  check | start) ;;
  *) fail 'usage: sh scripts/setup.sh demo|test|check|bench|start' ;;
esac

system_packages
npm_packages
if [ "$what" = test ]; then azurite; fi
right_node
