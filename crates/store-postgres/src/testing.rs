//! A PostgreSQL server for tests: started when the first test needs it, shared by all test processes of a run, gone after the last.
//!
//! With nextest every test is a process, and a server of its own for each would cost 0.7 s of two cores a test. So the first
//! process starts one in a folder whose name all know, and the others use it. Two files in the folder are locked (`flock`), and
//! locks end with their process, however it ends:
//! * `start.lock`, exclusively, while somebody looks whether the server is there and starts or stops it;
//! * `users.lock`, shared, by every process that uses it, as long as it lives. A small watcher in a shell waits until it gets
//!   this one for itself, waits two seconds more for the next test, stops the server and removes the folder.
//!
//! Nothing is left running, also after tests that were killed. Each test gets a database of its own, copied from a migrated
//! template (0.1 s), which is dropped with its [`TestDatabase`].
//!
//! Needs Debian's `postgresql-15` (or any newer server) and `util-linux`. As root the server runs as the account `postgres`,
//! because it refuses root; otherwise as oneself. It listens on a socket in its folder alone, and is fast, not safe:
//! `fsync=off`. A server that is safe, or that a test may kill, is [`TestPostgres::start_alone`].

mod standby;

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pipit_store::error::StoreError;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

use crate::{migration, open};

/// Why there is no server for tests.
#[derive(Debug, thiserror::Error)]
pub enum TestPostgresError {
    /// It is not installed.
    #[error("no PostgreSQL server in PATH or /usr/lib/postgresql/*/bin: apt-get install postgresql-15")]
    NotInstalled,
    /// Root, and nobody else to run it.
    #[error(
        "PostgreSQL refuses to run as root, and there is no account called postgres: apt-get install postgresql-15"
    )]
    NoAccount,
    /// A file or a program.
    #[error("{what}")]
    Io {
        /// What was done.
        what: String,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// A program of PostgreSQL's has failed.
    #[error("{program} failed: {output}")]
    Failed {
        /// Which.
        program: &'static str,
        /// What it said.
        output: String,
    },
    /// The server refuses something.
    #[error("the test server refused a statement")]
    Database(#[from] tokio_postgres::Error),
    /// The schema cannot be made.
    #[error("the template could not be migrated")]
    Migration(#[from] StoreError),
}

type Result<T> = std::result::Result<T, TestPostgresError>;

/// Names what failed.
trait Doing<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| TestPostgresError::Io { what: what(), source })
    }
}

/// Fast, not safe; for the shared server.
const FAST: &[(&str, &str)] = &[("fsync", "off"), ("full_page_writes", "off")];

/// Waits for the last user, then a while for the next (`$2` seconds), then stops the server and removes the folder (`$1`).
const WATCHER: &str = r#"
cd / || exit 1
while [ -d "$1" ]; do
    flock -x "$1/users.lock" true
    sleep "$2"
    (
        flock -x 8
        flock -n -x 9 || exit 1
        pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
        [ -n "$pid" ] && kill -INT "$pid" 2>/dev/null
        tries=0
        while [ -e "$1/data/postmaster.pid" ] && kill -0 "$pid" 2>/dev/null && [ $tries -lt 200 ]; do
            tries=$((tries + 1))
            sleep 0.05
        done
        rm -rf "$1"
    ) 8>>"$1/start.lock" 9>>"$1/users.lock" && exit 0
done
"#;

/// A running server.
pub struct TestPostgres {
    folder: PathBuf,
    settings: Vec<(String, String)>,
    /// Where this process has started it.
    child: Mutex<Option<Child>>,
    /// Nobody else uses it.
    alone: bool,
    /// Locked: keeps the server running.
    _user: File,
}

/// A migrated database of one test's own, dropped with this.
pub struct TestDatabase {
    url: String,
    name: String,
    server_url: String,
}

static SHARED: OnceCell<TestPostgres> = OnceCell::const_new();
static DATABASES: AtomicU64 = AtomicU64::new(0);

