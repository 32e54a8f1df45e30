//! What a person has set on this device and the server does not have yet: a group's picture, and what they show of themselves.
//!
//! It is on disk before it is shown, and is shown from then on in place of what the server said last. Where it has a picture, its bytes go
//! first (they are kept by the driver until then), by the steps of every other file; then what is wished is said. There is one wish for each
//! group and one for oneself: what is set again before the server has it is said once. A wish that the server refuses is dropped, and the
//! views are told why.

use std::collections::BTreeMap;

use pipit_model::text;
use pipit_wire::event::AvatarChange;
use pipit_wire::media::Attachment;
use pipit_wire::person::{Face, FaceChange};
use pipit_wire::rest::{ChangeConversation, ChangeProfile, Conversation, FinishedUpload, Me};
use pipit_wire::{BlobId, ConversationId, ErrorCode, EventId, Retry, Timestamp};

use crate::command::{Command, CommandError, Reply};
use crate::commands::Done;
use crate::engine::{Engine, Stored};
use crate::http::{Call, Waiting, local_error, read, refusal};
use crate::io::{FilePart, HttpAnswer, HttpMethod, Output};
use crate::picture::PictureChange;
use crate::storage::{Storage, WishRecord, WishTarget};
use crate::upload;
use crate::uploads::Step;

/// The first and the last wait before a step that failed is tried again.
const RETRY_MS: (i64, i64) = (1_000, 60_000);
/// So often the server may have lost what it had of a picture before that is given up.
const RESTARTS_MAX: u32 = 8;

/// A change of nothing.
const NOTHING: ChangeProfile = ChangeProfile {
    name: None,
    avatar: None,
    about: None,
    status: None,
};

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WishStep {
    Picture(Step),
    Say,
}

/// A step towards a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WishCall {
    target: WishTarget,
    id: EventId,
    step: WishStep,
}

/// What is under way.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    running: BTreeMap<WishTarget, EventId>,
    /// Not before this time.
    put_off: BTreeMap<WishTarget, Timestamp>,
    /// Failures since something came through.
    failures: BTreeMap<WishTarget, u32>,
    /// Steps that have failed in this input.
    refused: Vec<(WishCall, CommandError)>,
    /// They are looked into at the end of this input.
    nudged: bool,
}

impl Wishes {
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.put_off.values().min().copied()
    }

    pub(crate) fn refused(&mut self, call: WishCall, error: CommandError) {
        self.refused.push((call, error));
    }

    /// The line stands again: whatever waits does not wait longer.
    pub(crate) fn hurry(&mut self) {
        self.put_off.clear();
        self.nudged = true;
    }

    fn forget(&mut self, target: WishTarget) {
        self.running.remove(&target);
        self.put_off.remove(&target);
        self.failures.remove(&target);
        self.nudged = true;
    }
}

impl<S: Storage> Engine<S> {
    /// Commands that set something.
    pub(crate) fn wish_command(&mut self, command: Command) -> Stored<Done> {
        let reply = match command {
            Command::SetGroupPicture {
                conversation,
                event_id,
                picture,
            } => self.set_group_picture(conversation, event_id, &picture)?,
            Command::ChangeProfile {
                event_id,
                name,
                about,
                status,
                picture,
            } => {
                let change = ChangeProfile {
                    name,
                    about,
                    status,
                    avatar: None,
                };
                self.change_profile(event_id, change, picture.as_ref())?
            }
            other => return Ok(Done::Not(other)),
        };
        Ok(Done::Now(reply))
    }

    /// Gives a group another picture, or none.
    fn set_group_picture(
        &mut self,
        conversation: ConversationId,
        id: EventId,
        picture: &PictureChange,
    ) -> Stored<Reply> {
        if self.storage.conversation(conversation)?.is_none() {
            return Ok(failed(refusal(ErrorCode::NotMember, None)));
        }
        self.wish(WishTarget::Group(conversation), id, NOTHING, Some(picture))
    }

