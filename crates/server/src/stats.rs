//! What a node counts about itself.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Counters since the start, and gauges of now.
        #[derive(Debug, Default)]
        pub struct Stats {
            $($(#[$doc])* pub $name: Counter,)*
        }

        impl Stats {
            /// Every counter by its name.
            pub fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name.get()),)*].into_iter()
            }
        }
    };
}

counters! {
    /// Entries put into a log, repetitions not counted.
    messages_appended,
    /// Edits of messages among them.
    edits_appended,
    /// Deletions of messages among them.
    deletions_appended,
    /// Messages erased because their time had passed.
    messages_expired,
    /// Reactions among them, given and taken back.
    reactions_appended,
    /// Pins among them, set and taken away.
    pins_appended,
    /// Votes in polls among them, given, changed and taken back.
    votes_appended,
    /// Polls that were closed among them.
    polls_closed,
    /// Changes of groups of devices among them, and wishes for such.
    handshakes_appended,
    /// Sealed messages and handshakes refused because their conversation's group had moved on.
    stale_epochs,
    /// Key packages of devices given away.
    key_packages_claimed,
    /// Last resorts among them: their devices had no other left.
    last_resorts_claimed,
    /// Keys of devices, and recovery keys, that were published with a vouch or vouched for later.
    keys_vouched,
    /// Keys of devices that were published and that nobody has vouched for, the first of each account included.
    keys_unvouched,
    /// Vouches refused: a wrong signature, or a voucher that is none.
    vouches_refused,
    /// Messages sent at the time for which they were scheduled.
    scheduled_sent,
    /// Scheduled messages that were refused when their time came.
    scheduled_refused,
    /// Times that what was deleted was cleared out of the storage's files.
    scrubs,
    /// Commits that put them there.
    batches,
    /// Entries announced.
    announcements,
    /// Messages that were looked at for whom to push them to.
    push_considered,
    /// Pushes that push services have taken.
    push_sent,
    /// Pushes that push services refused.
    push_refused,
    /// Pushes that push services had no time for, to be tried again.
    push_busy,
    /// Pushes that push services did not answer, to be tried again.
    push_unreachable,
    /// Pushes that were not taken however often they were tried.
    push_given_up,
    /// Pushes that failed in the server.
    push_failed,
    /// Pushes that a later one took the place of before they were sent.
    push_replaced,
    /// What was not looked at or not pushed because too much was waiting.
    push_overlooked,
    /// Subscriptions forgotten because their push service knows them no longer.
    push_subscriptions_dropped,
    /// Pushes that wait now.
    push_waiting,
    /// Frames put into connections' queues.
    deliveries,
    /// Queues dropped because their client did not read.
    dropped_queues,
    /// Connections that stand now.
    connections,
    /// Frames refused because their connection sent too many.
    rate_limited,
    /// Changes of what people let others see of them and do to them.
    privacy_changes,
    /// Reports of people.
    reports_added,
    /// Reports that an administrator has dealt with.
    reports_closed,
    /// Reports refused for what they show, such as what was not said so.
    reports_disproved,
    /// Markers that moved.
    receipts_advanced,
    /// Announcements from other nodes that could not be read.
    unreadable_announcements,
    /// What was handed to the bus for other nodes.
    bus_published,
    /// What came from other nodes.
    bus_received,
    /// Times that the bus was away and came back.
    bus_resumed,
    /// Conversations in which an entry from another node was found to be missing.
    gaps_found,
    /// Entries read from the log in place of announcements that were missing.
    repaired_entries,
    /// Times that what was given was compared with the log.
    sweeps,
    /// Refresh tokens and invites forgotten because they had served their time.
    pruned,
    /// Entries that the search index went over.
    entries_indexed,
    /// Devices that asked the others of their account for what they have.
    handovers_asked,
    /// Devices that were approved by another one of their account.
    handovers_approved,
    /// Hand-overs that nobody approved or came for in time, and histories whose time is over.
    handovers_expired,
    /// Backups that were begun.
    backups_begun,
    /// Histories of encrypted groups that newcomers to them are shown.
    histories_begun,
    /// Parts of archives that were added.
    archive_parts_added,
    /// Bytes of those.
    archive_bytes,
    /// Parts of archives that were refused, for want of room for the most part.
    archive_parts_refused,
    /// Parts of archives that were read.
    archive_parts_read,
    /// Bytes of files that have come.
    upload_bytes,
    /// Uploads that became files.
    files_finished,
    /// Pictures refused for their size.
    pictures_refused,
    /// Files removed because nobody has them.
    files_cleared,
    /// Objects removed because they belonged to no file.
    objects_cleared,
    /// Pages fetched for previews of links that said what they are.
    previews_made,
    /// Pictures that pages name, made small for their previews.
    preview_pictures_made,
    /// Pictures that pages name and that were led inside, late, too large, or none.
    preview_pictures_refused,
    /// Previews answered from what was kept.
    previews_kept,
    /// Pages that were not fetched because they lead where nobody may be led.
    previews_refused,
    /// Pages that did not come in time.
    previews_late,
    /// Pages that did not come.
    previews_failed,
    /// Pages that say nothing of themselves, and what is no page.
    previews_empty,
}

/// A number that many threads change.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn add_one(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, count: usize) {
        self.0.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// One less.
    pub fn subtract_one(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
