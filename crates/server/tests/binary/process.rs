//! The real binary as a child process, and as much HTTP as it takes to talk to it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

pub(crate) const PASSWORD: &str = "correct horse battery";

/// The binary, with nothing of this process's environment that it would read.
pub(crate) fn pipit() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipit"));
    for (name, _value) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("PIPIT_")) {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// `pipit serve` on this folder and a free port.
pub(crate) fn serve(data: &Path) -> Command {
    let mut command = pipit();
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data);
    command
}

/// What a program that ends by itself has said.
#[track_caller]
pub(crate) fn outcome(command: &mut Command) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    (
        status.code(),
        String::from_utf8(stdout).unwrap(),
        String::from_utf8(stderr).unwrap(),
    )
}

/// Asserts that it does not start, for one reason, said in one line.
#[track_caller]
pub(crate) fn assert_refuses(command: &mut Command, code: i32, line: &str) {
    let (status, stdout, stderr) = outcome(command);
    assert_eq!((stderr.trim_end(), status), (line, Some(code)));
    assert_eq!(stdout, "");
}

/// A server that runs. It is killed where a test ends without having stopped it.
pub(crate) struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    log: PathBuf,
    pub(crate) address: SocketAddr,
}

impl Running {
    /// Starts it and waits until it says that it is ready.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Self {
        let file = std::fs::File::create(log).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(file).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("Pipit is ready at http://");
        let Some(url) = url else {
            panic!(
                "{line:?}, and in the log:\n{}",
                std::fs::read_to_string(log).unwrap()
            );
        };
        let address = url.parse().unwrap();
        Self {
            child,
            stdout,
            log: log.to_owned(),
            address,
        }
    }

    /// The next line that it prints.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// The token of the set-up link.
    pub(crate) fn set_up_token(&mut self) -> String {
        let line = self.line();
        let prefix = format!("Set it up: http://{}/setup#", self.address);
        line.strip_prefix(&prefix)
            .unwrap_or_else(|| panic!("{line:?}"))
            .to_owned()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end; what it has logged.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        (status, std::fs::read_to_string(&self.log).unwrap())
    }

    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).unwrap()
    }

    /// One request on a connection of its own: the status and the body.
    pub(crate) fn call(&self, method: &str, path: &str, token: Option<&str>, body: &Value) -> (u16, Value) {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let token = token
            .map(|token| format!("Authorization: Bearer {token}\r\n"))
            .unwrap_or_default();
        let mut stream = self.connect();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{token}Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let text = || Value::String(body.to_owned());
        (
            status,
            serde_json::from_str(body).unwrap_or_else(|_not_json| text()),
        )
    }

    /// Makes the first account, Ada's; the session.
    pub(crate) fn set_up(&mut self) -> Value {
        let token = self.set_up_token();
        let body = json!({"token": token, "server_name": "Home", "account": {
            "handle": "ada", "name": "Ada", "password": PASSWORD,
            "device_name": "a test", "client": {"name": "pipit-test", "version": "0.1.0"},
        }});
        let (status, session) = self.call("POST", "/v1/setup", None, &body);
        assert_eq!(status, 201, "{session}");
        session
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
