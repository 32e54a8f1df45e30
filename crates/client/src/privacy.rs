//! What one lets others see of oneself and do to oneself, and whom one blocks: asked of the server, which keeps to it, and nothing of it is kept here.

use pipit_wire::privacy::{BlockedPeople, Privacy};

use crate::command::{Command, CommandError, Reply};
use crate::engine::Engine;
use crate::http::{Call, Expects, Waiting, read};
use crate::io::{HttpAnswer, HttpMethod};
use crate::path::escape;
use crate::storage::Storage;
use crate::view::Update;

/// What the answer to a command about privacy is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrivacyExpects {
    Privacy,
    Blocked,
}

/// Commands about privacy; none where it is another one.
pub(crate) fn request_of(command: Command) -> Option<(Expects, Waiting)> {
    use HttpMethod::{Delete, Get, Patch};
    const PRIVACY: &str = "/v1/me/privacy";
    let privacy = Expects::Privacy(PrivacyExpects::Privacy);
    Some(match command {
        Command::GetPrivacy => (privacy, signed(Get, PRIVACY)),
        Command::SetPrivacy { change } => (privacy, signed(Patch, PRIVACY).with(&change)),
        Command::ListBlocked { after } => {
            let path = match after {
                Some(after) => format!("/v1/me/blocked?after={}", escape(&after)),
                None => "/v1/me/blocked".to_owned(),
            };
            (Expects::Privacy(PrivacyExpects::Blocked), signed(Get, path))
        }
        Command::Unblock { user } => (Expects::Nothing, signed(Delete, format!("/v1/me/blocked/{user}"))),
        _ => return None,
    })
}

pub(crate) fn read_reply(expects: PrivacyExpects, answer: &HttpAnswer) -> Result<Reply, CommandError> {
    match expects {
        PrivacyExpects::Privacy => read::<Privacy>(answer).map(|privacy| Reply::Privacy { privacy }),
        PrivacyExpects::Blocked => read::<BlockedPeople>(answer).map(|people| Reply::Blocked {
            items: people.items,
            next: people.next,
        }),
    }
}

fn signed(method: HttpMethod, path: impl Into<String>) -> Waiting {
    Waiting::authorized(Call::Farewell, method, path)
}

impl<S: Storage> Engine<S> {
    /// A device of one's own has changed it: whoever shows it shows that.
    pub(crate) fn privacy_came(&mut self, privacy: Privacy) {
        self.show_everywhere(&Update::Privacy { privacy });
    }
}
