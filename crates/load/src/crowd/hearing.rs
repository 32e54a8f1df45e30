//! What a device does with what the server says.

use std::time::Duration;

use pipit_client_net::Text;
use pipit_wire::frame::client::{History, Sync};
use pipit_wire::frame::server::{Ack, CatchUp, Page};
use pipit_wire::frame::{Cursor, Receipt};
use pipit_wire::limits::PAGE_EVENTS_MAX;
use pipit_wire::{ClientFrame, ErrorCode, Event, RequestId, Retry, Seq, ServerFrame, WireError};

use super::device::Device;
use super::meter::Meter;
use super::seen::Frame;
use crate::record::{Micros, Said, What};

/// Recognises the answers to what closes holes.
const HOLE: RequestId = RequestId(4);
/// Of a reader of history: its pages are for speed, not for the record.
const SCROLL: RequestId = RequestId(3);

impl Device {
    pub(super) fn hear(&mut self, text: &Text, node: usize) {
        let now = self.heard_at;
        let shared = std::sync::Arc::clone(&self.shared);
        let Some(frame) = shared.frames.read(text) else {
            return;
        };
        match &*frame {
            Frame::Event(event, said, intended) => {
                Meter::count(&shared.meter.delivered);
                self.arrived(event, *said, now);
                if said.sender != self.shared.user(self.number)
                    && let Some(intended) = intended
                {
                    let mut latencies = shared.meter.of(self.number);
                    latencies.delivered.saturating_record(now.since(*intended).max(1));
                }
            }
            Frame::Other(frame) => self.hear_other(frame, now, node),
        }
    }

    fn hear_other(&mut self, frame: &ServerFrame, now: Micros, node: usize) {
        match frame {
            ServerFrame::Welcome(_) => {
                Meter::count(&self.shared.meter.connected);
                let node = u16::try_from(node).unwrap_or(u16::MAX);
                self.tape.write(now, What::Connected { node });
            }
            ServerFrame::Ack(ack) => self.acknowledged(ack, now),
            ServerFrame::Receipt(receipt) => self.told(receipt, now),
            ServerFrame::CatchUp(catch_up) => self.caught_up(catch_up, now),
            ServerFrame::Synced(synced) if synced.id != HOLE => self.synced = true,
            ServerFrame::Page(page) => self.page(page, now),
            ServerFrame::Error(error) => self.refused(error, now),
            ServerFrame::Goodbye(goodbye) => {
                self.reconnect_after = Some(Duration::from_millis(goodbye.reconnect_after_ms.into()));
            }
            _ => {}
        }
    }

    fn acknowledged(&mut self, ack: &Ack, now: Micros) {
        let index = self.by_id.get(&ack.conversation).copied();
        let Some(place) = index.and_then(|index| self.places.get_mut(index)) else {
            return;
        };
        let (conversation, message, seq) = (place.number, ack.message, ack.seq);
        self.tape.write(
            now,
            What::Acknowledged {
                conversation,
                message,
                seq,
            },
        );
        if let Some(outgoing) = place.outgoing.take_if(|outgoing| outgoing.message == message) {
            Meter::count(&self.shared.meter.acknowledged);
            let mut latencies = self.shared.meter.of(self.number);
            latencies
                .acknowledged
                .saturating_record(now.since(outgoing.intended).max(1));
        }
    }

    fn arrived(&mut self, event: &Event, said: Said, now: Micros) {
        let Some(index) = self.by_id.get(&event.conversation).copied() else {
            return;
        };
        let Some(place) = self.places.get_mut(index) else {
            return;
        };
        let (conversation, seq) = (place.number, event.seq);
        self.tape.write(
            now,
            What::Delivered {
                conversation,
                seq,
                said,
            },
        );
        if place.arrived(seq) {
            let cursor = Cursor {
                conversation: place.id,
                seq: place.have,
            };
            self.frames.push(ClientFrame::Sync(Sync {
                id: HOLE,
                cursors: vec![cursor],
            }));
        }
        self.receipts_later(now);
    }

