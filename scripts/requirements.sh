# Sourced by ./test and ./run: what they need of the machine, installed where that can be done for the user.

fail() {
  echo "error: $*" >&2
  exit 1
}

apt_install() { # apt_install PACKAGE...
  [ "$(id -u)" = 0 ] || fail "$* missing. As root: apt-get install $*"
  command -v apt-get >/dev/null || fail "$* missing, and there is no apt-get to install them with"
  echo "== installing $*"
  apt-get -qq update || echo "apt-get update failed; trying with the lists at hand" >&2
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >/dev/null
}

need_cargo() {
  [ -f "$HOME/.cargo/env" ] && . "$HOME/.cargo/env"
  command -v cargo >/dev/null ||
    fail "cargo is missing. Install Rust with rustup (the Rust project's pages say how; Debian 12's own cargo is too old).
       The toolchain that rust-toolchain.toml names then comes by itself"
  cargo --version >/dev/null ||
    fail "cargo does not run here. The toolchain that rust-toolchain.toml names may be missing: rustup toolchain install"
}

# A linker, and compilers for what ring and aws-lc-rs (C) and libFuzzer (C++) bring along.
need_compilers() {
  command -v cc >/dev/null && command -v c++ >/dev/null || apt_install gcc g++ libc6-dev
}

need_cargo_tool() { # need_cargo_tool NAME: cargo-NAME
  cargo "$1" --version >/dev/null 2>&1 && return 0
  echo "== installing cargo-$1 (some minutes, once)"
  # Unoptimised: with their own release settings they take several times as long to build, and no time to run either way.
  CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --locked --debug "cargo-$1" || fail "cargo install cargo-$1 failed"
}
