//! Programs as children: each in a process group of its own, and none left when this process ends, however it ends.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

/// Reads groups to remember (`+ 12`) and to forget (`- 12`); at the end of its input it ends those that are left and removes the
/// folder (`$1`), unless there is a file `keep` in it.
const WATCHER: &str = r#"
groups=" "
while read -r what group; do
    case $what in
        +) groups="$groups$group " ;;
        -) groups="${groups%% $group *} ${groups#* $group }" ;;
    esac
done
for group in $groups; do kill -KILL "-$group" 2>/dev/null; done
umount "$1/node-0" 2>/dev/null
[ -e "$1/keep" ] && exit 0
tries=0
while ! rm -rf "$1" 2>/dev/null && [ $tries -lt 50 ]; do tries=$((tries + 1)); sleep 0.1; done
"#;

/// Ends the children of a process that was killed: its input ends with this process.
#[derive(Clone, Debug)]
pub struct Watcher {
    input: Arc<Mutex<ChildStdin>>,
}

impl Watcher {
    /// Starts it, for what runs in this folder.
    pub fn start(folder: &Path) -> Result<Self> {
        use std::os::unix::process::CommandExt as _;
        let mut child = Command::new("sh")
            .args(["-c", WATCHER, "sh"])
            .arg(folder)
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting sh")?;
        let input = child.stdin.take().context("sh has no input")?;
        Ok(Self {
            input: Arc::new(Mutex::new(input)),
        })
    }

    fn tell(&self, what: char, pid: u32) {
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        // A watcher that is gone cannot be told; the children end with us all the same where we end in good order.
        let _ = writeln!(input, "{what} {pid}");
    }
}

/// A child that runs. Dropped, it is killed with its whole group.
#[derive(Debug)]
pub struct Process {
    child: Child,
    watcher: Watcher,
}

impl Process {
    /// Starts it; what it says is added to the file.
    pub fn start(mut command: Command, log: &Path, watcher: &Watcher) -> Result<Self> {
        use std::os::unix::process::CommandExt as _;
        let program = command.get_program().to_string_lossy().into_owned();
        let file = File::options().create(true).append(true).open(log);
        let file = file.with_context(|| format!("opening {}", log.display()))?;
        let again = file.try_clone().context("opening a log twice")?;
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(again)
            .stderr(file)
            .spawn()
            .with_context(|| format!("starting {program}"))?;
        watcher.tell('+', child.id());
        Ok(Self {
            child,
            watcher: watcher.clone(),
        })
    }

    /// What the system calls it.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal to its group.
    pub fn signal(&self, signal: Signal) {
        // It fails where the group has ended, which whoever waits for it learns.
        let _ = kill_process_group(Pid::from_child(&self.child), signal);
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until it has ended; false where it has not in time.
    pub async fn ended(&mut self, within_ms: u64) -> bool {
        for _ in 0..within_ms.div_ceil(10) {
            if !self.is_running() {
                return true;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        !self.is_running()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait();
        self.watcher.tell('-', self.child.id());
    }
}

/// Runs a program to its end, off the runtime's threads; what it prints.
pub async fn run(mut command: Command) -> Result<String> {
    tokio::task::spawn_blocking(move || {
        let program = command.get_program().to_string_lossy().into_owned();
        let output = command
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("running {program}"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            bail!("{program} failed ({}): {}", output.status, said.trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    })
    .await
    .context("waiting for a program")?
}

/// Where the ports are from that systems give to connections going out begins at the latest: Linux starts at 32,768, others later.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A port that nobody listens on, and that the system gives to no connection. One of those that it does give may be gone when its listener is to be started
/// again: whoever tries to reach a listener that is away, from a port that the system draws, reaches itself one day and holds the port.
pub fn free_port() -> Result<u16> {
    use std::sync::atomic::{AtomicU32, Ordering};
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let many = u32::from(PORTS.end - PORTS.start);
    // Processes that run beside each other begin at different places.
    let first = std::process::id().wrapping_mul(97);
    for _ in 0..many {
        let next = first.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % many;
        let port = PORTS.start + u16::try_from(next).unwrap_or_default();
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port between {} and {} is free", PORTS.start, PORTS.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watcher_ends_what_is_left_and_forgets_what_has_ended() {
        use std::os::unix::process::CommandExt as _;
        let folder = tempfile::tempdir().unwrap().keep();
        let watcher = Watcher::start(&folder).unwrap();
        let mut sleep = Command::new("sleep");
        sleep.arg("1000");
        let log = folder.join("log");
        let [first, second] =
            [(), ()].map(|()| Process::start(Command::new("true"), &log, &watcher).unwrap());
        drop(first);
        // As one that nobody drops, because its parent was killed.
        let mut left = sleep.process_group(0).spawn().unwrap();
        watcher.tell('+', left.id());
        drop(second);
        drop(watcher);
        // It waits for the end, which the watcher makes: without it the test does not end.
        let status = left.wait().unwrap();
        assert_eq!(
            std::os::unix::process::ExitStatusExt::signal(&status),
            Some(Signal::KILL.as_raw())
        );
    }
}