    /// Changes what one shows of oneself.
    fn change_profile(
        &mut self,
        id: EventId,
        mut change: ChangeProfile,
        picture: Option<&PictureChange>,
    ) -> Stored<Reply> {
        if let Err(error) = checked(&mut change) {
            return Ok(failed(error));
        }
        self.wish(WishTarget::Me, id, change, picture)
    }

    fn wish(
        &mut self,
        target: WishTarget,
        id: EventId,
        mut change: ChangeProfile,
        picture: Option<&PictureChange>,
    ) -> Stored<Reply> {
        let before = self.storage.wish(target)?;
        if before.as_ref().is_some_and(|before| before.id == id) {
            return Ok(Reply::Done);
        }
        let mut file = None;
        if let Some(picture) = picture {
            let limits = self
                .session
                .as_ref()
                .map(|session| session.limits.media.file_bytes_max);
            if let Some(new) = &picture.picture {
                if limits.is_some_and(|most| new.size > most) {
                    return Ok(failed(refusal(ErrorCode::TooLarge, Some("picture"))));
                }
                file = Some(Attachment {
                    media_type: new.media_type.clone(),
                    size: new.size,
                    ..Attachment::of(new.blob)
                });
            }
            let blob = picture.picture.as_ref().map(|new| new.blob);
            change.avatar = Some(AvatarChange { blob });
        }
        if let Some(before) = before {
            match before.file {
                Some(old) if picture.is_some() => self.give_up_picture(old.blob),
                kept => file = file.or(kept),
            }
            change = later(before.change, change);
        }
        self.stop_wish(target);
        let record = WishRecord {
            target,
            id,
            change,
            file,
        };
        self.storage.save_wish(&record)?;
        self.wish_shown(target);
        Ok(Reply::Done)
    }

    /// What is shown for it has changed.
    fn wish_shown(&mut self, target: WishTarget) {
        match target {
            WishTarget::Me => self.dirty.all = true,
            WishTarget::Group(conversation) => self.dirty.conversation(conversation),
        }
    }

    pub(crate) fn wishes_due(&mut self) {
        let clock = self.clock;
        let before = self.wishes.put_off.len();
        self.wishes.put_off.retain(|_, until| !clock.is_due(*until));
        self.wishes.nudged |= self.wishes.put_off.len() != before;
    }

    pub(crate) fn pump_wishes(&mut self) -> Stored {
        self.take_refused_wishes()?;
        let idle = self.session.is_none() || !self.connection.is_up();
        if idle || !std::mem::take(&mut self.wishes.nudged) {
            return Ok(());
        }
        for wish in self.storage.wishes()? {
            let target = wish.target;
            if !self.wishes.running.contains_key(&target) && !self.wishes.put_off.contains_key(&target) {
                self.go_on(&wish);
            }
        }
        self.take_refused_wishes()
    }

    /// The files of wishes, whose bytes are still wanted.
    pub(crate) fn wished_files(&self) -> Stored<Vec<BlobId>> {
        let wishes = self.storage.wishes()?;
        Ok(wishes
            .into_iter()
            .filter_map(|wish| Some(wish.file?.blob))
            .collect())
    }

    /// Begins with what comes next. Where the server has made room for the picture before, it says how much has come.
    fn go_on(&mut self, wish: &WishRecord) {
        match &wish.file {
            Some(file) => self.wish_step(wish, WishStep::Picture(Step::Open), upload::open(file)),
            None => self.wish_step(wish, WishStep::Say, said(wish)),
        }
    }

    fn wish_step(&mut self, wish: &WishRecord, step: WishStep, request: Waiting) {
        let (target, id) = (wish.target, wish.id);
        self.wishes.running.insert(target, id);
        self.call(request.answering(Call::Wish(WishCall { target, id, step })));
    }

