//! A view's end: commands in, updates out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pipit_client::command::{Command, Reply, ViewId};
use pipit_client::view::Update;
use tokio::sync::{mpsc, oneshot};

/// The most commands that wait for the engine.
pub const COMMANDS_MAX: usize = 256;
/// The most updates that wait for one view.
pub const UPDATES_MAX: usize = 1_024;

/// The client was shut down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client was shut down")]
pub struct Stopped;

/// What a view is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ViewEvent {
    /// The view was too slow, and updates were dropped: its lists are empty now and its timeline is closed. The whole picture
    /// follows.
    Restarted,
    /// Something has changed.
    Update(Update),
}

/// From a view to the driver.
#[derive(Debug)]
pub(crate) enum FromView {
    Attach {
        view: ViewId,
        updates: mpsc::Sender<ViewEvent>,
        lagging: Arc<AtomicBool>,
    },
    Command {
        view: ViewId,
        command: Command,
        reply: oneshot::Sender<Reply>,
    },
    /// It has read everything that it had before updates were dropped.
    Resume {
        view: ViewId,
    },
    Detach {
        view: ViewId,
    },
}

/// Asks in a view's name.
#[derive(Clone, Debug)]
pub struct Asker {
    view: ViewId,
    commands: mpsc::Sender<FromView>,
}

impl Asker {
    /// Asks for something and waits for the answer.
    pub async fn request(&self, command: Command) -> Result<Reply, Stopped> {
        let (reply, answer) = oneshot::channel();
        let message = FromView::Command {
            view: self.view.clone(),
            command,
            reply,
        };
        self.commands.send(message).await.map_err(|_unsent| Stopped)?;
        answer.await.map_err(|_dropped| Stopped)
    }
}

/// A view of the engine. Dropping it detaches it.
#[derive(Debug)]
pub struct View {
    asker: Asker,
    updates: mpsc::Receiver<ViewEvent>,
    lagging: Arc<AtomicBool>,
}

impl View {
    pub(crate) async fn attach(id: ViewId, commands: mpsc::Sender<FromView>) -> Result<Self, Stopped> {
        let (sender, updates) = mpsc::channel(UPDATES_MAX);
        let lagging = Arc::new(AtomicBool::new(false));
        let attach = FromView::Attach {
            view: id.clone(),
            updates: sender,
            lagging: Arc::clone(&lagging),
        };
        commands.send(attach).await.map_err(|_unsent| Stopped)?;
        Ok(Self {
            asker: Asker { view: id, commands },
            updates,
            lagging,
        })
    }

    /// Asks for something and waits for the answer.
    pub async fn request(&self, command: Command) -> Result<Reply, Stopped> {
        self.asker.request(command).await
    }

    /// What asks in this view's name, for use in another task than the one that reads the updates.
    pub fn asker(&self) -> Asker {
        self.asker.clone()
    }

    /// What the view is told next; none once the client was shut down.
    pub async fn next(&mut self) -> Option<ViewEvent> {
        match self.updates.try_recv() {
            Ok(event) => return Some(event),
            Err(mpsc::error::TryRecvError::Disconnected) => return None,
            Err(mpsc::error::TryRecvError::Empty) => {}
        }
        if self.lagging.swap(false, Ordering::AcqRel) {
            let resume = FromView::Resume {
                view: self.asker.view.clone(),
            };
            self.asker.commands.send(resume).await.ok()?;
        }
        self.updates.recv().await
    }
}

impl Drop for View {
    fn drop(&mut self) {
        // Where the queue is full the driver finds out when it has the next update for it.
        let _ = self.asker.commands.try_send(FromView::Detach {
            view: self.asker.view.clone(),
        });
    }
}
