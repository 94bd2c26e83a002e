#!/bin/sh
# progress.sh TEXT COMMAND…: runs a command, and while it takes longer than two seconds says so, with the time so far.
text=$1; shift
"$@" &
pid=$!
(
	sleep 2 >/dev/null 2>&1
	said=0
	while kill -0 $pid 2>/dev/null; do
		echo "… $text: $((2 + said)) s" >&2
		said=$((said + 10))
		sleep 10 >/dev/null 2>&1
	done
) &
ticker=$!
wait $pid
code=$?
kill $ticker 2>/dev/null
exit $code
