//! Checks of sqlx: types and parameters in binary, streams, descriptions, arrays, errors in transactions, its pool.
use futures_util::TryStreamExt;
use sqlx::postgres::types::{PgInterval, PgTimeTz};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgSslMode};
use sqlx::types::{chrono, BigDecimal, JsonValue, Uuid};
use sqlx::{Executor, Row};
use std::{env, future::Future, str::FromStr, sync::atomic::{AtomicBool, Ordering}};

type Outcome = Result<(), Box<dyn std::error::Error>>;
static FAILED: AtomicBool = AtomicBool::new(false);

async fn check(name: &str, f: impl Future<Output = Outcome>) {
    match f.await {
        Ok(()) => println!("ok {name}"),
        Err(e) => {
            FAILED.store(true, Ordering::Relaxed);
            println!("not ok {name}: {e:?}");
        }
    }
}

fn var(name: &str) -> String {
    env::var(name).unwrap()
}

fn state(e: sqlx::Error) -> String {
    e.as_database_error().and_then(|e| e.code()).map(|c| c.to_string()).unwrap_or(e.to_string())
}

async fn pool() -> PgPool {
    let options = PgConnectOptions::new_without_pgpass().host(&var("PGHOST")).port(var("PGPORT").parse().unwrap()).username(&var("PGUSER"))
        .password(&var("PGPASSWORD")).database(&var("PGDATABASE")).ssl_mode(PgSslMode::VerifyFull).ssl_root_cert(var("PGSSLROOTCERT"));
    PgPoolOptions::new().max_connections(2).connect_with(options).await.unwrap()
}

#[tokio::main]
async fn main() {
    let db = pool().await;
    check("all types", async {
        let r = sqlx::query("SELECT * FROM kinds WHERE id = $1").bind(1i32).fetch_one(&db).await?;
        assert_eq!((r.get::<bool, _>("t_bool"), r.get::<i16, _>("t_int2"), r.get::<i32, _>("t_int4"), r.get::<i64, _>("t_int8")), (true, 12, 123456, 1234567890123));
        assert_eq!((r.get::<f32, _>("t_float4"), r.get::<f64, _>("t_float8")), (1.5, 2.25));
        assert_eq!(r.get::<BigDecimal, _>("t_numeric"), BigDecimal::from_str("12345.67890")?);
        assert_eq!((r.get::<String, _>("t_text"), r.get::<String, _>("t_varchar"), r.get::<String, _>("t_bpchar")), ("text \"x\" ä€😀".into(), "varchar".into(), "ab  ".into()));
        assert_eq!(r.get::<chrono::NaiveDate, _>("t_date").to_string(), "2024-02-29");
        assert_eq!(r.get::<chrono::NaiveTime, _>("t_time").to_string(), "12:34:56.789");
        assert_eq!(r.get::<chrono::NaiveDateTime, _>("t_timestamp").to_string(), "2024-02-29 12:34:56.789");
        assert_eq!(r.get::<chrono::DateTime<chrono::Utc>, _>("t_timestamptz").timestamp_millis(), 1709210096789);
        assert_eq!(r.get::<PgTimeTz, _>("t_timetz").offset.local_minus_utc(), 7200);
        assert_eq!(r.get::<PgInterval, _>("t_interval"), PgInterval { months: 12, days: 2, microseconds: 11045000000 });
        assert_eq!(r.get::<Uuid, _>("t_uuid").to_string(), "00112233-4455-6677-8899-aabbccddeeff");
        assert_eq!(r.get::<Vec<u8>, _>("t_bytea"), vec![0u8, 255, 16]);
        assert_eq!(r.get::<JsonValue, _>("t_jsonb").to_string(), "{\"a\":[1,null]}");
        assert_eq!(r.get::<Vec<Option<String>>, _>("a_text")[2..], [None, Some("q\"\\".to_string())]);
        assert_eq!(r.get::<Vec<BigDecimal>, _>("a_numeric").len(), 2);
        Ok(())
    }).await;
    check("parameters, and private answers", async {
        let born = chrono::NaiveDate::from_ymd_opt(1950, 1, 1).unwrap();
        let q = sqlx::query("SELECT sex, count(*), avg(age) FROM persons WHERE age > $1 AND born > $2 AND city = ANY($3) GROUP BY sex");
        assert_eq!(q.bind(20i32).bind(born).bind(vec!["city 1".to_string()]).fetch_all(&db).await?.len(), 2);
        let q = sqlx::query("SELECT date_trunc($1, visited_at AT TIME ZONE $2), count(*) FROM visits GROUP BY 1 ORDER BY 1 LIMIT $3");
        assert_eq!(q.bind("month").bind("Europe/Berlin").bind(2i64).fetch_all(&db).await?.len(), 2);
        Ok(())
    }).await;
    check("streams", async {
        let (mut sum, mut rows) = (0i64, sqlx::query("SELECT n FROM numbers").fetch(&db));
        while let Some(r) = rows.try_next().await? {
            sum += r.get::<i32, _>(0) as i64;
        }
        assert_eq!(sum, 50005000);
        Ok(())
    }).await;
    check("descriptions", async {
        let d = db.describe("SELECT sex, count(*) AS n FROM persons WHERE age > $1 GROUP BY sex").await?;
        assert_eq!(d.nullable[0], Some(false));
        Ok(())
    }).await;
    check("an error in the middle of a transaction", async {
        let mut tx = db.begin().await?;
        assert_eq!(state(sqlx::query("SELECT * FROM persons").fetch_all(&mut *tx).await.unwrap_err()), "42501");
        assert_eq!(state(sqlx::query("SELECT 1").fetch_all(&mut *tx).await.unwrap_err()), "25P02");
        tx.rollback().await?;
        assert_eq!(sqlx::raw_sql("SELECT 1; SELECT 2").fetch_all(&db).await?.len(), 2);
        Ok(())
    }).await;
    check("ended by another session, and connected again", async {
        let mut one = db.acquire().await?;
        let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *one).await?;
        assert!(sqlx::query_scalar::<_, bool>("SELECT pg_terminate_backend($1)").bind(pid).fetch_one(&db).await?);
        assert!(sqlx::query("SELECT 1").fetch_one(&mut *one).await.is_err());
        drop(one);
        sqlx::query("SELECT 1").fetch_one(&pool().await).await?;
        Ok(())
    }).await;
    if FAILED.load(Ordering::Relaxed) {
        std::process::exit(1);
    }
}
