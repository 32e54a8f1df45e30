//! Redis for tests: processes of one's own in a folder that goes with them.
//!
//! Each process is the child of a small shell that reads its input, which the test holds open: however the test ends, the shell
//! then kills its Redis. Needs Debian's `redis-server` (7 or newer).

use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// How long a Redis may take to answer after its start.
const START_TRIES: u32 = 1_000;
const TRY_EVERY: Duration = Duration::from_millis(10);

/// One process.
struct Process {
    program: &'static str,
    arguments: Vec<String>,
    running: Option<Running>,
}

struct Running {
    shell: Child,
    pid: String,
    input: Option<ChildStdin>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // A stopped process takes no other signal.
        signal("-KILL", &self.pid).ok();
        // The shell waits for the end of its input.
        drop(self.input.take());
        self.shell.wait().ok();
    }
}

impl Process {
    fn start(program: &'static str, arguments: Vec<String>) -> io::Result<Self> {
        let mut process = Self {
            program,
            arguments,
            running: None,
        };
        process.run()?;
        Ok(process)
    }

    fn run(&mut self) -> io::Result<()> {
        let script = r#""$0" "$@" </dev/null >/dev/null 2>&1 & echo $!; read end; kill -KILL $! 2>/dev/null"#;
        let mut shell = Command::new("sh")
            .args(["-c", script, self.program])
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (input, output) = (shell.stdin.take(), shell.stdout.take());
        let (Some(input), Some(output)) = (input, output) else {
            return Err(io::Error::other("no pipe to the shell"));
        };
        let mut pid = String::new();
        BufReader::new(output).read_line(&mut pid)?;
        self.running = Some(Running {
            shell,
            pid: pid.trim().to_owned(),
            input: Some(input),
        });
        Ok(())
    }

    fn signal(&self, name: &str) -> io::Result<()> {
        match &self.running {
            Some(running) => signal(name, &running.pid),
            None => Ok(()),
        }
    }
}

fn signal(name: &str, pid: &str) -> io::Result<()> {
    let status = Command::new("kill")
        .args([name, pid])
        .stderr(Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other("there is no such process"))
    }
}

/// A Redis of its own.
pub struct TestRedis {
    process: Process,
    socket: PathBuf,
    _folder: TempDir,
}

impl TestRedis {
    /// Starts one that listens on a socket in its folder, and waits until it answers.
    pub fn start() -> io::Result<Self> {
        Self::start_with(&[])
    }

    /// The same, with further arguments.
    pub fn start_with(arguments: &[&str]) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let socket = folder.path().join("redis.sock");
        let mut all = vec![
            "--port".to_owned(),
            "0".to_owned(),
            "--unixsocket".to_owned(),
            text(&socket),
            "--save".to_owned(),
            String::new(),
            "--dir".to_owned(),
            text(folder.path()),
        ];
        all.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        let redis = Self {
            process: Process::start("redis-server", all)?,
            socket,
            _folder: folder,
        };
        redis.wait()?;
        Ok(redis)
    }

    /// One that also listens on a port of its own, with TLS; its certificate is among the arguments. The port comes with it.
    pub fn start_tls(arguments: &[&str]) -> io::Result<(Self, u16)> {
        let port = free_ports(1)?.into_iter().next().unwrap_or_default();
        let number = port.to_string();
        let mut all = vec!["--tls-port", number.as_str(), "--bind", "127.0.0.1"];
        all.extend(arguments);
        Ok((Self::start_with(&all)?, port))
    }

    /// Its address, as `RedisAddress` reads it. It stays the same over restarts.
    pub fn address(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// Kills it.
    pub fn kill(&mut self) {
        self.process.running = None;
    }

    /// Starts it again, empty, and waits until it answers.
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill();
        self.process.run()?;
        self.wait()
    }

    /// Stops it where it stands: it takes connections and does not answer.
    pub fn pause(&self) -> io::Result<()> {
        self.process.signal("-STOP")
    }

    /// Lets it go on.
    pub fn resume(&self) -> io::Result<()> {
        self.process.signal("-CONT")
    }

    /// Runs a command with `redis-cli`; what it says.
    pub fn cli(&self, arguments: &[&str]) -> io::Result<String> {
        let socket = text(&self.socket);
        let mut all = vec!["-s", socket.as_str()];
        all.extend(arguments);
        cli(&all)
    }

    fn wait(&self) -> io::Result<()> {
        wait_until(|| {
            self.cli(&["ping"])
                .is_ok_and(|answer| answer == "PONG" || answer.starts_with("NOAUTH"))
        })
    }
}

/// A Redis Cluster of three masters.
pub struct TestRedisCluster {
    _processes: Vec<Process>,
    ports: Vec<u16>,
    _folder: TempDir,
}