    /// A step has been answered, and not by a refusal.
    pub(crate) fn wish_answered(&mut self, call: WishCall, answer: &HttpAnswer) -> Stored {
        let wish = self.storage.wish(call.target)?;
        let Some(mut wish) = wish.filter(|wish| wish.id == call.id) else {
            return Ok(());
        };
        match (call.step, answer, &wish.file) {
            (WishStep::Picture(Step::Finish), answer, Some(file)) => match read::<FinishedUpload>(answer) {
                Ok(_) => {
                    self.out.push(Output::DropFile { blob: file.blob });
                    wish.file = None;
                    self.storage.save_wish(&wish)?;
                    self.go_on(&wish);
                }
                Err(error) => self.wishes.refused(call, error),
            },
            (WishStep::Picture(_), HttpAnswer::Received { offset }, Some(file)) => {
                let left = file.size.saturating_sub(*offset);
                let blob = file.blob;
                if left == 0 {
                    self.wish_step(&wish, WishStep::Picture(Step::Finish), upload::finish(blob, None));
                } else {
                    let length = left.min(self.part_bytes());
                    let offset = *offset;
                    let part = upload::part(FilePart {
                        blob,
                        offset,
                        length,
                        seal: None,
                    });
                    self.wish_step(&wish, WishStep::Picture(Step::Part { length }), part);
                }
            }
            (WishStep::Say, answer, _) => {
                self.storage.remove_wish(call.target)?;
                self.wishes.forget(call.target);
                self.wish_shown(call.target);
                match call.target {
                    WishTarget::Me => {
                        if let Ok(me) = read::<Me>(answer) {
                            self.profile_came(&me.profile)?;
                        }
                    }
                    WishTarget::Group(_) => {
                        if let Ok(changed) = read::<Conversation>(answer) {
                            self.apply_summary(&changed.conversation)?;
                        }
                    }
                }
            }
            _ => self.wishes.refused(call, local_error("bad_answer", None)),
        }
        Ok(())
    }

    fn take_refused_wishes(&mut self) -> Stored {
        for (call, error) in std::mem::take(&mut self.wishes.refused) {
            self.wish_refused(call, &error)?;
        }
        Ok(())
    }

    fn wish_refused(&mut self, call: WishCall, error: &CommandError) -> Stored {
        let target = call.target;
        let wish = self.storage.wish(target)?;
        let Some(wish) = wish.filter(|wish| wish.id == call.id) else {
            return Ok(());
        };
        self.wishes.running.remove(&target);
        self.wishes.nudged = true;
        let failures = self.wishes.failures.entry(target).or_default();
        let doublings = (*failures).min(6);
        *failures = failures.saturating_add(1);
        let restarts = matches!(call.step, WishStep::Picture(_))
            && matches!(
                error.code.as_str(),
                "offset_conflict" | "checksum_mismatch" | "not_found" | "bad_answer"
            );
        let again = if restarts {
            *failures <= RESTARTS_MAX
        } else {
            error.retry != Retry::Never
        };
        if again {
            let wait_ms = (RETRY_MS.0 << doublings).min(RETRY_MS.1);
            let asked_ms = error.retry_after_ms.map_or(0, i64::from);
            let until = self.clock.steady().plus_ms(wait_ms.max(asked_ms));
            self.wishes.put_off.insert(target, until);
            return Ok(());
        }
        if let Some(file) = &wish.file {
            self.give_up_picture(file.blob);
        }
        self.storage.remove_wish(target)?;
        self.wishes.forget(target);
        self.wish_shown(target);
        let conversation = match target {
            WishTarget::Me => None,
            WishTarget::Group(conversation) => Some(conversation),
        };
        self.show_wish_refused(conversation, &error.code);
        Ok(())
    }

    fn give_up_picture(&mut self, blob: BlobId) {
        self.out.push(Output::DropFile { blob });
        self.call(upload::give_up(blob));
    }

    /// What is under way for it is of no use any more.
    fn stop_wish(&mut self, target: WishTarget) {
        self.wishes.forget(target);
        for id in self
            .calls
            .forget(|call| matches!(call, Call::Wish(of) if of.target == target))
        {
            self.out.push(Output::AbortHttp { id });
        }
    }

    /// A conversation is gone, and its wish with it.
    pub(crate) fn give_up_wish_in(&mut self, conversation: ConversationId) -> Stored {
        let target = WishTarget::Group(conversation);
        if let Some(wish) = self.storage.wish(target)? {
            self.stop_wish(target);
            if let Some(file) = wish.file {
                self.give_up_picture(file.blob);
            }
            self.storage.remove_wish(target)?;
        }
        Ok(())
    }