impl TestPostgres {
    /// The server of this test run, started where it is not running yet.
    pub async fn start() -> Result<&'static Self> {
        SHARED
            .get_or_try_init(|| async {
                let folder = std::env::temp_dir().join(format!("pipit-test-postgres-{}", own_uid()?));
                Self::start_in(folder, FAST, 2).await
            })
            .await
    }

    /// A server of the caller's own with settings as given (`fsync` and the like are on where they are not switched off); stopped
    /// when this is dropped, or the process ends.
    pub async fn start_alone(settings: &[(&str, &str)]) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("pipit-test-postgres-alone-")
            .tempdir()
            .doing(|| "making a folder for a server".to_owned())?
            .keep();
        Self::start_in(folder, settings, 0).await
    }

    async fn start_in(folder: PathBuf, settings: &[(&str, &str)], grace_s: u32) -> Result<Self> {
        let lock = lock_folder(&folder)?;
        let user = open_lock(&folder.join("users.lock"))?;
        user.lock_shared().doing(|| "locking users.lock".to_owned())?;
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let server = Self {
            folder,
            settings: settings.iter().map(own).collect(),
            child: Mutex::new(None),
            alone: grace_s == 0,
            _user: user,
        };
        if UnixStream::connect(server.socket()).is_err() {
            server.make_folders()?;
            server.initialize()?;
            server.watch(grace_s)?;
            server.launch().await?;
        }
        server.ensure_template().await?;
        drop(lock);
        Ok(server)
    }

    /// The address of a database on this server.
    pub fn url(&self, database: &str) -> String {
        let host = self.folder.join("run").to_string_lossy().into_owned();
        let encode = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        };
        let host: String = host.bytes().map(encode).collect();
        format!("postgres://pipit@{host}:{}/{database}", self.port())
    }

    /// The server's folder, for what a test adds to it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A migrated database that nobody else uses.
    pub async fn fresh_database(&self) -> Result<TestDatabase> {
        self.copy_database(&template_name()).await
    }

    /// A database with nothing in it.
    pub async fn empty_database(&self) -> Result<TestDatabase> {
        self.copy_database("template1").await
    }

    async fn copy_database(&self, template: &str) -> Result<TestDatabase> {
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        let client = connect(&self.url("postgres")).await?;
        // Of a process that was killed, and had the same number.
        client
            .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            .await?;
        client
            .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}"))
            .await?;
        Ok(TestDatabase {
            url: self.url(&name),
            name,
            server_url: self.url("postgres"),
        })
    }

    /// Ends the server with SIGKILL, as a crash would. Does nothing where this process has not started it.
    pub fn kill(&self) -> Result<()> {
        let child = self.child.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut child) = child else {
            return Ok(());
        };
        child.kill().doing(|| "killing postgres".to_owned())?;
        child.wait().doing(|| "waiting for postgres".to_owned())?;
        // Its children end by themselves when they notice; until then they hold the shared memory.
        let mut tries_left = 1_000_u32;
        while has_process_in(&self.folder.join("data")) && tries_left > 0 {
            tries_left = tries_left.saturating_sub(1);
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Starts it again after [`TestPostgres::kill`].
    pub async fn restart(&self) -> Result<()> {
        self.launch().await
    }

    /// Names the socket, and is the port where the settings have it listen on an address.
    fn port(&self) -> &str {
        let mut settings = self.settings.iter();
        settings
            .find(|(key, _)| key == "port")
            .map_or("5432", |(_, value)| value)
    }

    fn socket(&self) -> PathBuf {
        self.folder.join(format!("run/.s.PGSQL.{}", self.port()))
    }

    fn make_folders(&self) -> Result<()> {
        let account = Account::find()?;
        for name in ["data", "run"] {
            let path = self.folder.join(name);
            if path.exists() {
                fs::remove_dir_all(&path).doing(|| format!("removing {}", path.display()))?;
            }
            fs::create_dir(&path).doing(|| format!("making {}", path.display()))?;
            if let Some((uid, gid)) = account.ids {
                chown(&path, Some(uid), Some(gid))
                    .doing(|| format!("giving {} to postgres", path.display()))?;
            }
        }
        Ok(())
    }

    /// Makes the cluster's files.
    fn initialize(&self) -> Result<()> {
        let mut initdb = Account::find()?.command("initdb", &self.folder);
        initdb.arg("-D").arg(self.folder.join("data"));
        initdb.args([
            "-U",
            "pipit",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]);
        run("initdb", &mut initdb)
    }

    async fn launch(&self) -> Result<()> {
        let log_path = self.folder.join("log");
        let log = File::create(&log_path).doing(|| format!("making {}", log_path.display()))?;
        let mut postgres = Account::find()?.command("postgres", &self.folder);
        postgres.arg("-D").arg(self.folder.join("data"));
        postgres.arg("-k").arg(self.folder.join("run"));
        postgres.args([
            "-c",
            "listen_addresses=",
            "-c",
            "max_connections=200",
            "-c",
            "shared_buffers=64MB",
        ]);
        for (key, value) in &self.settings {
            postgres.arg("-c").arg(format!("{key}={value}"));
        }
        postgres
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let mut child = postgres.spawn().doing(|| "starting postgres".to_owned())?;
        self.wait_until_ready(&mut child).await?;
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
        Ok(())
    }

    async fn wait_until_ready(&self, child: &mut Child) -> Result<()> {
        let mut tries_left = 1_500_u32;
        loop {
            let Err(refused) = connect(&self.url("postgres")).await else {
                return Ok(());
            };
            if let Some(status) = child.try_wait().doing(|| "waiting for postgres".to_owned())? {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                return Err(TestPostgresError::Failed {
                    program: "postgres",
                    output: format!("{status}: {log}"),
                });
            }
            tries_left = tries_left.saturating_sub(1);
            if tries_left == 0 {
                return Err(refused);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn watch(&self, grace_s: u32) -> Result<()> {
        Command::new("sh")
            .args(["-c", WATCHER, "sh"])
            .arg(&self.folder)
            .arg(grace_s.to_string())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .doing(|| "starting the watcher".to_owned())?;
        Ok(())
    }

    /// Makes the database that the tests' are copied from. Renamed when it is complete, so that one that is found is.
    async fn ensure_template(&self) -> Result<()> {
        let name = template_name();
        let client = connect(&self.url("postgres")).await?;
        let found = client
            .query("SELECT 1 FROM pg_database WHERE datname = $1", &[&name])
            .await?;
        if !found.is_empty() {
            return Ok(());
        }
        client
            .batch_execute("DROP DATABASE IF EXISTS incomplete WITH (FORCE)")
            .await?;
        client.batch_execute("CREATE DATABASE incomplete").await?;
        let address = open::Address::parse(&self.url("incomplete"), &open::Options::default())?;
        let mut incomplete = address.connect().await?;
        migration::migrate(&mut incomplete).await?;
        drop(incomplete);
        client
            .batch_execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'incomplete'",
            )
            .await?;
        client
            .batch_execute(&format!("ALTER DATABASE incomplete RENAME TO {name}"))
            .await?;
        Ok(())
    }
}

impl Drop for TestPostgres {
    /// The watcher removes the folder.
    fn drop(&mut self) {
        if self.alone {
            drop(self.kill());
        }
    }
}

impl TestDatabase {
    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TestDatabase {
    /// On a thread of its own: whoever drops this may be inside a runtime, which cannot be waited for. A database that could not be
    /// dropped goes with the server.
    fn drop(&mut self) {
        let (url, name) = (self.server_url.clone(), self.name.clone());
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .ok()?;
            runtime.block_on(async {
                let client = connect(&url).await.ok()?;
                // A standby that is gone is not waited for.
                client
                    .batch_execute("SET synchronous_commit = local")
                    .await
                    .ok()?;
                let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                client.batch_execute(&sql).await.ok()
            })
        });
        drop(dropping.join());
    }
}

/// One plain connection.
async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    #[expect(
        clippy::disallowed_methods,
        reason = "ends by itself with the client that is dropped"
    )]
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}

