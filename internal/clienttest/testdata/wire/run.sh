# The wire scripts, message by message, against the whole product.
. ../lib.sh
need go
cd ../../../../proxy
exec go test -count=1 -run TestWireScripts . -live
