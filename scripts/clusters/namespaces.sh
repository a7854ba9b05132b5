# shellcheck shell=bash disable=SC2154,SC2034
# Hosts that are network namespaces of this machine; sourced, behind lib.sh, by what tries something on them (hosts, ../bench/shaped.sh).
#
# The script has set `count`, the number of hosts, `program`, and `keep` (not empty: leave the scratch directory), and calls
# `requirements`, `network` and `machines`; then `on K COMMAND...` runs something on host K, and `run` and `says` do so and judge it.
#
# Each host is a network, mount, UTS, IPC and process namespace with its own name, address (10.77.0.K), /dev/shm, /tmp, ~/.ssh,
# /etc/hosts and sshd. A veth pair connects it with a bridge in a namespace of its own; each end is limited to $RATE by tc, with a
# delay of 0.25 ms where the kernel has netem (it says so). The disk is shared, as over NFS. Nothing outside the namespaces and the
# scratch directory is touched, and all of it is ended with the script, also on failure.

RATE="${RATE:-1gbit}"
[ "$(id -u)" = 0 ] || die "root is needed, to make namespaces"
# /tmp is each host's own: what they share lies elsewhere.
scratch="$(mktemp -d /var/tmp/cnn-dist-hosts.XXXXXX)"
prefix="cnnd$$"
declare -A init=()
clean_up() {
  local k
  # The first process of a process namespace takes all others with it.
  for k in "${!init[@]}"; do kill -KILL "${init[$k]}" 2>/dev/null || true; done
  wait 2>/dev/null || true
  for ((k = 0; k <= count; k++)); do ip netns del "$prefix-$k" 2>/dev/null || true; done
  if [ -n "$keep" ]; then echo "kept: $scratch"; else rm -rf "$scratch"; fi
}
trap 'phases_end; clean_up' EXIT

eventually() { # SECONDS WHAT COMMAND...
  local seconds="$1" what="$2" end=$((SECONDS + $1))
  shift 2
  until "$@"; do
    [ $SECONDS -lt $end ] || die "after $seconds s, not yet: $what"
    sleep 0.2
  done
}

requirements() {
  install_packages openmpi-bin openssh-server iproute2
  install_data
}

# Limits what leaves an interface. A delay is netem's alone, which not every kernel has.
delay=""
limit() { # NAMESPACE DEVICE
  if [ -n "$delay" ]; then
    ip netns exec "$1" tc qdisc add dev "$2" root netem delay 250us rate "$RATE"
  else
    ip netns exec "$1" tc qdisc add dev "$2" root tbf rate "$RATE" burst 128kb latency 50ms
  fi
}

network() {
  local switch="$prefix-0" k
  ip netns add "$switch"
  ip netns exec "$switch" ip link add switch type bridge
  ip netns exec "$switch" ip link set switch up
  if ip netns exec "$switch" tc qdisc add dev switch root netem delay 1us 2>"$scratch/netem"; then
    ip netns exec "$switch" tc qdisc del dev switch root
    delay=1
    echo "links: ${RATE}/s, 0.25 ms each (netem)"
  else
    echo "links: ${RATE}/s (tbf), without a delay: this kernel has no netem ($(head -1 "$scratch/netem"))"
  fi
  printf '127.0.0.1 localhost\n' >"$scratch/hosts"
  for ((k = 1; k <= count; k++)); do
    ip netns add "$prefix-$k"
    ip netns exec "$prefix-$k" ip link set lo up
    ip link add eth0 netns "$prefix-$k" type veth peer name "port$k" netns "$switch"
    ip netns exec "$switch" ip link set "port$k" master switch up
    ip netns exec "$prefix-$k" ip addr add "10.77.0.$k/24" dev eth0
    ip netns exec "$prefix-$k" ip link set eth0 up
    limit "$switch" "port$k"
    limit "$prefix-$k" eth0
    # As docker0: the same network on every host, up, and connected to nothing.
    ip netns exec "$prefix-$k" ip link add docker0 type bridge
    ip netns exec "$prefix-$k" ip addr add "172.31.0.$k/24" dev docker0
    ip netns exec "$prefix-$k" ip link set docker0 up
    printf '10.77.0.%d host%d\n' "$k" "$k" >>"$scratch/hosts"
    printf 'host%d slots=1\n' "$k" >>"$scratch/hostfile"
  done
}

# What the first process of a host does: its own name and folders, then sshd in its place.
boot() { # K
  local k="$1"
  ip netns exec "$prefix-$k" unshare --mount --uts --ipc --pid --fork --mount-proc --propagation private bash -c '
    set -e
    hostname "host$2"
    mount -t tmpfs -o size=256m tmpfs /dev/shm
    mount -t tmpfs -o size=1g,mode=1777 tmpfs /tmp
    mount -t tmpfs -o size=1m tmpfs /run
    mkdir -p /run/sshd /root/.ssh
    mount --bind "$1/ssh" /root/.ssh
    mount --bind "$1/hosts" /etc/hosts
    exec /usr/sbin/sshd -D -e -f "$1/sshd_config"
  ' boot "$scratch" "$k" >"$scratch/host$k.log" 2>&1 &
  local outside=$!
  eventually 20 "host$k starts" pgrep -P "$outside"
  init[$k]="$(pgrep -P "$outside")"
}
# on K COMMAND...: runs it on a host, as from its console.
on() {
  local k="$1"
  shift
  nsenter --target "${init[$k]}" --all --wd="$ROOT" env HOME=/root "$@"
}

machines() {
  local k
  mkdir -m 700 "$scratch/ssh"
  ssh-keygen -q -t ed25519 -N '' -f "$scratch/ssh/id_ed25519"
  ssh-keygen -q -t ed25519 -N '' -f "$scratch/host_key"
  cp "$scratch/ssh/id_ed25519.pub" "$scratch/ssh/authorized_keys"
  for ((k = 1; k <= count; k++)); do
    printf 'host%d,10.77.0.%d %s\n' "$k" "$k" "$(cut -d' ' -f1,2 "$scratch/host_key.pub")" >>"$scratch/ssh/known_hosts"
  done
  cat >"$scratch/sshd_config" <<CONF
HostKey $scratch/host_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
MaxStartups 100
PidFile none
CONF
  for ((k = 1; k <= count; k++)); do boot "$k"; done
  for ((k = 1; k <= count; k++)); do
    eventually 20 "ssh host$k answers" on 1 ssh -o BatchMode=yes -o ConnectTimeout=2 "host$k" hostname 2>/dev/null
  done
}

# run NAME STATUS COMMAND...: the command on host1 must end with that code; what it says goes to NAME.out.
run() {
  local name="$1" expected="$2" status=0
  shift 2
  on 1 "$@" >"$scratch/$name.out" 2>&1 </dev/null || status=$?
  [ "$status" = "$expected" ] || { tail -40 "$scratch/$name.out" >&2; die "$name ended with $status, not $expected"; }
}
says() { # NAME PATTERN: shows the lines
  grep -E -- "$2" "$scratch/$1.out" || { tail -40 "$scratch/$1.out" >&2; die "$1 does not say: $2"; }
}
