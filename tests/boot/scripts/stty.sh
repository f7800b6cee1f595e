#!/bin/busybox sh
# What the serial line's termios holds, and what becomes of it: each setting of stty on and off, each seen as -g shows it.
exec </dev/console
stty rows 24 cols 80
usual=$(stty -g)
turn() {
	stty "$@"
	echo "$* => $? $(stty -g)"
}
{
	stty -a
	for w in parenb parodd cmspar hupcl cstopb cread clocal crtscts ignbrk brkint ignpar parmrk inpck istrip inlcr igncr icrnl ixon \
		ixoff iuclc ixany imaxbel iutf8 opost olcuc ocrnl onlcr onocr onlret ofill ofdel isig icanon iexten echo echoe echok \
		echonl noflsh xcase tostop echoprt echoctl echoke flusho extproc; do
		turn "$w"
		turn "-$w"
	done
	for w in raw -raw cbreak -cbreak cooked crt dec evenp oddp -evenp nl -nl ek sane cs5 cs6 cs7 cs8 tab1 tab3 tab0 nl1 cr2 bs1 vt1 ff1; do
		turn $w
	done
	turn intr a
	turn min 3 time 5
	turn eol x eol2 y swtch z
	for w in 50 300 9600 38400 57600 115200 230400; do turn $w; done
	turn ispeed 9600
	stty "$usual"
	stty -a
	stty size
} >/tmp/said 2>&1
stty "$usual"
cat /tmp/said
