# Where this machine's apt gets Debian from, and how to fetch a package of any suite from there. Sourced by the build scripts.
#
# No mirror is named in this repository: a site has its own, and apt already knows it.

# debian_mirror archive|security: the base address, as apt resolved it from its sources.
debian_mirror() {
  case $1 in
  archive) label=Debian ;;
  security) label=Debian-Security ;;
  esac
  # shellcheck disable=SC2016 # the $(…) are apt's own placeholders
  apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' |
    awk -v label="$label" '$1 == label && !seen { print $2; seen = 1 }'
}

# fetch_debs SUITE FOLDER PACKAGE…: downloads and unpacks packages of SUITE (not their dependencies) into FOLDER.
# Uses an apt state of its own, so the machine's package lists stay as they are.
fetch_debs() {
  suite=$1 folder=$2
  shift 2
  state=$folder.apt
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/debs" "$folder"
  archive=$(debian_mirror archive) security=$(debian_mirror security)
  [ -n "$archive" ] || { echo "apt's sources name no Debian archive" >&2; return 1; }
  signed='signed-by=/usr/share/keyrings/debian-archive-keyring.gpg'
  {
    echo "deb [$signed] $archive $suite main"
    echo "deb [$signed] $archive $suite-updates main"
    [ -z "$security" ] || echo "deb [$signed] $security $suite-security main"
  } >"$state/sources.list"
  apt_options="-o Dir::Etc::SourceList=$state/sources.list -o Dir::Etc::SourceParts=- -o Dir::State::Lists=$state/lists
    -o Dir::Cache=$state/cache -o APT::Sandbox::User=root -o APT::Default-Release= -qq"
  # shellcheck disable=SC2086 # a list of options
  apt-get $apt_options update
  for name; do
    case $name in
    # a name that only points at the kernel of the day
    linux-image-amd64 | linux-image-cloud-amd64)
      # shellcheck disable=SC2086
      name=$(apt-cache $apt_options depends "$name" | awk '/Depends:/ && !n { n = 1; print $2 }')
      ;;
    esac
    # shellcheck disable=SC2086
    (cd "$state/debs" && apt-get $apt_options download "$name")
  done
  for deb in "$state"/debs/*.deb; do dpkg-deb -x "$deb" "$folder"; done
  rm -rf "$state"
}
