//! `pipit health`: for containers, which have no other program to ask with.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use pipit_server::config::Config;

use super::Failure;

const TIMEOUT: Duration = Duration::from_secs(3);

pub(super) fn run(config: &Config) -> Result<ExitCode, Failure> {
    let address = reachable(config.general.listen);
    match ask(address) {
        Ok(true) => Ok(ExitCode::SUCCESS),
        Ok(false) => Err(Failure {
            message: format!("the server at {address} is not well"),
            exit_code: 1,
        }),
        Err(error) => Err(Failure {
            message: format!("no server answers at {address}: {error}"),
            exit_code: 1,
        }),
    }
}

/// A server that listens on every address is asked on the loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

fn ask(address: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(
        format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes(),
    )?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    Ok(head == *b"HTTP/1.1 200")
}
