<?php
// PDO (prepared at the server, and emulated) and ext/pgsql: types, parameters, columns, cursors, COPY, errors in transactions, cancel.
error_reporting(E_ALL);
$failed = 0;

function check(string $name, callable $run): void
{
    global $failed;
    try {
        $run();
        echo "ok $name\n";
    } catch (Throwable $e) {
        $failed++;
        echo "not ok $name: ", $e->getMessage(), ' at line ', $e->getLine(), "\n";
    }
}

function equal($got, $want): void
{
    if ($got !== $want) {
        throw new Exception('got ' . var_export($got, true) . ', want ' . var_export($want, true));
    }
}

function refused(PDO $db, string $sql, string $state): void
{
    try {
        $db->query($sql);
    } catch (PDOException $e) {
        equal($e->getCode(), $state);
        return;
    }
    throw new Exception("not refused: $sql");
}

function open(bool $emulate): PDO
{
    return new PDO('pgsql:', getenv('PGUSER'), getenv('PGPASSWORD'), [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_EMULATE_PREPARES => $emulate]);
}

foreach ([false, true] as $emulate) {
    $db = open($emulate);
    $how = $emulate ? 'PDO, emulated: ' : 'PDO: ';
    check($how . 'version', fn () => equal(substr($db->getAttribute(PDO::ATTR_SERVER_VERSION), 0, 3), '16.'));
    check($how . 'all types', function () use ($db) {
        $rows = $db->query('SELECT * FROM kinds ORDER BY id')->fetchAll(PDO::FETCH_ASSOC);
        equal(count($rows), 3);
        equal($rows[0]['t_bool'], true);
        equal($rows[0]['t_int4'], 123456);
        equal($rows[0]['t_text'], 'text "x" ä€😀');
        equal(stream_get_contents($rows[0]['t_bytea']), "\x00\xff\x10");
        equal($rows[1]['t_uuid'], null);
    });
    check($how . 'parameters', function () use ($db) {
        $st = $db->prepare('SELECT word FROM numbers WHERE n = :n');
        for ($i = 0; $i < 3; $i++) {
            $st->execute(['n' => 7]);
            equal($st->fetchColumn(), 'word 7');
        }
        $st = $db->prepare('SELECT sex, count(*) AS n FROM persons WHERE age BETWEEN ? AND ? GROUP BY sex ORDER BY sex');
        $st->bindValue(1, 18, PDO::PARAM_INT);
        $st->bindValue(2, 60, PDO::PARAM_INT);
        $st->execute();
        $rows = $st->fetchAll(PDO::FETCH_KEY_PAIR);
        equal(array_keys($rows), ['f', 'm']);
        equal($rows['f'] > 300 && $rows['f'] < 700, true);
        $st = $db->prepare('SELECT ?::boolean, ?::text');
        $st->bindValue(1, true, PDO::PARAM_BOOL);
        $st->bindValue(2, null, PDO::PARAM_NULL);
        $st->execute();
        equal($st->fetch(PDO::FETCH_NUM), [true, null]);
    });
    check($how . 'columns', function () use ($db) {
        $st = $db->query('SELECT * FROM persons LIMIT 0');
        $columns = array_map(fn ($i) => $st->getColumnMeta($i), range(0, $st->columnCount() - 1));
        equal(array_column($columns, 'native_type'), ['int8', 'text', 'int4', 'numeric', 'varchar', 'date']);
        equal(array_column($columns, 'table'), array_fill(0, 6, 'persons'));
        equal($st->fetchAll(), []);
    });
    check($how . 'cursors', function () use ($db) {
        $db->beginTransaction();
        $st = $db->prepare('SELECT n FROM numbers WHERE n <= 10 ORDER BY n', [PDO::ATTR_CURSOR => PDO::CURSOR_SCROLL]);
        $st->execute();
        equal($st->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_NEXT)[0], 1);
        equal($st->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_LAST)[0], 10);
        equal($st->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_PRIOR)[0], 9);
        $db->commit();
    });
    check($how . 'COPY', fn () => equal($db->pgsqlCopyToArray('(SELECT n FROM numbers WHERE n < 3 ORDER BY n)'), ["1\n", "2\n"]));
    check($how . 'an error in the middle of a transaction', function () use ($db) {
        $db->beginTransaction();
        $db->exec('SAVEPOINT s');
        refused($db, 'SELECT nothing FROM persons', '42703');
        refused($db, 'SELECT 1', '25P02');
        $db->exec('ROLLBACK TO SAVEPOINT s');
        equal($db->query('SELECT 5')->fetchColumn(), 5);
        $db->rollBack();
        refused($db, 'SELECT * FROM persons', '42501');
    });
}

$pg = pg_connect('options=\'-c dp.epsilon=0.5\'');
check('ext/pgsql: connected again', fn () => equal(pg_fetch_result(pg_query($pg, 'SHOW dp.epsilon'), 0, 0), '0.5'));
check('ext/pgsql: parameters', function () use ($pg) {
    equal(pg_fetch_all(pg_query_params($pg, 'SELECT word FROM numbers WHERE n = $1', [7])), [['word' => 'word 7']]);
    pg_prepare($pg, 'few', 'SELECT count(*) FROM numbers WHERE n < $1');
    equal(pg_fetch_result(pg_execute($pg, 'few', [4]), 0, 0), '3');
});
check('ext/pgsql: tables of columns', function () use ($pg) {
    $none = pg_query($pg, 'SELECT age FROM persons LIMIT 0');
    equal(pg_field_table($none, 0), 'persons');
    equal(pg_field_type($none, 0), 'int4');
});
check('ext/pgsql: what a table is made of', function () use ($pg) {
    $meta = pg_meta_data($pg, 'persons', true);
    equal(array_keys($meta), ['person_id', 'sex', 'age', 'income', 'city', 'born']);
    equal($meta['person_id']['not null'], true);
    equal(pg_convert($pg, 'persons', ['age' => '30', 'sex' => 'f']), ['"age"' => '30', '"sex"' => "'f'"]);
});
check('ext/pgsql: cancel', function () use ($pg) {
    pg_send_query($pg, 'SELECT count(*) FROM numbers a, numbers b, numbers c');
    usleep(200000);
    equal(pg_cancel_query($pg), true);
    equal(pg_fetch_result(pg_query($pg, 'SELECT 6'), 0, 0), '6');
});
exit($failed ? 1 : 0);
