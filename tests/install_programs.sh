#!/usr/bin/env bash
# The programs that the tests need and pip cannot bring: Chromium for the browser tests, Node.js with npm for tests/js.
# What is there is left alone; what is missing comes from apt-get where that is possible, else the message says what to do.
set -euo pipefail

has_chromium() {
    [ -n "${ADKIT_CHROMIUM:-}" ] && [ -x "${ADKIT_CHROMIUM}" ] && return 0
    command -v chromium chromium-browser google-chrome >/dev/null 2>&1
}

has_node() {
    command -v node >/dev/null 2>&1 && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ]
}

has_npm() {
    command -v npm >/dev/null 2>&1
}

missing=()
has_chromium || missing+=(chromium)
has_node || missing+=(nodejs)
has_npm || missing+=(npm)
[ "${#missing[@]}" -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo -n)
fi
if command -v apt-get >/dev/null 2>&1 && "${as_root[@]}" true 2>/dev/null; then
    echo "Installing ${missing[*]} with apt-get"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

ok=0
has_chromium || {
    echo "The browser tests need Chromium. Install it, or name one: ADKIT_CHROMIUM=/path/to/chromium make test" >&2
    ok=1
}
has_node || {
    echo "tests/js needs Node.js 20 or newer on the PATH (https://nodejs.org)" >&2
    ok=1
}
has_npm || {
    echo "The tests under Pyodide need npm on the PATH (it comes with Node.js)" >&2
    ok=1
}
exit "$ok"