    /// Nothing is known of what was under way: it begins again from what is on disk.
    pub(crate) fn stop_wishes(&mut self) {
        for id in self.calls.forget(|call| matches!(call, Call::Wish(_))) {
            self.out.push(Output::AbortHttp { id });
        }
        self.wishes = Wishes {
            nudged: true,
            ..Wishes::default()
        };
    }

    /// A group's picture as it is shown: the one that is wished for where there is a wish.
    pub(crate) fn group_picture(
        &self,
        conversation: ConversationId,
        known: Option<BlobId>,
    ) -> Stored<Option<BlobId>> {
        let wish = self.storage.wish(WishTarget::Group(conversation))?;
        let avatar = wish.and_then(|wish| wish.change.avatar);
        Ok(avatar.map_or(known, |avatar| avatar.blob))
    }

    /// Oneself as shown: with what is wished for.
    pub(crate) fn shown_me(&mut self) -> Stored<Option<Me>> {
        let Some(mut me) = self.session.as_ref().map(|session| session.me.clone()) else {
            return Ok(None);
        };
        if let Some(wish) = self.storage.wish(WishTarget::Me)? {
            let ChangeProfile {
                name,
                avatar,
                about,
                status,
            } = wish.change;
            me.profile.name = name.unwrap_or(me.profile.name);
            let mut face = me.profile.face.unwrap_or_default();
            face.apply(&FaceChange {
                avatar,
                about,
                status,
            });
            me.profile.face = Some(face);
        }
        me.profile.face = me.profile.face.map(|face| self.face_now(face));
        Ok(Some(me))
    }

    /// A face as it is now; when its status ends, it is shown anew.
    pub(crate) fn face_now(&mut self, face: Face) -> Face {
        let now = self.server_now();
        let face = face.at(now);
        if let Some(until) = face.status.as_ref().and_then(|status| status.until) {
            let ends = self.clock.steady().plus_ms(until.since_ms(now));
            self.names.note_end(ends);
        }
        face
    }
}

/// The request that says what is wished.
fn said(wish: &WishRecord) -> Waiting {
    // Whom it is answered to is set where it is made.
    let patch = |path: String| Waiting::authorized(Call::Farewell, HttpMethod::Patch, path);
    match wish.target {
        WishTarget::Me => patch("/v1/me".to_owned()).with(&wish.change),
        WishTarget::Group(conversation) => {
            patch(format!("/v1/conversations/{conversation}")).with(&ChangeConversation {
                event_id: wish.id,
                title: None,
                topic: None,
                announcements: None,
                history: None,
                expire_after_ms: None,
                avatar: wish.change.avatar,
            })
        }
    }
}

/// Both changes, `later` where both speak of the same.
fn later(earlier: ChangeProfile, later: ChangeProfile) -> ChangeProfile {
    ChangeProfile {
        name: later.name.or(earlier.name),
        avatar: later.avatar.or(earlier.avatar),
        about: later.about.or(earlier.about),
        status: later.status.or(earlier.status),
    }
}

/// Brings what is said of oneself into the form that the server keeps, or says what it would refuse.
fn checked(change: &mut ChangeProfile) -> Result<(), CommandError> {
    let unfit = |field| move |_| refusal(ErrorCode::InvalidField, Some(field));
    if let Some(name) = &mut change.name {
        *name = text::name(name).map_err(unfit("name"))?;
    }
    if let Some(about) = &mut change.about {
        *about = text::about(about).map_err(unfit("about"))?;
    }
    if let Some(status) = change.status.as_mut().and_then(|change| change.status.as_mut()) {
        status.text = text::status(&status.text).map_err(unfit("status.text"))?;
        pipit_model::emoji::reaction(&status.emoji, pipit_wire::limits::REACTION_BYTES_MAX)
            .map_err(|_| refusal(ErrorCode::InvalidField, Some("status.emoji")))?;
    }
    Ok(())
}

fn failed(error: CommandError) -> Reply {
    Reply::Failed { error }
}