/// Another schema has another template: one server may outlive a build.
fn template_name() -> String {
    let mut hasher = DefaultHasher::new();
    migration::MIGRATIONS.hash(&mut hasher);
    format!("template_{:016x}", hasher.finish())
}

fn own_uid() -> Result<u32> {
    let own = fs::metadata("/proc/self").doing(|| "looking up one's own account in /proc/self".to_owned())?;
    Ok(own.uid())
}

/// Makes the folder, and locks it against others that start or stop its server. One that was removed while it was waited for
/// is made anew.
fn lock_folder(folder: &Path) -> Result<File> {
    loop {
        fs::create_dir_all(folder).doing(|| format!("making {}", folder.display()))?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
            .doing(|| format!("{} belongs to somebody else", folder.display()))?;
        let path = folder.join("start.lock");
        let Ok(lock) = open_lock(&path) else {
            // Removed since; any other reason fails above.
            continue;
        };
        lock.lock().doing(|| format!("locking {}", path.display()))?;
        let held = lock
            .metadata()
            .doing(|| format!("looking at {}", path.display()))?;
        if fs::metadata(&path).is_ok_and(|there| there.ino() == held.ino()) {
            return Ok(lock);
        }
    }
}

fn open_lock(path: &Path) -> Result<File> {
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .doing(|| format!("opening {}", path.display()))
}

