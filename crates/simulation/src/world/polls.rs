//! Asking and voting, in open conversations.

use anyhow::{Context as _, bail};
use pipit_client::command::{Command, Reply};
use pipit_client::view::{ItemBody, TimelineItem};
use pipit_wire::poll::Poll;
use pipit_wire::{ConversationId, EventId, MessageId};
use rand::RngExt as _;

use super::{World, bytes};

impl World {
    /// Now and then somebody asks something in the open timeline, votes in a poll of it, votes otherwise, or takes their vote back.
    pub(super) fn take_part(&mut self, device: usize) -> anyhow::Result<()> {
        if !self.polls.random_bool(0.3) {
            return Ok(());
        }
        let screen = &self.device(device)?.screen;
        let Some(header) = screen.header.as_ref().filter(|header| !header.encrypted) else {
            return Ok(());
        };
        let conversation = header.conversation;
        let poll = |item: &TimelineItem| match &item.body {
            ItemBody::Message { poll: Some(poll), .. } => Some((item.key, poll.options.len(), poll.multiple)),
            _ => None,
        };
        let polls: Vec<_> = screen.timeline.iter().filter_map(poll).collect();
        if polls.is_empty() || self.polls.random_bool(0.1) {
            return self.ask(device, conversation);
        }
        let (message, options, multiple) = *polls
            .get(self.polls.random_range(0..polls.len()))
            .context("a poll that is shown")?;
        let mut chosen: Vec<u8> = Vec::new();
        for option in 0..u8::try_from(options)? {
            if self.polls.random_bool(0.4) && (multiple || chosen.is_empty()) {
                chosen.push(option);
            }
        }
        let change = EventId::new(self.now, bytes(&mut self.polls));
        self.ledger.votes.insert(change.into());
        let vote = Command::Vote {
            change,
            conversation,
            message,
            options: chosen,
        };
        self.command(device, vote.clone())?;
        // A tab that lost its leader sends its command again.
        if self.polls.random_bool(0.2) {
            self.command(device, vote)?;
        }
        Ok(())
    }

    fn ask(&mut self, device: usize, conversation: ConversationId) -> anyhow::Result<()> {
        let message = MessageId::new(self.now, bytes(&mut self.polls));
        let options = self.polls.random_range(2..=4);
        let poll = Poll {
            options: (0..options).map(|option| format!("option {option}")).collect(),
            multiple: self.polls.random_bool(0.5),
            anonymous: self.polls.random_bool(0.3),
            closes_at: None,
        };
        let ask = Command::SendPoll {
            message,
            conversation,
            question: format!("{message} from device {device}"),
            poll,
        };
        let command = self.command(device, ask)?;
        match self.device(device)?.reply(command) {
            Some(Reply::Done) => self.ledger.queued(device, conversation, message),
            Some(Reply::Failed { .. }) => {}
            other => bail!("a poll is queued at once, not answered with {other:?}"),
        }
        Ok(())
    }
}
