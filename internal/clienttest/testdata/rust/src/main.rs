//! Checks of tokio-postgres: types and parameters in binary, pipelines, portals, cancel, transactions.
use futures_util::{future::try_join_all, pin_mut, TryStreamExt};
use std::{env, fs, future::Future, sync::atomic::{AtomicBool, Ordering}, time::Duration};
use tokio_postgres::{error::SqlState, types::Type, Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

type Outcome = Result<(), Box<dyn std::error::Error>>;
static FAILED: AtomicBool = AtomicBool::new(false);
const SLOW: &str = "SELECT count(*) FROM numbers a, numbers b, numbers c";

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

fn tls() -> MakeRustlsConnect {
    let mut roots = rustls::RootCertStore::empty();
    let pem = fs::read(var("PGSSLROOTCERT")).unwrap();
    for cert in rustls_pemfile::certs(&mut pem.as_slice()) {
        roots.add(cert.unwrap()).unwrap();
    }
    MakeRustlsConnect::new(rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

async fn connect() -> Client {
    let mut config = Config::new();
    config.host(var("PGHOST")).port(var("PGPORT").parse().unwrap()).user(var("PGUSER")).password(var("PGPASSWORD")).dbname(var("PGDATABASE"));
    config.ssl_mode(tokio_postgres::config::SslMode::Require);
    let (client, connection) = config.connect(tls()).await.unwrap();
    tokio::spawn(async move {
        let _ = connection.await;
    });
    client
}

#[tokio::main]
async fn main() {
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let mut client = connect().await;
    check("all types", async {
        let rows = client.query("SELECT t_bool, t_int2, t_int4, t_int8, t_float4, t_float8, t_text, t_varchar, t_name, t_char, t_oid, t_date, t_time, t_timestamp, t_timestamptz, t_uuid, t_bytea, t_json, t_jsonb, a_int4, a_text FROM kinds ORDER BY id", &[]).await?;
        let r = &rows[0];
        assert_eq!(r.get::<_, bool>(0), true);
        assert_eq!((r.get::<_, i16>(1), r.get::<_, i32>(2), r.get::<_, i64>(3)), (12, 123456, 1234567890123));
        assert_eq!((r.get::<_, f32>(4), r.get::<_, f64>(5), r.get::<_, &str>(6)), (1.5, 2.25, "text \"x\" ä€😀"));
        assert_eq!((r.get::<_, i8>(9), r.get::<_, u32>(10)), (b'c' as i8, 4711));
        assert_eq!(r.get::<_, chrono::NaiveDate>(11).to_string(), "2024-02-29");
        assert_eq!(r.get::<_, chrono::DateTime<chrono::Utc>>(14).timestamp(), 1709210096);
        assert_eq!(r.get::<_, uuid::Uuid>(15).to_string(), "00112233-4455-6677-8899-aabbccddeeff");
        assert_eq!(r.get::<_, Vec<u8>>(16), vec![0u8, 255, 16]);
        assert_eq!(r.get::<_, serde_json::Value>(18), serde_json::json!({"a": [1, null]}));
        assert_eq!(r.get::<_, Vec<Option<i32>>>(19), vec![Some(1), Some(2), None]);
        assert!(rows[1].get::<_, Option<bool>>(0).is_none());
        Ok(())
    }).await;
    check("all types as text", async {
        let rows = client.simple_query("SELECT * FROM kinds ORDER BY id").await?;
        let first = rows.iter().find_map(|m| match m { tokio_postgres::SimpleQueryMessage::Row(r) => Some(r), _ => None }).unwrap();
        for (name, want) in [("t_numeric", "12345.67890"), ("t_interval", "1 year 2 days 03:04:05"), ("t_timetz", "12:34:56+02"), ("t_bpchar", "ab  "), ("t_bytea", "\\x00ff10"),
            ("a_numeric", "{1.10,2.20}"), ("a_timestamptz", "{\"2024-02-29 12:00:00+00\"}"), ("a_text", "{a,\"b c\",NULL,\"q\\\"\\\\\"}")] {
            assert_eq!(first.get(name), Some(want), "{name}");
        }
        Ok(())
    }).await;
    check("parameters", async {
        let st = client.prepare("SELECT word FROM numbers WHERE n = $1 AND word LIKE $2").await?;
        assert_eq!(st.params(), &[Type::INT4, Type::TEXT]);
        assert_eq!(client.query_one(&st, &[&7i32, &"w%"]).await?.get::<_, &str>(0), "word 7");
        let row = client.query_one("SELECT $1::int8, $2::text[], $3::bytea, $4::uuid, $5::timestamptz, $6::jsonb",
            &[&(1i64 << 40), &vec!["a", "b"], &vec![0u8, 255], &uuid::Uuid::nil(), &chrono::DateTime::<chrono::Utc>::UNIX_EPOCH, &serde_json::json!([1])]).await?;
        assert_eq!(row.get::<_, i64>(0), 1 << 40);
        assert_eq!(row.get::<_, Vec<String>>(1), vec!["a", "b"]);
        Ok(())
    }).await;
    check("a private answer", async {
        let n: i64 = client.query_one("SELECT count(*) FROM persons WHERE age > $1", &[&30i32]).await?.get(0);
        assert!((1200..1500).contains(&n), "{n}");
        Ok(())
    }).await;
    check("pipeline", async {
        let st = client.prepare("SELECT $1::int4").await?;
        let numbers: Vec<i32> = (0..500).collect();
        let rows = try_join_all(numbers.iter().map(|n| async { client.query_one(&st, &[n]).await })).await?;
        assert_eq!(rows.iter().map(|r| r.get::<_, i32>(0)).collect::<Vec<_>>(), numbers);
        Ok(())
    }).await;
    check("portals, and an error in the middle of a transaction", async {
        let tx = client.transaction().await?;
        let portal = tx.bind("SELECT n FROM numbers ORDER BY n", &[]).await?;
        assert_eq!(tx.query_portal(&portal, 10).await?.len(), 10);
        assert_eq!(tx.query_portal(&portal, 10).await?[0].get::<_, i32>(0), 11);
        let e = tx.query("SELECT * FROM persons", &[]).await.unwrap_err();
        assert_eq!(e.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
        let e = tx.query("SELECT 1", &[]).await.unwrap_err();
        assert_eq!(e.code(), Some(&SqlState::IN_FAILED_SQL_TRANSACTION));
        tx.rollback().await?;
        Ok(())
    }).await;
    check("stream and COPY", async {
        let rows = client.query_raw("SELECT n FROM numbers", Vec::<i32>::new()).await?;
        pin_mut!(rows);
        let mut sum = 0i64;
        while let Some(r) = rows.try_next().await? {
            sum += r.get::<_, i32>(0) as i64;
        }
        assert_eq!(sum, 50005000);
        let copy = client.copy_out("COPY (SELECT n FROM numbers WHERE n < 3 ORDER BY n) TO STDOUT (FORMAT binary)").await?;
        pin_mut!(copy);
        while copy.try_next().await?.is_some() {}
        Ok(())
    }).await;
    check("cancel", async {
        let token = client.cancel_token();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let _ = token.cancel_query(tls()).await;
        });
        let e = client.simple_query(SLOW).await.unwrap_err();
        assert_eq!(e.code(), Some(&SqlState::QUERY_CANCELED));
        client.simple_query("SELECT 1").await?;
        Ok(())
    }).await;
    check("connected again", async {
        assert_eq!(connect().await.query_one("SELECT 1", &[]).await?.get::<_, i32>(0), 1);
        Ok(())
    }).await;
    if FAILED.load(Ordering::Relaxed) {
        std::process::exit(1);
    }
}
