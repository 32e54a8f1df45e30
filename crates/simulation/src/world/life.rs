//! What people do, and what breaks.

use anyhow::{Context as _, bail};
use pipit_client::command::{Command, Reply};
use pipit_client::io::Input;
use pipit_client::view::{ItemBody, TimelineItem};
use pipit_wire::{ConversationId, EventId, MessageId, UserId};
use rand::RngExt as _;

use super::{Step, World, bytes};

impl World {
    pub(super) async fn act(&mut self) -> anyhow::Result<()> {
        self.actions_left = self.actions_left.saturating_sub(1);
        let device = self.random.random_range(0..self.devices.len());
        if self.random.random_bool(self.plan.chaos) {
            self.break_something(device).await?;
        } else {
            self.do_something(device)?;
            self.take_part(device)?;
        }
        if self.actions_left > 0 {
            let pause_ms = self.random.random_range(1..=self.plan.pause_ms);
            self.later(pause_ms, Step::Act);
        }
        Ok(())
    }

    async fn break_something(&mut self, device: usize) -> anyhow::Result<()> {
        match self.random.random_range(0..9) {
            0 => {
                let node = self.draw_node();
                self.crash_node(node).await?;
            }
            1 | 6 => {
                let (node, steps) = (self.draw_node(), self.random.random_range(0..=30));
                if let Some(running) = self.server.running(node) {
                    running.life.die_after(steps);
                }
            }
            7 => self.lose_bus(),
            8 => {
                let away_ms = self.random.random_range(1..=60_000);
                if let Some(line) = &mut self.device(device)?.line {
                    line.reads = false;
                    let line = line.number;
                    self.later(away_ms, Step::ReadAgain { device, line });
                }
            }
            2 => {
                self.ledger.crashes += 1;
                let now = self.now;
                self.device(device)?.crash(now)?;
                self.attach(device)?;
            }
            3 => {
                self.device(device)?.online = false;
                self.cut(device)?;
                let away_ms = self.random.random_range(1..=60_000);
                self.later(away_ms, Step::GoOnline { device });
            }
            4 => {
                // The device's clock is set, forwards or back.
                let jump_ms = self.random.random_range(-600_000..=600_000);
                self.device(device)?.skew_ms += jump_ms;
                self.feed(device, Input::Tick)?;
            }
            _ => self.cut(device)?,
        }
        Ok(())
    }

    /// The bus goes away, for all nodes or for one, and comes back.
    fn lose_bus(&mut self) {
        let (all, one) = (self.random.random_bool(0.5), self.draw_node());
        let away_ms = self.random.random_range(1..=30_000);
        for node in 0..self.plan.nodes.len() {
            if all || node == one {
                self.server.network.leave(node);
                self.later(away_ms, Step::BusIsBack { node });
            }
        }
    }

    fn do_something(&mut self, device: usize) -> anyhow::Result<()> {
        if self.plan.encrypted && self.random.random_bool(0.15) {
            return self.change_a_message(device);
        }
        let shown = self.device(device)?.shown();
        if shown.is_empty() || self.random.random_bool(0.05) {
            return self.make_conversation(device);
        }
        let conversation = *shown
            .get(self.random.random_range(0..shown.len()))
            .context("a conversation that is shown")?;
        match self.random.random_range(0..20) {
            0..=9 => self.write(device, conversation)?,
            10..=12 => {
                self.device(device)?.screen.close();
                self.command(device, Command::OpenTimeline { conversation })?;
            }
            13..=14 => self.read(device)?,
            15 => {
                self.command(device, Command::LoadOlder)?;
            }
            16 => {
                self.command(
                    device,
                    Command::SetTyping {
                        conversation,
                        active: true,
                    },
                )?;
            }
            17 => {
                let visible = self.random.random_bool(0.5);
                self.command(device, Command::SetVisible { visible })?;
            }
            18 => {
                let event_id = EventId::new(self.now, bytes(&mut self.random));
                let title = format!("Renamed at {}", self.now.as_ms());
                self.command(
                    device,
                    Command::Rename {
                        conversation,
                        event_id,
                        title,
                    },
                )?;
            }
            _ => self.change_members(device, conversation)?,
        }
        Ok(())
    }

