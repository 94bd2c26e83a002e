# Ruby's pg.
. ../lib.sh
debian ruby ruby-pg
exec ruby checks.rb
