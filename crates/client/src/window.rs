//! The part of a log that an open timeline shows, and the history that is fetched for it.
//!
//! A timeline follows the end of the log, or stands around an older place that it was opened at, such as an answered message,
//! until it is lengthened to the end. Either way its window lies within one part of the log that is held
//! ([`crate::range`]), so that what it shows has no hole.

use pipit_wire::frame::client::History;
use pipit_wire::limits::PAGE_EVENTS_MAX;
use pipit_wire::{ClientFrame, ConversationId, Seq, UserId};

use crate::command::{Reply, ViewId};
use crate::engine::{Engine, Stored};
use crate::http::local_error;
use crate::range::LogRange;
use crate::request::Request;
use crate::storage::{ConversationRecord, Storage};
use crate::timeline::{Divider, Timeline};

/// Entries that a timeline opens with, and grows by.
const PAGE: u64 = 50;
/// The most entries that it opens with to reach the first unread one, or a place that is not far from the end.
const UNREAD_SHOWN_MAX: u64 = 300;

/// What is to be fetched for a timeline.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    Before(Seq),
    After(Seq),
}

impl<S: Storage> Engine<S> {
    /// Opens a timeline around a place: at once where it is on this device, else when it has been fetched.
    pub(crate) fn open_timeline_at(
        &mut self,
        view: &ViewId,
        conversation: ConversationId,
        seq: Seq,
    ) -> Stored<Reply> {
        let ranges = self.storage.ranges(conversation)?;
        let held = part_of(&ranges, seq).is_some();
        if !held && !self.connection.is_up() {
            let error = local_error("offline", None);
            return Ok(Reply::Failed { error });
        }
        self.open_at(view, conversation, Some(seq))
    }

    /// Brings the windows of open timelines up to date with the log, and asks for what is missing.
    pub(crate) fn load_timelines(&mut self) -> Stored {
        let me = self.me();
        let mut asked = Vec::new();
        for timeline in self.views.timelines_mut() {
            if timeline.window.is_some() && !self.dirty.touches(timeline.conversation) {
                continue;
            }
            let Some(record) = self.storage.conversation(timeline.conversation)? else {
                continue;
            };
            let ranges = self.storage.ranges(record.id)?;
            let Some(tail) = ranges.last().copied() else {
                continue;
            };
            reload_stale(&self.storage, timeline)?;
            load(&self.storage, timeline, &record, &ranges, tail)?;
            find_divider(&self.storage, timeline, &record, tail, me)?;
            if self.connection.is_up()
                && let Some(wanted) = wanted(timeline, &record, &ranges, tail)
            {
                timeline.loading = true;
                asked.push((record.id, wanted));
            }
        }
        for (conversation, wanted) in asked {
            if self.ask_for_history(conversation, wanted) {
                for timeline in self.timelines_of(conversation) {
                    timeline.wants.place = false;
                }
            }
        }
        Ok(())
    }

    /// False where a page is under way already.
    pub(crate) fn ask_for_history(&mut self, conversation: ConversationId, wanted: Wanted) -> bool {
        let request = Request::History { conversation };
        if self.requests.is_open(request) {
            return false;
        }
        let (before_seq, after_seq) = match wanted {
            Wanted::Before(seq) => (Some(seq), None),
            Wanted::After(seq) => (None, Some(seq)),
        };
        let id = self.new_request();
        self.requests.open(id, request);
        self.send(&ClientFrame::History(History {
            id,
            conversation,
            before_seq,
            after_seq,
            limit: PAGE_EVENTS_MAX,
        }));
        true
    }
}

/// The part that has the entry at this place.
pub(crate) fn part_of(ranges: &[LogRange], seq: Seq) -> Option<LogRange> {
    ranges
        .iter()
        .find(|range| range.covers(seq.previous(), seq) && seq > Seq::ZERO)
        .copied()
}

/// What a timeline wants that is not here.
fn wanted(
    timeline: &Timeline,
    record: &ConversationRecord,
    ranges: &[LogRange],
    tail: LogRange,
) -> Option<Wanted> {
    if timeline.wants.place
        && let Some(place) = timeline.place
        && part_of(ranges, place) != Some(tail)
    {
        // As much before it as after it; what becomes of its messages comes with the page, however long it has been here.
        let end = forward(place, PAGE).min(record.last_seq).next();
        return Some(Wanted::Before(end));
    }
    let part = match timeline.place {
        Some(place) => part_of(ranges, place)?,
        None => tail,
    };
    if timeline.wants.older {
        Some(Wanted::Before(part.after.next()))
    } else if timeline.wants.newer {
        Some(Wanted::After(part.through))
    } else {
        None
    }
}

/// Reads messages again that have changed.
fn reload_stale<S: Storage>(storage: &S, timeline: &mut Timeline) -> Stored {
    for message in std::mem::take(&mut timeline.stale) {
        let Some(event) = storage.find_message(timeline.conversation, message)? else {
            continue;
        };
        let seq = event.seq;
        let Ok(place) = timeline.events.binary_search_by_key(&seq, |event| event.seq) else {
            continue;
        };
        if let Some(loaded) = timeline.events.get_mut(place) {
            *loaded = event;
        }
        let folded = storage.fold(timeline.conversation, seq)?.folded;
        timeline.folds.insert(seq, folded);
    }
    Ok(())
}

