//! A second server that follows the first, and what a failover is made of.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use super::{Account, Doing, Result, TestPostgres, connect, lock_folder, open_lock, run};

impl TestPostgres {
    /// A hot standby of this server (one of [`TestPostgres::start_alone`]), which streams from it. From then on this server
    /// acknowledges a commit when the standby has it on disk too.
    pub async fn start_standby(&self) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("pipit-test-postgres-standby-")
            .tempdir()
            .doing(|| "making a folder for a standby".to_owned())?
            .keep();
        let lock = lock_folder(&folder)?;
        let user = open_lock(&folder.join("users.lock"))?;
        user.lock_shared().doing(|| "locking users.lock".to_owned())?;
        let standby = Self {
            folder,
            settings: self.settings.clone(),
            child: Mutex::new(None),
            alone: true,
            _user: user,
        };
        standby.make_folders()?;
        let data = standby.folder.join("data");
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700))
            .doing(|| format!("closing {} to others", data.display()))?;
        let mut copy = Account::find()?.command("pg_basebackup", &standby.folder);
        copy.arg("-D").arg(standby.folder.join("data"));
        copy.arg("-h").arg(self.folder.join("run"));
        copy.args([
            "-p",
            self.port(),
            "-U",
            "pipit",
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
        ]);
        run("pg_basebackup", &mut copy)?;
        standby.watch(0)?;
        standby.launch().await?;
        let client = connect(&self.url("postgres")).await?;
        client
            .batch_execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            .await?;
        client.batch_execute("SELECT pg_reload_conf()").await?;
        while client
            .query(
                "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming'",
                &[],
            )
            .await?
            .is_empty()
        {
            tokio::task::yield_now().await;
        }
        drop(lock);
        Ok(standby)
    }

    /// Makes a standby a primary; returns when it is one.
    pub fn promote(&self) -> Result<()> {
        let mut promote = Account::find()?.command("pg_ctl", &self.folder);
        promote
            .args(["promote", "-w", "-D"])
            .arg(self.folder.join("data"));
        run("pg_ctl", &mut promote)
    }

    /// Stops every process of the server where it stands, as a machine that hangs: connections stay open, and nothing answers.
    pub fn hang(&self) -> Result<()> {
        self.signal("-STOP")
    }

    /// Lets it go on after [`TestPostgres::hang`].
    pub fn go_on(&self) -> Result<()> {
        self.signal("-CONT")
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let mut kill = Command::new("kill");
        kill.arg(signal).args(processes_in(&self.folder.join("data")));
        kill.stdin(Stdio::null()).stderr(Stdio::null());
        // That a process has ended since is no failure.
        kill.status().doing(|| "running kill".to_owned())?;
        Ok(())
    }
}

/// The ids of the processes that work in this folder.
fn processes_in(folder: &Path) -> Vec<String> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter(|process| fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == folder))
        .map(|process| process.file_name().to_string_lossy().into_owned())
        .collect()
}
