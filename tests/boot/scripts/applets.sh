#!/bin/busybox sh
# The simple applets, each as a program of its own.
echo "hello from busybox" and more words
echo -n "no newline, "; echo -e 'tab\there'
uname -s; uname -n; uname -m
cat /etc/motd
cat /etc/motd /etc/motd | wc -l
cat /nowhere; echo "status $?"
ls /
ls -l /etc
ls -la /etc/empty
ls /nowhere; echo "status $?"
true; echo "true $?"
false; echo "false $?"
seq 1 5
seq 10 -3 1
seq 1 20000 >/tmp/numbers; md5sum /etc/motd /tmp/numbers
md5sum </etc/motd