/// Moves the window to where it belongs and loads what is in it.
fn load<S: Storage>(
    storage: &S,
    timeline: &mut Timeline,
    record: &ConversationRecord,
    ranges: &[LogRange],
    tail: LogRange,
) -> Stored {
    let part = match timeline.place {
        None => tail,
        Some(place) => match part_of(ranges, place) {
            Some(part) => part,
            None if timeline.wants.place || timeline.loading => return Ok(()),
            // It is not to be had: the end is better than nothing.
            None => {
                timeline.place = None;
                tail
            }
        },
    };
    let within = |window: &LogRange| part.after <= window.after && window.through <= part.through;
    let loaded = timeline.window.filter(within);
    let (mut window, opened) = match loaded {
        Some(window) => (window, false),
        None => (opening_window(timeline, part, tail), true),
    };
    let through = match timeline.place {
        None => part.through,
        Some(_) if timeline.wants.newer => forward(window.through, PAGE).min(part.through),
        Some(_) => window.through,
    };
    if opened {
        timeline.events.clear();
        timeline.folds.clear();
        read(storage, timeline, LogRange { through, ..window }, false)?;
    } else if window.through < through {
        let after = window.through;
        read(storage, timeline, LogRange { after, through }, false)?;
    }
    timeline.wants.newer &= window.through == through;
    window.through = through;
    let short = u64::try_from(timeline.events.len()).unwrap_or(u64::MAX) < PAGE;
    timeline.wants.older |= opened && short;
    if timeline.wants.older {
        let floor = record.first_seq.previous();
        let target = back(window.after, PAGE).max(part.after).max(floor);
        if target < window.after {
            let through = window.after;
            read(
                storage,
                timeline,
                LogRange {
                    after: target,
                    through,
                },
                true,
            )?;
            window.after = target;
            timeline.wants.older = false;
        } else if window.after <= floor {
            timeline.wants.older = false;
        }
    }
    if part == tail && window.through == tail.through {
        timeline.place = None;
        timeline.wants.newer = false;
    }
    timeline.window = Some(window);
    timeline.cut();
    Ok(())
}

/// Reads entries, and what has become of messages, to the beginning or the end of what is loaded.
fn read<S: Storage>(storage: &S, timeline: &mut Timeline, part: LogRange, to_front: bool) -> Stored {
    let events = storage.entries(timeline.conversation, part.after, part.through)?;
    if to_front {
        for event in events.into_iter().rev() {
            timeline.events.push_front(event);
        }
    } else {
        timeline.events.extend(events);
    }
    let folds = storage.folds(timeline.conversation, part.after, part.through)?;
    timeline.folds.extend(folds);
    Ok(())
}

/// The newest entries, back to a little before the first unread one where that is not too far; or those around a place, up to
/// the end where that is not too far.
fn opening_window(timeline: &Timeline, part: LogRange, tail: LogRange) -> LogRange {
    if let Some(place) = timeline.place {
        let near_the_end = part == tail && back(tail.through, UNREAD_SHOWN_MAX) <= place;
        let after = back(place, PAGE / 2).max(part.after);
        let through = if near_the_end {
            part.through
        } else {
            forward(place, PAGE / 2).min(part.through)
        };
        return LogRange { after, through };
    }
    let newest = back(tail.through, PAGE);
    let unread = back(timeline.opened_at.1, PAGE / 5);
    let reachable = back(tail.through, UNREAD_SHOWN_MAX) <= unread;
    let after = if reachable { newest.min(unread) } else { newest };
    LogRange {
        after: after.max(tail.after),
        through: tail.through,
    }
}

fn back(seq: Seq, entries: u64) -> Seq {
    Seq::new(seq.get().saturating_sub(entries)).unwrap_or(Seq::ZERO)
}

fn forward(seq: Seq, entries: u64) -> Seq {
    Seq::new(seq.get().saturating_add(entries)).unwrap_or(Seq::MAX)
}

/// The first message that was unread when the timeline was opened, once everything from the marker on is here.
fn find_divider<S: Storage>(
    storage: &S,
    timeline: &mut Timeline,
    record: &ConversationRecord,
    tail: LogRange,
    me: Option<UserId>,
) -> Stored {
    let (last, read) = timeline.opened_at;
    let Some(me) = me.filter(|_| timeline.divider == Divider::Undecided) else {
        return Ok(());
    };
    if read >= last {
        timeline.divider = Divider::Nowhere;
    } else if tail.covers(read, last) {
        let first = storage.first_message_of_others(record.id, me, read)?;
        timeline.divider = match first {
            Some(first) if first <= last => Divider::At(first),
            Some(_) | None => Divider::Nowhere,
        };
    }
    Ok(())
}
