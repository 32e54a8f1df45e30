//! `pipit serve`.

use std::io::Write as _;
use std::process::ExitCode;

use pipit_server::config::Config;
use pipit_server::run::{Environment, Server, StartError, Stopped};
use pipit_server::{log, panics};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::Failure;

/// Not every task ended in time; what was acknowledged is safe.
const ABANDONED: u8 = 70;
/// A second signal ended the process at once: 128 and the number of SIGINT, as shells write it.
const INTERRUPTED: i32 = 130;

pub(super) fn run(config: Config) -> Result<ExitCode, Failure> {
    log::start(&config.log).map_err(StartError::from)?;
    panics::end_the_process();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(StartError::from)?;
    let stopped = runtime.block_on(serve(config))?;
    // Work that hangs (a blocked disk, say) must not keep the process.
    runtime.shutdown_background();
    Ok(match stopped {
        Stopped::Clean => ExitCode::SUCCESS,
        Stopped::Abandoned(tasks) => {
            tracing::error!(tasks, "not every task ended in time");
            ExitCode::from(ABANDONED)
        }
    })
}

async fn serve(config: Config) -> Result<Stopped, StartError> {
    let asked = config.general.listen;
    let listen_error = |source| StartError::Listen {
        address: asked,
        source,
    };
    let interrupt = signal(SignalKind::interrupt())?;
    let terminate = signal(SignalKind::terminate())?;
    let listener = TcpListener::bind(asked).await.map_err(listen_error)?;
    let address = listener.local_addr().map_err(listen_error)?;
    raise_file_limit();
    let server = Server::open(config, Environment::default()).await?;
    announce(&server, address);
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "Pipit is ready");
    let shutdown = CancellationToken::new();
    let serving = server.serve(listener, shutdown.clone());
    let mut serving = std::pin::pin!(serving);
    let mut signals = Signals { interrupt, terminate };
    tokio::select! {
        stopped = serving.as_mut() => return Ok(stopped),
        () = signals.any() => {}
    }
    tracing::info!("stopping; a second signal ends at once");
    shutdown.cancel();
    tokio::select! {
        stopped = serving => {
            tracing::info!("stopped");
            Ok(stopped)
        }
        () = signals.any() => std::process::exit(INTERRUPTED),
    }
}

/// What people and scripts wait for, on standard output.
fn announce(server: &Server, address: std::net::SocketAddr) {
    let mut text = format!("Pipit is ready at {}\n", server.url(address));
    if let Some(link) = server.set_up_link(address) {
        text.push_str("Set it up: ");
        text.push_str(&link);
        text.push('\n');
    }
    let mut stdout = std::io::stdout().lock();
    // Nobody may be listening; the server runs all the same.
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// A connection is a file, and many systems begin with 1,024 a process.
fn raise_file_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::warn!(%error, "the limit of open files could not be raised");
        }
    }
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    async fn any(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
