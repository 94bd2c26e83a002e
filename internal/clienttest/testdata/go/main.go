// Checks of pgx and lib/pq.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"reflect"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/lib/pq"
)

var failed bool

func check(name string, f func() error) {
	if err := f(); err != nil {
		failed = true
		fmt.Println("not ok", name+":", err)
		return
	}
	fmt.Println("ok", name)
}

func equal(got, want any) error {
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("got %#v, want %#v", got, want)
	}
	return nil
}

func state(err error) string {
	var e *pgconn.PgError
	var q *pq.Error
	switch {
	case errors.As(err, &e):
		return e.Code
	case errors.As(err, &q):
		return string(q.Code)
	}
	return fmt.Sprint(err)
}

const slow = "SELECT count(*) FROM numbers a, numbers b, numbers c"

func main() {
	withPgx()
	withPq()
	if failed {
		os.Exit(1)
	}
}

func withPgx() {
	ctx := context.Background()
	for _, mode := range []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"} {
		conn, err := pgx.Connect(ctx, "default_query_exec_mode="+mode)
		if err != nil {
			check("pgx "+mode, func() error { return err })
			continue
		}
		check("pgx "+mode+": all types", func() error {
			rows, err := conn.Query(ctx, "SELECT * FROM kinds ORDER BY id")
			if err != nil {
				return err
			}
			n := 0
			for rows.Next() {
				if _, err := rows.Values(); err != nil {
					return err
				}
				n++
			}
			return errors.Join(rows.Err(), equal(n, 3))
		})
		check("pgx "+mode+": parameters", func() error {
			var i int64
			var s string
			var at time.Time
			var list []int32
			now := time.Date(2024, 2, 29, 1, 2, 3, 4000, time.UTC)
			for range 3 {
				err := conn.QueryRow(ctx, "SELECT $1::int8, $2::text, $3::timestamptz, $4::int4[]", int64(1)<<40, "ä'", now, []int32{1, 2}).Scan(&i, &s, &at, &list)
				if err := errors.Join(err, equal(i, int64(1)<<40), equal(s, "ä'"), equal(at.UTC(), now), equal(list, []int32{1, 2})); err != nil {
					return err
				}
			}
			return conn.QueryRow(ctx, "SELECT word FROM numbers WHERE n = $1 AND word LIKE $2", 7, "w%").Scan(&s)
		})
		check("pgx "+mode+": a private answer", func() error {
			var n int64
			err := conn.QueryRow(ctx, "SELECT count(*) FROM persons WHERE age >= $1 AND sex = $2", 18, "f").Scan(&n)
			if err == nil && (n < 700 || n > 900) {
				err = fmt.Errorf("%d persons", n)
			}
			return err
		})
		conn.Close(ctx)
	}
	pool, err := pgxpool.New(ctx, "pool_max_conns=5")
	if err != nil {
		check("pgxpool", func() error { return err })
		return
	}
	defer pool.Close()
	check("pgxpool: ping", func() error { return pool.Ping(ctx) })
	check("pgx: batch", func() error {
		b := &pgx.Batch{}
		for i := range 300 {
			b.Queue("SELECT $1::int", i)
		}
		r := pool.SendBatch(ctx, b)
		defer r.Close()
		for i := range 300 {
			var n int
			if err := errors.Join(r.QueryRow().Scan(&n), equal(n, i)); err != nil {
				return err
			}
		}
		return nil
	})
	check("pgx: pipeline", func() error {
		c, err := pool.Acquire(ctx)
		if err != nil {
			return err
		}
		defer c.Release()
		p := c.Conn().PgConn().StartPipeline(ctx)
		p.SendPrepare("one", "SELECT $1::int", nil)
		p.SendQueryPrepared("one", [][]byte{[]byte("1")}, nil, nil)
		if err := p.Sync(); err != nil {
			return err
		}
		for {
			r, err := p.GetResults()
			if err != nil {
				return err
			}
			if _, ok := r.(*pgconn.PipelineSync); ok {
				break
			}
			if rows, ok := r.(*pgconn.ResultReader); ok {
				if read := rows.Read(); read.Err != nil || string(read.Rows[0][0]) != "1" {
					return fmt.Errorf("%v %v", read.Rows, read.Err)
				}
			}
		}
		return p.Close()
	})
	check("pgx: cancel", func() error {
		short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		defer cancel()
		if _, err := pool.Exec(short, slow); err == nil {
			return errors.New("not cancelled")
		}
		return pool.Ping(ctx)
	})
	check("pgx: an error in the middle of a transaction", func() error {
		tx, err := pool.Begin(ctx)
		if err != nil {
			return err
		}
		_, first := tx.Exec(ctx, "SELECT * FROM persons")
		_, second := tx.Exec(ctx, "SELECT 1")
		return errors.Join(equal(state(first), "42501"), equal(state(second), "25P02"), tx.Rollback(ctx), pool.Ping(ctx))
	})
	check("pgx: COPY", func() error {
		c, err := pool.Acquire(ctx)
		if err != nil {
			return err
		}
		defer c.Release()
		_, err = c.Conn().PgConn().CopyTo(ctx, os.Stderr, "COPY (SELECT 1 WHERE false) TO STDOUT")
		return err
	})
	check("pgx: ended by another session, and connected again", func() error {
		c, err := pool.Acquire(ctx)
		if err != nil {
			return err
		}
		pid := c.Conn().PgConn().PID()
		c.Release()
		other, err := pgx.Connect(ctx, "")
		if err != nil {
			return err
		}
		defer other.Close(ctx)
		var done bool
		if err := errors.Join(other.QueryRow(ctx, "SELECT pg_terminate_backend($1)", pid).Scan(&done), equal(done, true)); err != nil {
			return err
		}
		for range 6 { // the pool has five connections, and finds out at the dead one's turn
			if err = pool.Ping(ctx); err != nil && state(err) != "57P01" {
				return err
			}
		}
		return err
	})
}

