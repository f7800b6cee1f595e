#!/bin/busybox sh
# What the shell itself asks of a kernel.
echo "arguments $# pid $$"
for i in 1 2 3; do echo "turn $i"; done
x=$(echo inner); echo "got $x"
(exit 7); echo "subshell $?"
/bin/nowhere; echo "not found $?"
/etc/motd; echo "not executable $?"
echo to a file >/tmp/f; cat /tmp/f
echo more >>/tmp/f; cat /tmp/f
cat </tmp/f
test -f /tmp/f && echo "is a file"
test -d /tmp && echo "is a directory"
test -e /tmp/none || echo "is not there"
while read -r line; do echo "line: $line"; done </tmp/f
exec 3>/tmp/g; echo "by descriptor" >&3; exec 3>&-; cat /tmp/g
cd /etc && pwd
case $(pwd) in /etc) echo "case" ;; esac
f() { echo "function $1"; return 3; }
f x; echo "returned $?"
echo $((6 * 7))
kill -0 $$ && echo "alive"
sh -c 'kill -SEGV $$'; echo "killed $?"
