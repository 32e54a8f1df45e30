//! The line to the server, encrypted: what is checked, and what is refused.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use pipit_store::Store;
use pipit_store::error::StoreError;
use pipit_store_postgres::testing::TestPostgres;
use pipit_store_postgres::{Options, PostgresStore};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_postgres::NoTls;

/// A server with a certificate for `localhost` on a port of its own.
async fn server() -> (TestPostgres, String) {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
        .to_string();
    let settings = [
        ("listen_addresses", "127.0.0.1"),
        ("port", port.as_str()),
        ("fsync", "off"),
    ];
    let server = TestPostgres::start_alone(&settings).await.unwrap();
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let data = server.folder().join("data");
    let owner = fs::metadata(&data).unwrap();
    for (name, pem) in [
        ("server.crt", cert.pem()),
        ("server.key", signing_key.serialize_pem()),
    ] {
        fs::write(data.join(name), &pem).unwrap();
        fs::set_permissions(data.join(name), Permissions::from_mode(0o600)).unwrap();
        chown(data.join(name), Some(owner.uid()), Some(owner.gid())).unwrap();
    }
    fs::write(server.folder().join("root.crt"), cert.pem()).unwrap();
    let stranger = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(server.folder().join("stranger.crt"), stranger.cert.pem()).unwrap();
    let client = line(&server).await;
    client.batch_execute("ALTER SYSTEM SET ssl = on").await.unwrap();
    client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    let setting = "SELECT setting FROM pg_settings WHERE name = 'ssl'";
    while client.query_one(setting, &[]).await.unwrap().get::<_, &str>(0) != "on" {}
    (server, port)
}

async fn line(server: &TestPostgres) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(&server.url("postgres"), NoTls)
        .await
        .unwrap();
    #[expect(clippy::disallowed_methods, reason = "ends with the client")]
    tokio::spawn(async move { drop(connection.await) });
    client
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_certificate_and_the_name_are_checked() {
    let (server, port) = server().await;
    let folder = server.folder().to_str().unwrap();
    let connect = async |host: &str, parameters: &str| {
        let url = format!("postgres://pipit@{host}:{port}/postgres?{parameters}");
        PostgresStore::connect(&url, Options::default()).await
    };

    for sslmode in ["require", "verify-full"] {
        let parameters = format!("sslmode={sslmode}&sslrootcert={folder}/root.crt");
        let store = connect("localhost", &parameters).await.unwrap();
        store.ping().await.unwrap();
        let lines = line(&server)
            .await
            .query(
                "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'pipit'",
                &[],
            )
            .await
            .unwrap();
        assert!(!lines.is_empty());
        assert!(lines.iter().all(|line| line.get(0)), "every line is encrypted");
    }

    for (what, host, parameters) in [
        (
            "another authority",
            "localhost",
            format!("sslmode=require&sslrootcert={folder}/stranger.crt"),
        ),
        (
            "the system's authorities",
            "localhost",
            "sslmode=require".to_owned(),
        ),
        (
            "another name",
            "127.0.0.1",
            format!("sslmode=require&sslrootcert={folder}/root.crt"),
        ),
        (
            "a file that is not there",
            "localhost",
            format!("sslmode=require&sslrootcert={folder}/none.crt"),
        ),
    ] {
        match connect(host, &parameters).await {
            Err(StoreError::Unavailable(_) | StoreError::Statement(_)) => {}
            Err(error) => panic!("{what}: {error:?}"),
            Ok(_) => panic!("{what} was taken"),
        }
    }

    let plain = connect("localhost", "application_name=plain").await.unwrap();
    plain.ping().await.unwrap();
}
