//! A server that speaks S3, in this process, over real sockets.

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use pipit_blob::{BlobStore, Keys};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Ends with the test.
pub(crate) struct Service {
    endpoint: String,
    _folder: TempDir,
    _connections: JoinSet<()>,
}

impl Service {
    pub(crate) async fn start(bucket: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(bucket)).unwrap();
        let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).unwrap());
        builder.set_auth(SimpleAuth::from_single("pipit", "secret"));
        let service = builder.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let mut connections = JoinSet::new();
        connections.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                let service = service.clone();
                open.spawn(async move {
                    let builder = Builder::new(TokioExecutor::new());
                    let connection = builder.serve_connection(TokioIo::new(socket), service);
                    // A client that goes away is no fault of the server's.
                    drop(connection.await);
                });
            }
        });
        Self {
            endpoint,
            _folder: folder,
            _connections: connections,
        }
    }

    /// Its bucket, for whoever knows the keys.
    pub(crate) fn store(&self, bucket: &str) -> BlobStore {
        self.open(bucket, "secret")
    }

    /// Its bucket, for one who does not.
    pub(crate) fn stranger(&self, bucket: &str) -> BlobStore {
        self.open(bucket, "guessed")
    }

    fn open(&self, bucket: &str, secret: &str) -> BlobStore {
        let address = format!("{bucket}?endpoint={}", self.endpoint).parse().unwrap();
        let keys = Keys {
            access_key: "pipit".to_owned(),
            secret_key: secret.to_owned(),
        };
        BlobStore::open(&address, Some(&keys)).unwrap()
    }
}