/// Who runs the server, and from where.
struct Account {
    binaries: PathBuf,
    /// The account `postgres`, where oneself is root.
    ids: Option<(u32, u32)>,
}

impl Account {
    fn find() -> Result<Self> {
        let ids = if own_uid()? == 0 {
            Some(postgres_ids()?)
        } else {
            None
        };
        Ok(Self {
            binaries: find_binaries()?,
            ids,
        })
    }

    fn command(&self, program: &str, folder: &Path) -> Command {
        let mut command = Command::new(self.binaries.join(program));
        command.current_dir(folder).env_clear().env("LC_ALL", "C.UTF-8");
        if let Some((uid, gid)) = self.ids {
            command.uid(uid).gid(gid);
        }
        command
    }
}

fn postgres_ids() -> Result<(u32, u32)> {
    let accounts = fs::read_to_string("/etc/passwd").doing(|| "reading /etc/passwd".to_owned())?;
    let fields = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>());
    fields
        .filter(|fields| fields.first() == Some(&"postgres"))
        .find_map(|fields| Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?)))
        .ok_or(TestPostgresError::NoAccount)
}

/// What a folder of PostgreSQL's programs has to have.
const PROGRAMS: [&str; 4] = ["postgres", "initdb", "pg_ctl", "pg_basebackup"];

/// The newest server's programs.
fn find_binaries() -> Result<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for entry in fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
    {
        let version = entry.file_name().to_string_lossy().parse().unwrap_or(0);
        found.push((version, entry.path().join("bin")));
    }
    found.sort();
    let newest = found.into_iter().rev().map(|(_, path)| path);
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(newest)
        .find(|folder| PROGRAMS.iter().all(|program| folder.join(program).is_file()))
        .ok_or(TestPostgresError::NotInstalled)
}

fn run(program: &'static str, command: &mut Command) -> Result<()> {
    let output = command.output().doing(|| format!("running {program}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Err(TestPostgresError::Failed {
        program,
        output: text(&output.stdout) + &text(&output.stderr),
    })
}

/// Whether any process works in this folder.
fn has_process_in(folder: &Path) -> bool {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|process| fs::read_link(process.path().join("cwd")).ok())
        .any(|cwd| cwd == folder)
}
