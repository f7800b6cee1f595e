# shellcheck shell=sh
# apt.sh - what setup and debian-parts know about apt.  Sourced, not run.
#
# Invariant: nothing here changes how the machine's own apt is set up.  A suite that the machine
# does not use (backports, arm64) is read through a configuration of our own, in a directory that the
# caller names, from the mirror that the machine itself uses.

# apt_codename: bookworm, trixie, ...; empty where this is not Debian.
apt_codename() {
	[ -r /etc/os-release ] || return 0
	# shellcheck disable=SC1091
	(. /etc/os-release && [ "${ID:-}" = debian ] && printf '%s\n' "${VERSION_CODENAME:-}") || :
}

# apt_entries: every enabled binary source of this machine, one a line: URI SUITE SIGNED-BY COMPONENTS...
# Reads both forms: one-line (.list) and deb822 (.sources).  "-" stands for no Signed-By.
apt_entries() {
	for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -r "$f" ] && cat "$f" && echo
	done | awk '
	$1 == "deb" {
		key = "-"; i = 2
		if ($2 ~ /^\[/) {			# [option=value ...] may hold blanks
			for (; i <= NF; i++) {
				o = $i; gsub(/[][]/, "", o)
				if (o ~ /^signed-by=/) key = substr(o, 11)
				if ($i ~ /\]$/) { i++; break }
			}
		}
		line = $i " " $(i + 1) " " key
		for (j = i + 2; j <= NF && $j !~ /^#/; j++) line = line " " $j
		print line
	}'
	for f in /etc/apt/sources.list.d/*.sources; do
		[ -r "$f" ] && cat "$f" && echo
	done | awk '
	function flush(   u, s, i, j, nu, ns) {
		if (v["types"] ~ /(^| )deb( |$)/ && tolower(v["enabled"]) !~ /^no|^false|^0/) {
			key = v["signed-by"] ~ /^\// ? v["signed-by"] : "-"
			nu = split(v["uris"], u, " "); ns = split(v["suites"], s, " ")
			for (i = 1; i <= nu; i++) for (j = 1; j <= ns; j++)
				print u[i], s[j], key, v["components"]
		}
		split("", v); field = ""
	}
	/^#/ { next }
	/^[ \t]*$/ { flush(); next }
	/^[ \t]/ { if (field != "") { sub(/^[ \t]+/, ""); v[field] = v[field] " " $0 } next }
	{
		field = tolower(substr($0, 1, index($0, ":") - 1))
		value = substr($0, index($0, ":") + 1); gsub(/^[ \t]+|[ \t]+$/, "", value)
		v[field] = value
	}
	END { flush() }'
}

# apt_mirror: "URI SIGNED-BY" of the source from which this machine has its own Debian.
apt_mirror() {
	apt_entries | awk -v code="$(apt_codename)" '
	$1 !~ /^cdrom:/ && ($2 == code || $2 ~ /^(old)*stable$/) && / main( |$)/ && !found {
		print $1, $3; found = 1
	}'
}

# apt_sources SUITE...: a deb822 stanza for these suites of our mirror, of the components that
# $apt_components lists (main); fails where there is no mirror.
apt_sources() {
	mirror=$(apt_mirror)
	[ -n "$mirror" ] || return 1
	printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: %s\n' "${mirror% *}" "$*" "${apt_components:-main}"
	[ "${mirror#* }" = - ] || printf 'Signed-By: %s\n' "${mirror#* }"
}

# ---- arm64: of the caller, $parts is the directory of lists and cache (apt/), say and fail speak ----

# The suite whose Linux is at least 6.12, the release that Newel's ABI speaks of.
linux_suite() {
	case $(apt_codename) in
	bookworm) echo bookworm-backports ;;
	*) apt_codename ;;
	esac
}

# shellcheck disable=SC2154 # parts is the caller's
# arm64 apt-TOOL ARGUMENTS...: apt as an arm64 machine of our own would run it, as the user who called.
arm64() {
	tool=$1
	shift
	"$tool" -q -oAPT::Architecture=arm64 -oAPT::Architectures=arm64 \
		-oDir::Etc::SourceList="$parts/apt/debian.sources" -oDir::Etc::SourceParts=/dev/null \
		-oDir::State::Lists="$parts/apt/lists" -oDir::State::status=/dev/null \
		-oDir::Cache="$parts/apt/cache" -oAPT::Sandbox::User=root -oDebug::NoLocking=1 "$@"
}

read_lists() {
	mkdir -p "$parts/apt/lists/partial" "$parts/apt/cache/archives/partial"
	if [ "$(linux_suite)" = "$(apt_codename)" ]; then
		set -- "$(apt_codename)"
	else
		set -- "$(apt_codename)" "$(linux_suite)"
	fi
	# Programs are of main; the one part that is not free software has a component of its own.
	apt_components='main non-free-firmware' apt_sources "$@" >"$parts/apt/new.sources" ||
		fail "no Debian mirror among this machine's apt sources"
	cmp -s "$parts/apt/new.sources" "$parts/apt/debian.sources" && [ -e "$parts/apt/fresh" ] && return 0
	mv "$parts/apt/new.sources" "$parts/apt/debian.sources"
	say "reading Debian's arm64 package lists"
	arm64 apt-get update >"$parts/apt/log" 2>&1 || {
		tail -n 5 "$parts/apt/log" >&2
		fail "apt-get update failed"
	}
	: >"$parts/apt/fresh"
}
