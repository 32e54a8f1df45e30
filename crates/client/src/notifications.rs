//! How one is notified, and where this device is pushed to: asked of the server, and nothing of it is kept here.

use pipit_wire::push::{NotificationSettings, PushState, PushTest};

use crate::command::{Command, CommandError, Reply};
use crate::http::{Call, Expects, Waiting, read};
use crate::io::{HttpAnswer, HttpMethod};

/// What the answer to a command about notifications is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotifyExpects {
    Settings,
    Push,
    Test,
}

/// Commands about notifications, and what follows them.
pub(crate) fn request_of(command: Command) -> Option<(Expects, Waiting)> {
    const SETTINGS: &str = "/v1/me/notifications";
    const SUBSCRIPTION: &str = "/v1/push/subscription";
    let settings = Expects::Notify(NotifyExpects::Settings);
    Some(match command {
        Command::GetNotifications => (settings, signed(HttpMethod::Get, SETTINGS)),
        Command::SetNotifications { settings: new } => {
            (settings, signed(HttpMethod::Put, SETTINGS).with(&new))
        }
        Command::GetPush => {
            let push = Expects::Notify(NotifyExpects::Push);
            (push, signed(HttpMethod::Get, "/v1/push"))
        }
        Command::SetPush {
            subscription: Some(subscription),
        } => {
            let set = signed(HttpMethod::Put, SUBSCRIPTION).with(&subscription);
            (Expects::Nothing, set)
        }
        Command::SetPush { subscription: None } => {
            (Expects::Nothing, signed(HttpMethod::Delete, SUBSCRIPTION))
        }
        Command::TestPush => {
            let test = Expects::Notify(NotifyExpects::Test);
            (test, signed(HttpMethod::Post, "/v1/push/test"))
        }
        other => return crate::privacy::request_of(other),
    })
}

pub(crate) fn read_reply(expects: NotifyExpects, answer: &HttpAnswer) -> Result<Reply, CommandError> {
    match expects {
        NotifyExpects::Settings => {
            read::<NotificationSettings>(answer).map(|settings| Reply::Notifications { settings })
        }
        NotifyExpects::Push => read::<PushState>(answer).map(|state| Reply::Push { state }),
        NotifyExpects::Test => read::<PushTest>(answer).map(|test| Reply::PushTested {
            outcome: test.outcome,
            status: test.status,
        }),
    }
}

fn signed(method: HttpMethod, path: &'static str) -> Waiting {
    Waiting::authorized(Call::Farewell, method, path)
}
