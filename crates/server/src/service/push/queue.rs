//! What may have to be pushed, from those who must not wait for it.

use std::sync::{Arc, OnceLock};

use pipit_wire::event::MessageChange;
use pipit_wire::{ConversationId, Event, EventId, MessageId, Seq, UserId};
use tokio::sync::mpsc;

use crate::stats::Stats;

/// The most that waits to be looked at.
const JOBS_MAX: usize = 8_192;

/// Something that may have to be pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Job {
    /// A message is in the log.
    Message {
        /// Where.
        conversation: ConversationId,
        /// Which entry.
        event: EventId,
    },
    /// A message is gone, or says something else.
    Changed {
        /// Where.
        conversation: ConversationId,
        /// Which one.
        message: MessageId,
        /// The entry that has it say something else; none where it is gone.
        edit: Option<EventId>,
    },
    /// Somebody's marker moved.
    Read {
        /// Whose.
        user: UserId,
        /// Of which conversation.
        conversation: ConversationId,
        /// To where.
        read: Seq,
    },
}

/// Takes it, where anybody looks at it. Cheap to clone.
#[derive(Clone)]
pub struct PushQueue {
    jobs: Arc<OnceLock<mpsc::Sender<Job>>>,
    stats: Arc<Stats>,
}

impl PushQueue {
    /// One that nobody looks at.
    pub fn new(stats: Arc<Stats>) -> Self {
        Self {
            jobs: Arc::default(),
            stats,
        }
    }

    /// What comes from now on goes here; none where it goes somewhere already.
    pub(super) fn connect(&self) -> Option<mpsc::Receiver<Job>> {
        let (jobs, receiver) = mpsc::channel(JOBS_MAX);
        self.jobs.set(jobs).ok().map(|()| receiver)
    }

    /// A message was appended.
    pub fn message(&self, event: &Event) {
        self.put(Job::Message {
            conversation: event.conversation,
            event: event.id,
        });
    }

    /// A change of a message was appended: what may be shown of it is to be like it.
    pub fn changed(&self, event: &Event, message: MessageId, change: &MessageChange) {
        match change {
            MessageChange::Delete {} => self.gone(event.conversation, message),
            MessageChange::Edit { .. } => self.put(Job::Changed {
                conversation: event.conversation,
                message,
                edit: Some(event.id),
            }),
            MessageChange::React { .. }
            | MessageChange::Pin { .. }
            | MessageChange::Vote { .. }
            | MessageChange::ClosePoll {} => {}
        }
    }

    /// A message is not there any more.
    pub fn gone(&self, conversation: ConversationId, message: MessageId) {
        self.put(Job::Changed {
            conversation,
            message,
            edit: None,
        });
    }

    /// Somebody has read up to here.
    pub fn read(&self, user: UserId, conversation: ConversationId, read: Seq) {
        self.put(Job::Read {
            user,
            conversation,
            read,
        });
    }

    /// Somebody is in a conversation no more since the entry at `seq`: nothing of it is to be shown to them, as if they had read it all.
    pub fn left(&self, user: UserId, conversation: ConversationId, seq: Seq) {
        self.read(user, conversation, seq);
    }

    fn put(&self, job: Job) {
        let Some(jobs) = self.jobs.get() else { return };
        if jobs.try_send(job).is_err() {
            self.stats.push_overlooked.add_one();
        }
    }
}