    fn told(&mut self, receipt: &Receipt, now: Micros) {
        let index = self.by_id.get(&receipt.conversation).copied();
        let Some(place) = index.and_then(|index| self.places.get(index)) else {
            return;
        };
        let (conversation, member) = (place.number, self.shared.frames.user(receipt.user));
        let (delivered, read) = (receipt.delivered_seq, receipt.read_seq);
        self.tape.write(
            now,
            What::Receipt {
                conversation,
                member,
                delivered,
                read,
            },
        );
    }

    fn caught_up(&mut self, catch_up: &CatchUp, now: Micros) {
        let index = self.by_id.get(&catch_up.conversation).copied();
        let place = index.and_then(|index| self.places.get_mut(index));
        if let (Some(place), Some(first)) = (place, catch_up.events.first()) {
            place.caught_up_from(first.seq);
        }
        for event in &catch_up.events {
            let said = self.shared.frames.said(event);
            self.arrived(event, said, now);
        }
        let Some(place) = index.and_then(|index| self.places.get_mut(index)) else {
            return;
        };
        place.asked = false;
        place.last_seq = place.last_seq.max(catch_up.last_seq);
        if catch_up.gap {
            let (conversation, after) = (place.id, place.have);
            self.ask_page(conversation, after);
        }
    }

    fn ask_page(&mut self, conversation: pipit_wire::ConversationId, after: Seq) {
        self.frames.push(ClientFrame::History(History {
            id: HOLE,
            conversation,
            before_seq: None,
            after_seq: Some(after),
            limit: PAGE_EVENTS_MAX,
        }));
    }

    fn page(&mut self, page: &Page, now: Micros) {
        if page.id == SCROLL {
            if let Some(since) = self.scrolling.take() {
                Meter::count(&self.shared.meter.pages);
                let mut latencies = self.shared.meter.of(self.number);
                latencies.page.saturating_record(now.since(since).max(1));
            }
            return;
        }
        let index = self.by_id.get(&page.conversation).copied();
        if let Some(place) = index.and_then(|index| self.places.get_mut(index)) {
            place.begins(page.first_seq);
        }
        for event in &page.events {
            let said = self.shared.frames.said(event);
            self.arrived(event, said, now);
        }
        let Some(place) = index.and_then(|index| self.places.get_mut(index)) else {
            return;
        };
        place.last_seq = place.last_seq.max(page.last_seq);
        if !place.is_complete() && !page.events.is_empty() {
            let (conversation, after) = (place.id, place.have);
            self.ask_page(conversation, after);
        }
    }

    fn refused(&mut self, error: &WireError, now: Micros) {
        Meter::count(&self.shared.meter.refused);
        if matches!(error.code, ErrorCode::Unauthenticated) {
            self.refresh = true;
            return;
        }
        let later = Micros(now.0 + u64::from(error.retry_after_ms.unwrap_or(1_000)) * 1_000);
        let place = self.places.iter_mut().find(|place| {
            place
                .outgoing
                .as_ref()
                .is_some_and(|outgoing| error.id == Some(outgoing.request))
        });
        let Some(place) = place else {
            // A hole, a page or everything was refused: the next line asks again.
            if error.retry == Retry::Later {
                let wait_ms = error.retry_after_ms.unwrap_or(1_000);
                self.reconnect_after = Some(Duration::from_millis(wait_ms.into()));
            }
            return;
        };
        let Some(outgoing) = &mut place.outgoing else {
            return;
        };
        let (conversation, message, code) = (place.number, outgoing.message, error.code);
        outgoing.written = false;
        if error.retry == Retry::Later {
            place.put_off = Some(later);
        } else {
            place.outgoing = None;
        }
        self.tape.write(
            now,
            What::Refused {
                conversation,
                message,
                code,
            },
        );
    }
}
