//! What devices ask over HTTP, and what comes back.

use pipit_client::io::{HttpAnswer, HttpId, HttpRequest};
use pipit_wire::{ErrorCode, WireError};
use rand::RngExt as _;

use super::{Step, World};
use crate::http;

impl World {
    pub(super) async fn request(
        &mut self,
        device: usize,
        life: u64,
        request: &HttpRequest,
    ) -> anyhow::Result<()> {
        let latency_ms = self.random.random_range(1..=self.plan.latency_ms);
        let node = self.draw_node();
        let answer = if self.device(device)?.online {
            http::answer(&self.server, node, request).await
        } else {
            HttpAnswer::Unreachable
        };
        self.remember_conversation(&answer);
        // The request was carried out, and its answer is lost.
        let lost = self.faulty && self.random.random_bool(self.plan.drop / 2.0);
        let answer = if lost { HttpAnswer::Unreachable } else { answer };
        self.later(
            latency_ms,
            Step::Answer {
                device,
                life,
                id: request.id,
                answer,
            },
        );
        Ok(())
    }

    fn remember_conversation(&mut self, answer: &HttpAnswer) {
        if let HttpAnswer::Answered { status: 200, body } = answer
            && let Ok(made) = serde_json::from_str::<pipit_wire::rest::Conversation>(body)
        {
            self.ledger.conversations.insert(made.conversation.id);
        }
    }

    /// A server from before encrypted conversations.
    pub(super) fn has_no_keys(&mut self, device: usize, life: u64, id: HttpId) {
        let refusal = WireError::new(ErrorCode::NotFound, "there is no such endpoint");
        let body = serde_json::to_string(&refusal).unwrap_or_default();
        let status = refusal.code.http_status();
        let answer = HttpAnswer::Answered { status, body };
        self.later(
            1,
            Step::Answer {
                device,
                life,
                id,
                answer,
            },
        );
    }
}