impl TestRedisCluster {
    /// Starts it and waits until it serves.
    pub fn start() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        // The port of a node's bus is 10,000 more, or what `cluster-port` says.
        let all_ports = free_ports(6)?;
        let (ports, bus_ports) = all_ports.split_at(3);
        let mut processes = Vec::new();
        for (port, bus_port) in ports.iter().zip(bus_ports) {
            let of_node = folder.path().join(port.to_string());
            fs::create_dir(&of_node)?;
            let arguments = [
                "--port",
                &port.to_string(),
                "--cluster-enabled",
                "yes",
                "--cluster-port",
                &bus_port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--dir",
                &text(&of_node),
            ];
            processes.push(Process::start(
                "redis-server",
                arguments.map(str::to_owned).to_vec(),
            )?);
        }
        for port in ports {
            wait_until(|| cli(&["-p", &port.to_string(), "ping"]).is_ok_and(|answer| answer == "PONG"))?;
        }
        let nodes: Vec<_> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let mut create = vec!["--cluster", "create"];
        create.extend(nodes.iter().map(String::as_str));
        create.push("--cluster-yes");
        cli(&create)?;
        for port in ports {
            wait_until(|| {
                cli(&["-p", &port.to_string(), "cluster", "info"])
                    .is_ok_and(|answer| answer.contains("cluster_state:ok"))
            })?;
        }
        Ok(Self {
            _processes: processes,
            ports: ports.to_vec(),
            _folder: folder,
        })
    }

    /// Its address, as `RedisAddress` reads it.
    pub fn address(&self) -> String {
        let hosts: Vec<_> = self
            .ports
            .iter()
            .map(|port| format!("127.0.0.1:{port}"))
            .collect();
        format!("redis+cluster://{}", hosts.join(","))
    }
}

/// A master, its replica, and a Sentinel that watches them.
pub struct TestRedisSentinel {
    servers: Vec<Process>,
    _sentinel: Process,
    port: u16,
    _folder: TempDir,
}

impl TestRedisSentinel {
    /// Starts all three, and waits until the Sentinel knows of the replica.
    pub fn start() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let ports = free_ports(3)?;
        let &[master, replica, port] = ports.as_slice() else {
            return Err(io::Error::other("three ports were asked for"));
        };
        let mut servers = Vec::new();
        for server in [master, replica] {
            let of_server = folder.path().join(server.to_string());
            fs::create_dir(&of_server)?;
            let mut arguments = [
                "--port",
                &server.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--repl-diskless-sync-delay",
                "0",
                "--dir",
                &text(&of_server),
            ]
            .map(str::to_owned)
            .to_vec();
            if server == replica {
                arguments.extend(["--replicaof".to_owned(), format!("127.0.0.1 {master}")]);
            }
            servers.push(Process::start("redis-server", arguments)?);
            wait_until(|| cli(&["-p", &server.to_string(), "ping"]).is_ok_and(|answer| answer == "PONG"))?;
        }
        let file = folder.path().join("sentinel.conf");
        fs::write(
            &file,
            format!(
                "port {port}\nbind 127.0.0.1\nsentinel monitor pipit 127.0.0.1 {master} 1\n\
                 sentinel down-after-milliseconds pipit 500\nsentinel failover-timeout pipit 2000\n"
            ),
        )?;
        let sentinel = Process::start("redis-server", vec![text(&file), "--sentinel".to_owned()])?;
        wait_until(|| {
            cli(&["-p", &port.to_string(), "sentinel", "replicas", "pipit"]).is_ok_and(|answer| {
                answer.contains(&replica.to_string()) && answer.contains("master-link-status\nok")
            })
        })?;
        Ok(Self {
            servers,
            _sentinel: sentinel,
            port,
            _folder: folder,
        })
    }

    /// Its address, as `RedisAddress` reads it.
    pub fn address(&self) -> String {
        format!("redis+sentinel://127.0.0.1:{}/pipit", self.port)
    }

    /// Kills the first master: the Sentinel makes the replica one.
    pub fn kill_master(&mut self) {
        if let Some(master) = self.servers.first_mut() {
            master.running = None;
        }
    }
}

fn cli(arguments: &[&str]) -> io::Result<String> {
    let output = Command::new("redis-cli")
        .args(arguments)
        .stderr(Stdio::piped())
        .output()?;
    let answer = String::from_utf8_lossy(&output.stdout)
        .trim()
        .replace("\r\n", "\n");
    if output.status.success() {
        Ok(answer)
    } else {
        Err(io::Error::other(format!(
            "redis-cli: {answer} {}",
            String::from_utf8_lossy(&output.stderr)
        )))
    }
}

/// Ports that nobody listens on now. They are free again when this returns, so that another process may be faster.
fn free_ports(count: usize) -> io::Result<Vec<u16>> {
    let listeners: Vec<_> = (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0"))
        .collect::<io::Result<_>>()?;
    listeners
        .iter()
        .map(|listener| Ok(listener.local_addr()?.port()))
        .collect()
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn wait_until(is_so: impl Fn() -> bool) -> io::Result<()> {
    for _ in 0..START_TRIES {
        if is_so() {
            return Ok(());
        }
        std::thread::sleep(TRY_EVERY);
    }
    Err(io::Error::new(
        io::ErrorKind::TimedOut,
        "Redis does not answer: is redis-server 7 installed?",
    ))
}
