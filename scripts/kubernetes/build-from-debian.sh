#!/usr/bin/env bash
# Builds real Kubernetes programs from Debian 12's own source package, so that tests meet a real API server on a
# machine that reaches nothing but a Debian mirror. About five minutes on two cores; does nothing when done before.
#
#   scripts/kubernetes/build-from-debian.sh [program …]     all of $PROGRAMS when none is named
#   RACKWRIGHT_KUBERNETES   where they go (default ~/.cache/rackwright/kubernetes-1.20.2)
#
# Root is needed only when a build dependency is missing. The machine's own apt sources stay as they are.
set -euo pipefail

readonly VERSION=1.20.2
readonly PROGRAMS='kube-apiserver kube-controller-manager kube-scheduler kubelet kubeadm kubectl'
readonly DEPENDENCIES='golang-1.19-go dpkg-dev golang-github-modern-go-reflect2-dev etcd-server'
readonly target=${RACKWRIGHT_KUBERNETES:-$HOME/.cache/rackwright/kubernetes-$VERSION}
readonly wanted=${*:-$PROGRAMS}

say() { printf '%s  %s\n' "$(date +%H:%M:%S)" "$*"; }
die() { printf 'build-from-debian: %s\n' "$*" >&2; exit 1; }

all_built() {
  local program
  for program in $wanted; do [[ -f $target/.done-$program ]] || return 1; done
}

require_debian_12() {
  grep -qx 'ID=debian' /etc/os-release 2>/dev/null && grep -qx 'VERSION_CODENAME=bookworm' /etc/os-release ||
    die "needs Debian 12 (its source package is what we build). Elsewhere set KUBEBUILDER_ASSETS to a folder with kube-apiserver, etcd and kubectl."
}

install_dependencies() {
  local package missing=()
  for package in $DEPENDENCIES; do
    [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) == 'install ok installed' ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  [[ $(id -u) == 0 ]] || die "as root: apt-get install --no-install-recommends ${missing[*]}"
  say "installing ${missing[*]}"
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

# Every option a private one: lists, cache and sources of its own, so no file of the machine's apt is touched.
private_apt() {
  apt-get -o Dir::Etc::sourcelist="$work/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::State::lists="$work/apt/lists" -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User=root \
    -o Acquire::Languages=none -o Acquire::Retries=3 -q "$@"
}

# Asks apt itself which mirror serves bookworm main: that understands every format of sources there is.
write_private_sources() {
  mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
  apt-get indextargets --format '$(REPO_URI)|$(RELEASE)|$(CODENAME)|$(COMPONENT)' 'Created-By: Packages' |
    awk -F'|' -v keyring=/usr/share/keyrings/debian-archive-keyring.gpg '$4 == "main" && ($2 == "bookworm" || $3 == "bookworm") {
      print "deb-src [signed-by=" keyring "] " $1 " bookworm main"; exit }' >"$work/apt/sources.list"
  [[ -s $work/apt/sources.list ]] || die 'the apt sources of this machine hold no bookworm main'
}

fetch_source() {
  write_private_sources
  private_apt update
  (cd "$work" && private_apt source --download-only kubernetes)
  local dsc
  dsc=$(echo "$work"/kubernetes_*.dsc)
  [[ $(basename "$dsc") =~ ^kubernetes_(.*really)?"$VERSION"- ]] || die "Debian's kubernetes is not $VERSION: $(basename "$dsc")"
  mkdir -p "$GOPATH/src/k8s.io"
  dpkg-source --no-check -x "$dsc" "$source" >/dev/null
}

# The vendored reflect2 calls what Go 1.18 took away: kubeadm, kubelet and the API server crash on the first map.
replace_reflect2() {
  rm -rf "$source/vendor/github.com/modern-go/reflect2"
  cp -rL /usr/share/gocode/src/github.com/modern-go/reflect2 "$source/vendor/github.com/modern-go/reflect2"
}

# kube-apiserver needs a generated file that the source package leaves out.
generate_openapi() {
  cd "$source"
  go build -o "$work/openapi-gen" k8s.io/kubernetes/vendor/k8s.io/kube-openapi/cmd/openapi-gen
  local packages
  packages=$(grep -rlE --include='*.go' '^// ?\+k8s:openapi-gen=' pkg staging/src/k8s.io vendor/k8s.io |
    xargs -n1 dirname | sed -e 's#^staging/src/#vendor/#' -e 's#^#k8s.io/kubernetes/#' | sort -u | paste -sd,)
  "$work/openapi-gen" -O zz_generated.openapi -p k8s.io/kubernetes/pkg/generated/openapi \
    -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r /dev/null -i "$packages"
}

# One program at a time, each moved into place whole: a broken run keeps what it finished.
build_programs() {
  cd "$source"
  local program flags='-s -w' package
  for package in component-base/version client-go/pkg/version; do
    local at="k8s.io/kubernetes/vendor/k8s.io/$package"
    flags+=" -X $at.gitVersion=v$VERSION -X $at.gitMajor=1 -X $at.gitMinor=20"
  done
  mkdir -p "$target"
  for program in $wanted; do
    [[ -f $target/.done-$program ]] && continue
    say "building $program"
    go build -ldflags "$flags" -o "$target/.$program.new" "k8s.io/kubernetes/cmd/$program"
    mv "$target/.$program.new" "$target/$program"
    touch "$target/.done-$program"
  done
}

for program in $wanted; do
  [[ " $PROGRAMS kube-proxy " == *" $program "* ]] || die "unknown program $program (known: $PROGRAMS kube-proxy)"
done
if all_built; then say "already built in $target"; exit 0; fi

require_debian_12
install_dependencies
mkdir -p "$target"
exec 9>"$target/.lock"
flock 9 # a second run waits for the first and then finds everything built
if all_built; then say "already built in $target"; exit 0; fi

readonly work=$(mktemp -d "${TMPDIR:-/tmp}/rackwright-kubernetes.XXXXXX")
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
export PATH=/usr/lib/go-1.19/bin:$PATH GOPATH=$work/go GOCACHE=$work/go-cache GO111MODULE=off CGO_ENABLED=0 GOFLAGS=''
readonly source=$GOPATH/src/k8s.io/kubernetes
readonly began=$SECONDS

say 'fetching the source package'
fetch_source
replace_reflect2
say 'generating the OpenAPI definitions'
generate_openapi
build_programs
say "built $wanted in $target, $((SECONDS - began)) s"
