# Sourced by the images' build scripts: a root folder out of the distribution's packages, and an image out of that.
# The script has set: work (a folder of its own) and suite (a release of Debian, or empty for this machine's).

fail() { echo "build: $1" >&2; exit 69; }

# The first container runtime that answers.
choose_runtime() {
    local candidate
    for candidate in docker podman; do
        if command -v "$candidate" >/dev/null && "$candidate" info >/dev/null 2>&1; then echo "$candidate"; return; fi
    done
    fail "neither docker nor podman answers"
}

require_apt() {
    local tool
    for tool in apt-get dpkg-deb tar; do
        command -v "$tool" >/dev/null || fail "$tool is missing: this needs Debian or Ubuntu"
    done
}

# Fetches the package lists. Lists and cache of its own: no lock of the system's, and no hook that deletes what was
# downloaded.
update_packages() {
    mkdir -p "$work"/{lists/partial,archives/partial,etc,debs,root}
    apt_options=(-qq -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work" -o Dir::Cache::Archives="$work/archives"
        -o Debug::NoLocking=true -o APT::Sandbox::User= -o APT::Update::Post-Invoke::=)
    if [ -n "$suite" ]; then
        # The mirror is the one that the system takes its main archive from; the keyring is checked as always.
        local mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
        mirror=$(apt-get indextargets --format '$(REPO_URI)' | awk '!/security|updates|backports/ && !seen { print; seen = 1 }')
        [ -n "$mirror" ] && [ -f "$keyring" ] || fail "--suite needs a Debian with its archive's keyring; this machine has none"
        echo "deb [signed-by=$keyring] $mirror $suite main" >"$work/etc/sources.list"
        apt_options+=(-o Dir::Etc::SourceList="$work/etc/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State::status=/dev/null)
    fi
    echo "the package lists${suite:+ of $suite}"
    apt-get "${apt_options[@]}" update
}

# unpack PACKAGE…: they, the libraries that they need and those libraries' own, into $work/root.
unpack() {
    local packages=("$@") root=$work/root at library package folder
    for ((at = 0; at < ${#packages[@]}; at++)); do
        while read -r library; do
            case " ${packages[*]} " in *" $library "*) ;; *) packages+=("$library") ;; esac
        done < <(apt-cache "${apt_options[@]}" depends --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "${packages[at]}" \
            | sed -nE 's/^ *\|?(Pre)?Depends: ((lib|zlib)[^ <]*)$/\2/p')
    done
    echo "downloading ${packages[*]}"
    (cd "$work/debs" && apt-get "${apt_options[@]}" download "${packages[@]}")
    # The links of a merged /usr, before anything is unpacked through them.
    mkdir -p "$root"/usr/{bin,sbin,lib,lib64} "$root"/{etc,run,tmp}
    for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$root/$folder"; done
    for package in "$work"/debs/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -x -C "$root" --keep-directory-symlink --no-same-owner
    done
    rm -rf "$root"/usr/share/{doc,man,locale,lintian}
    chmod 1777 "$root/tmp"
    echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
    echo 'root:x:0:0:root:/:/bin/sh
www-data:x:33:33:www-data:/var/www:/bin/false
nobody:x:65534:65534:nobody:/:/bin/false' >"$root/etc/passwd"
    echo 'root:x:0:
adm:x:4:
www-data:x:33:
nogroup:x:65534:' >"$root/etc/group"
}

# busybox_links NAME…: what of busybox is there under its own name.
busybox_links() {
    local name
    for name in "$@"; do ln -sf busybox "$work/root/usr/bin/$name"; done
}

# import_image RUNTIME TAG CHANGE…: the root folder as an image, with changes as a Dockerfile has them.
import_image() {
    local runtime=$1 tag=$2 change changes=()
    shift 2
    for change in "$@"; do changes+=(--change "$change"); done
    tar -C "$work/root" --owner=0 --group=0 -c . | "$runtime" import "${changes[@]}" - "$tag" >/dev/null
}