func withPq() {
	for _, options := range []string{"", "binary_parameters=yes"} {
		name := "lib/pq " + options
		db, err := sql.Open("postgres", options)
		if err != nil {
			check(name, func() error { return err })
			return
		}
		check(name+": all types", func() error {
			rows, err := db.Query("SELECT * FROM kinds ORDER BY id")
			if err != nil {
				return err
			}
			defer rows.Close()
			columns, err := rows.ColumnTypes()
			if err != nil {
				return err
			}
			n := 0
			for rows.Next() {
				into := make([]any, len(columns))
				for i := range into {
					into[i] = new(any)
				}
				if err := rows.Scan(into...); err != nil {
					return err
				}
				n++
			}
			return errors.Join(rows.Err(), equal(n, 3))
		})
		check(name+": parameters", func() error {
			var i int64
			var s string
			var raw []byte
			var list pq.Int64Array
			err := db.QueryRow("SELECT $1::int8, $2::text, $3::bytea, $4::int8[]", int64(5), "ä", []byte{0, 255}, pq.Array([]int64{1, 2})).Scan(&i, &s, &raw, &list)
			return errors.Join(err, equal(i, int64(5)), equal(s, "ä"), equal(raw, []byte{0, 255}), equal([]int64(list), []int64{1, 2}))
		})
		check(name+": prepared, private, transactions", func() error {
			st, err := db.Prepare("SELECT count(*) FROM persons WHERE age > $1")
			if err != nil {
				return err
			}
			var n int64
			for range 3 {
				if err := st.QueryRow(30).Scan(&n); err != nil {
					return err
				}
			}
			tx, err := db.BeginTx(context.Background(), &sql.TxOptions{Isolation: sql.LevelSerializable, ReadOnly: true})
			if err != nil {
				return err
			}
			_, first := tx.Exec("SELECT nothing")
			_, second := tx.Exec("SELECT 1")
			return errors.Join(equal(state(first), "42703"), equal(state(second), "25P02"), tx.Rollback(), db.Ping())
		})
		check(name+": cancel", func() error {
			short, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
			defer cancel()
			if _, err := db.ExecContext(short, slow); err == nil {
				return errors.New("not cancelled")
			}
			return db.Ping()
		})
		db.Close()
	}
}
