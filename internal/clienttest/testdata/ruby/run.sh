# Ruby's pg, and ActiveRecord and Sequel over it.
. ../lib.sh
debian ruby ruby-pg ruby-activerecord ruby-sequel
status=0
for file in checks orm; do ruby "$file.rb" || status=1; done
exit $status
