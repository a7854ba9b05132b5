# shellcheck shell=bash
# Roots of Debian in folders, for the scripts of this folder, which source it after lib.sh.

# make_root FOLDER: a minimal Debian 12 from the archive that this machine's apt uses, with /proc, /dev/shm and the network's names.
make_root() {
  local archive
  archive="$(apt-cache policy | sed -n 's/^ *500 \(http[^ ]*\) bookworm\/main .*/\1/p' | head -1)"
  debootstrap --variant=minbase bookworm "$1" "${archive:-http://deb.debian.org/debian}" >"$1.log" 2>&1 ||
    { tail -20 "$1.log" >&2; die "debootstrap fails, see above"; }
  # The archive is reached in the way that this machine reaches it.
  cp /etc/resolv.conf "$1/etc/resolv.conf"
  cp -R /etc/apt/apt.conf.d/. "$1/etc/apt/apt.conf.d/"
  mount_root "$1"
  chroot "$1" apt-get update -qq </dev/null
  du -sh "$1" 2>/dev/null | cut -f1 || true
}
mount_root() {
  mount -t proc proc "$1/proc"
  mount -t tmpfs -o size=512m tmpfs "$1/dev/shm"
}
# remove_roots FOLDER: what is mounted below it, the last first, then the folder; with $keep, says where it is.
remove_roots() {
  local mounted
  while read -r mounted; do umount -l "$mounted"; done < <(awk -v below="$1/" 'index($2, below) == 1 { print $2 }' /proc/mounts | tac)
  if [ -n "${keep:-}" ]; then echo "kept: $1"; else rm -rf --one-file-system "$1"; fi
}