    fn make_conversation(&mut self, device: usize) -> anyhow::Result<()> {
        let me = self.device(device)?.user;
        let others: Vec<UserId> = self.people.iter().copied().filter(|user| *user != me).collect();
        let other = *others
            .get(self.random.random_range(0..others.len()))
            .context("another person")?;
        let encrypted = self.plan.encrypted && self.random.random_bool(0.7);
        let command = if self.random.random_bool(0.5) {
            Command::CreateDirect {
                user: other,
                encrypted,
            }
        } else {
            let id = ConversationId::new(self.now, bytes(&mut self.random));
            Command::CreateGroup {
                id,
                title: "A group".to_owned(),
                members: others,
                encrypted,
            }
        };
        self.command(device, command)?;
        Ok(())
    }

    /// Somebody writes one to four messages.
    pub fn write(&mut self, device: usize, conversation: ConversationId) -> anyhow::Result<()> {
        for _ in 0..self.random.random_range(1..=4) {
            let message = MessageId::new(self.now, bytes(&mut self.random));
            let text = format!("{message} from device {device}");
            let send = Command::SendMessage {
                message,
                conversation,
                text,
                reply_to: None,
                attachments: Vec::new(),
                preview: None,
            };
            let command = self.command(device, send.clone())?;
            match self.device(device)?.reply(command) {
                Some(Reply::Done) => self.ledger.queued(device, conversation, message),
                Some(Reply::Failed { .. }) => {}
                other => bail!("a message is queued at once, not answered with {other:?}"),
            }
            // A tab that lost its leader sends its command again.
            if self.random.random_bool(0.1) {
                self.command(device, send)?;
            }
            if self.random.random_bool(0.02) {
                self.withdraw(device, message)?;
            }
        }
        Ok(())
    }

    /// Somebody edits a message of the open timeline, or reacts to it.
    fn change_a_message(&mut self, device: usize) -> anyhow::Result<()> {
        let screen = &self.device(device)?.screen;
        let Some(header) = screen.header.as_ref().filter(|header| header.encrypted) else {
            return Ok(());
        };
        let conversation = header.conversation;
        let can = |item: &TimelineItem| match &item.body {
            ItemBody::Message { can, .. } => Some((item.key, *can)),
            _ => None,
        };
        let messages: Vec<_> = screen.timeline.iter().filter_map(can).collect();
        if messages.is_empty() {
            return Ok(());
        }
        let (message, can) = *messages
            .get(self.random.random_range(0..messages.len()))
            .context("a message")?;
        let change = EventId::new(self.now, bytes(&mut self.random));
        let edits = self.random.random_bool(0.5);
        let command = if edits && can.edit {
            Command::EditMessage {
                change,
                conversation,
                message,
                text: format!("{message} from device {device}, at {}", self.now.as_ms()),
            }
        } else {
            Command::React {
                change,
                conversation,
                message,
                emoji: "👍".to_owned(),
                on: self.random.random_bool(0.7),
            }
        };
        self.ledger.changes.insert(change);
        self.command(device, command)?;
        Ok(())
    }

    /// In the end everybody who is in an encrypted conversation says something in it, on each device: all can, and all read it.
    pub(super) async fn say_farewell(&mut self) -> anyhow::Result<()> {
        self.settle(120).await?;
        for device in 0..self.devices.len() {
            for conversation in self.device(device)?.shown() {
                self.write(device, conversation)?;
            }
        }
        self.settle(120).await
    }

    fn withdraw(&mut self, device: usize, message: MessageId) -> anyhow::Result<()> {
        self.ledger.withdrawn.insert(message);
        self.command(device, Command::DiscardMessage { message })?;
        Ok(())
    }

    /// Somebody reads up to some place of the open timeline.
    pub fn read(&mut self, device: usize) -> anyhow::Result<()> {
        let screen = &self.device(device)?.screen;
        let Some(conversation) = screen.header.as_ref().map(|header| header.conversation) else {
            return Ok(());
        };
        let seqs: Vec<_> = screen.timeline.iter().filter_map(|item| item.seq).collect();
        if seqs.is_empty() {
            return Ok(());
        }
        let seq = *seqs
            .get(self.random.random_range(0..seqs.len()))
            .context("a place")?;
        self.command(device, Command::MarkRead { conversation, seq })?;
        Ok(())
    }

    fn change_members(&mut self, device: usize, conversation: ConversationId) -> anyhow::Result<()> {
        let user = *self
            .people
            .get(self.random.random_range(0..self.people.len()))
            .context("a person")?;
        let command = if self.random.random_bool(0.6) {
            let event_ids = vec![EventId::new(self.now, bytes(&mut self.random))];
            Command::AddMembers {
                conversation,
                event_ids,
                users: vec![user],
            }
        } else {
            Command::RemoveMember { conversation, user }
        };
        self.command(device, command)?;
        Ok(())
    }
}
