# DBD::Pg: types, parameters prepared at the server, catalog functions, cursors, COPY, errors in transactions, cancel.
use strict;
use warnings;
use utf8;
use DBI qw(:sql_types);
use DBD::Pg qw(:pg_types :async);

binmode STDOUT, ':utf8';
my $failed = 0;

sub check {
    my ($name, $run) = @_;
    if (eval { $run->(); 1 }) { print "ok $name\n" }
    else { $failed++; print "not ok $name: $@\n" }
}

sub equal {
    my ($got, $want) = @_;
    my ($g, $w) = map { defined $_ ? $_ : 'undef' } $got, $want;
    die "got $g, want $w" if $g ne $w;
}

sub conn {
    my $more = shift // '';
    return DBI->connect("dbi:Pg:$more", undef, undef, { RaiseError => 1, PrintError => 0, PrintWarn => 0, AutoCommit => 1, pg_enable_utf8 => 1 });
}

my $db = conn();

check 'version', sub { die $db->{pg_server_version} if $db->{pg_server_version} < 160000; equal($db->ping > 0, 1) };

check 'all types', sub {
    my $rows = $db->selectall_arrayref('SELECT * FROM kinds ORDER BY id', { Slice => {} });
    equal(scalar @$rows, 3);
    equal($rows->[0]{t_text}, "text \"x\" ä€😀");
    equal($rows->[0]{t_numeric}, '12345.67890');
    equal($rows->[0]{t_bytea}, "\x00\xff\x10");
    equal(join('|', @{ $rows->[0]{a_int4} }[0, 1]), '1|2');
    equal($rows->[0]{a_text}[3], 'q"\\');
    equal($rows->[1]{t_uuid}, undef);
};

check 'parameters', sub {
    my $st = $db->prepare('SELECT word FROM numbers WHERE n = ?');
    for (1 .. 3) {
        $st->execute(7);
        equal($st->fetchrow_array, 'word 7');
    }
    my ($n) = $db->selectrow_array('SELECT count(*) FROM numbers WHERE n = ANY(?)', undef, [1, 2, 3]);
    equal($n, 3);
    $st = $db->prepare('SELECT ?::bytea');
    $st->bind_param(1, "\x00\x01\xff", { pg_type => PG_BYTEA });
    $st->execute;
    equal($st->fetchrow_array, "\x00\x01\xff");
    $st = $db->prepare('SELECT sex, count(*) AS n FROM persons WHERE age BETWEEN ? AND ? GROUP BY sex ORDER BY sex');
    $st->execute(18, 60);
    equal(join(',', @{ $st->{NAME} }), 'sex,n');
    my $rows = $st->fetchall_arrayref;
    equal(scalar @$rows, 2);
    die $rows->[0][1] if $rows->[0][1] < 300 || $rows->[0][1] > 700;
};

check 'columns alone', sub {
    my $st = $db->prepare('SELECT * FROM persons WHERE 1 = 0');
    $st->execute;
    equal(join(',', @{ $st->{NAME} }), 'person_id,sex,age,income,city,born');
    equal(join(',', @{ $st->{TYPE} }), join(',', SQL_BIGINT, SQL_LONGVARCHAR, SQL_INTEGER, SQL_NUMERIC, SQL_VARCHAR, SQL_TYPE_DATE));
    equal(scalar @{ $st->fetchall_arrayref }, 0);
};

check 'catalog functions', sub {
    equal(join(',', sort map { $_->{TABLE_NAME} } @{ $db->table_info(undef, 'public', undef, 'TABLE')->fetchall_arrayref({}) }), 'cities,kinds,numbers,persons,visits');
    my $columns = $db->column_info(undef, 'public', 'persons', undef)->fetchall_arrayref({});
    equal(join(',', map { "$_->{COLUMN_NAME}:$_->{pg_type}:$_->{NULLABLE}" } @$columns),
        'person_id:bigint:0,sex:text:0,age:integer:1,income:numeric(10,2):1,city:character varying(40):1,born:date:1');
    equal(join(',', $db->primary_key(undef, 'public', 'persons')), 'person_id');
    my $keys = $db->foreign_key_info(undef, 'public', 'persons', undef, 'public', 'visits')->fetchall_arrayref({});
    equal($keys->[0]{FK_COLUMN_NAME}, 'person_id');
    $db->statistics_info(undef, 'public', 'persons', 0, 0)->fetchall_arrayref({});
    equal(scalar(grep { /persons/ } $db->tables(undef, 'public', undef, 'TABLE')), 1);
    $db->type_info_all;
    equal(join(',', grep { $_ eq 'dbi:Pg:dbname=clinic' } map { s/;.*//r } DBI->data_sources('Pg')), 'dbi:Pg:dbname=clinic');
};

check 'cursors', sub {
    $db->begin_work;
    $db->do('DECLARE c SCROLL CURSOR FOR SELECT n FROM numbers ORDER BY n');
    equal(scalar @{ $db->selectall_arrayref('FETCH 100 FROM c') }, 100);
    equal($db->selectrow_array('FETCH BACKWARD 1 FROM c'), 99);
    $db->commit;
};

check 'COPY', sub {
    $db->do('COPY (SELECT n, word FROM numbers WHERE n < 3 ORDER BY n) TO STDOUT');
    my ($all, $line) = ('', '');
    $all .= $line while $db->pg_getcopydata($line) >= 0;
    equal($all, "1\tword 1\n2\tword 2\n");
};

check 'an error in the middle of a transaction', sub {
    $db->begin_work;
    $db->do('SELECT 1');
    eval { $db->do('SELECT nothing FROM persons') };
    equal($db->state, '42703');
    eval { $db->do('SELECT 1') };
    equal($db->state, '25P02');
    $db->rollback;
    $db->begin_work;
    $db->pg_savepoint('s');
    eval { $db->do('SELECT * FROM persons') };
    equal($db->state, '42501');
    $db->pg_rollback_to('s');
    equal($db->selectrow_array('SELECT 5'), 5);
    $db->commit;
};

check 'cancel', sub {
    $db->do('SELECT count(*) FROM numbers a, numbers b, numbers c', { pg_async => PG_ASYNC });
    $db->pg_cancel;
    equal($db->selectrow_array('SELECT 6'), 6);
};

check 'connected again', sub {
    $db->disconnect;
    $db = conn("options='-c dp.epsilon=0.5'");
    equal($db->selectrow_array('SHOW dp.epsilon'), '0.5');
};

exit($failed ? 1 : 0);
