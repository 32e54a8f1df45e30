//! A connection that has said who it is.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use futures_util::FutureExt as _;
use pipit_store::account::Opening;
use pipit_store::change::leave_out_expired;
use pipit_store::log::{Appended, LogRange, ReceiptAdvance};
use pipit_store::poll::veil;
use pipit_wire::event::{Change, Message};
use pipit_wire::frame::PresenceState;
use pipit_wire::frame::client::{Hello, History, ListConversations, SendTyping, SetPersonal, Sync, Watch};
use pipit_wire::frame::server::{
    Ack, ConversationsPage, Goodbye, GoodbyeReason, Page, PersonalChanged, Pong, Welcome,
};
use pipit_wire::{
    ClientFrame, ConversationId, ErrorCode, MessageId, PROTOCOL_VERSION, RequestId, ServerFrame, Timestamp,
    WireError,
};

use super::catch_up::{CatchUp, encode, gone};
use crate::error::ServiceError;
use crate::fanout::appender::Outcome;
use crate::fanout::hub::Connection;
use crate::fanout::outbox::{Ending, Outgoing, Taken};
use crate::node::Node;
use crate::service::access::{AccessCache, Caller, not_member};
use crate::service::expiry::without_expired;
use crate::service::messaging::{Pending, Submitted};

/// The most messages of one connection between its socket and the disk; it is not read from while there are as many.
const PENDING_MAX: usize = 64;
/// The most `sync` requests of one connection that wait.
const CATCH_UPS_MAX: usize = 4;
/// How many conversations `welcome` brings: a screen and a half.
const WELCOME_CONVERSATIONS: u32 = 30;
/// How many conversations' typing is remembered; the oldest is forgotten, which only lets more through.
const TYPED_MAX: usize = 8;
/// The longest `client.name` and `client.version`, in bytes.
const CLIENT_INFO_BYTES_MAX: usize = 64;

/// A message or change whose `ack` is owed.
struct Owed {
    id: RequestId,
    /// Its id.
    message: MessageId,
    conversation: ConversationId,
    pending: Pending,
}

/// What becomes an entry of a log.
enum Write {
    Message(Message),
    Change(Change),
}

struct Typed {
    conversation: ConversationId,
    at: Timestamp,
    active: bool,
}

/// See the module. Dropping it lets the connection go.
pub(super) struct Open {
    node: Arc<Node>,
    connection: Arc<Connection>,
    caller: Caller,
    access: AccessCache,
    owed: VecDeque<Owed>,
    /// How the first of `owed` ended.
    outcome: Option<Outcome>,
    /// What was taken from the outbox.
    taken: Option<Taken>,
    catch_ups: VecDeque<CatchUp>,
    typed: Vec<Typed>,
    /// Conversations that the client has not been shown, or has been told are gone, while their logs have not been given up to where its
    /// account was removed: what comes of them until then is not for it.
    hidden: Vec<ConversationId>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.node.hub.close(&self.connection);
        self.node.presence.disconnected(&self.connection);
        tracing::debug!(user = %self.caller.user, connection = self.connection.number(), "closed");
    }
}

impl Open {
    /// Authenticates, subscribes, and only then reads: what happens in between comes twice rather than never.
    pub(super) async fn greet(node: &Arc<Node>, hello: Hello) -> Result<(Self, Vec<Bytes>), ServiceError> {
        check_hello(node, &hello)?;
        let context = &node.context;
        let who = node.authenticator.verify(&hello.token, context.now())?;
        let connection = node.hub.open(who.user, who.device);
        let mut open = Self {
            node: Arc::clone(node),
            caller: Caller {
                user: who.user,
                device: Some(who.device),
            },
            connection,
            access: AccessCache::default(),
            owed: VecDeque::new(),
            outcome: None,
            taken: None,
            catch_ups: VecDeque::new(),
            typed: Vec::new(),
            hidden: Vec::new(),
        };
        tracing::debug!(user = %who.user, device = %who.device, connection = open.connection.number(), client = hello.client.name, "opened");
        // A revocation from here on finds the connection in the hub; one from before is found in the storage.
        let opening = context.store.find_opening(who.device).await?;
        let opening = opening.filter(|opening| opening.user.profile.user == who.user);
        let Opening {
            user,
            conversations,
            privacy,
        } = opening
            .ok_or_else(|| ServiceError::refused(ErrorCode::SignedOut, "this device has been signed out"))?;
        if user.suspended_at.is_some() {
            return Err(ServiceError::refused(
                ErrorCode::Suspended,
                "the account is suspended",
            ));
        }
        open.connection.signs.learn(&privacy);
        node.hub.join_all(&open.connection, &conversations);
        node.repair.admit(&open.connection).await?;
        let list = node
            .conversations
            .list(who.user, None, WELCOME_CONVERSATIONS)
            .await?;
        node.presence.set(&open.connection, hello.presence);
        if node.shutdown.is_cancelled() {
            open.connection.outbox.end(Ending::Shutdown {
                reconnect_after_ms: 0,
            });
        }
        let welcome = ServerFrame::Welcome(Box::new(Welcome {
            id: hello.id,
            protocol: PROTOCOL_VERSION,
            server_version: env!("CARGO_PKG_VERSION").to_owned(),
            now: context.now(),
            device: who.device,
            profile: user.profile,
            limits: context.limits.clone(),
            features: Vec::new(),
            conversations: list.items,
            next: list.next,
        }));
        open.catch_ups.push_back(CatchUp::new(hello.id, hello.cursors));
        Ok((open, vec![encode(&welcome)]))
    }

    /// Does what a frame asks; what it answers at once.
    pub(super) async fn handle(
        &mut self,
        node: &Node,
        frame: ClientFrame,
    ) -> Result<Vec<Bytes>, ServiceError> {
        match frame {
            ClientFrame::Hello(_) => {}
            ClientFrame::Message(frame) => {
                return Ok(self.write(node, frame.id, Write::Message(frame.message)).await);
            }
            ClientFrame::Change(frame) => {
                return Ok(self.write(node, frame.id, Write::Change(frame.change)).await);
            }
            ClientFrame::Receipt(frame) => {
                let advance = ReceiptAdvance {
                    conversation: frame.conversation,
                    user: self.caller.user,
                    delivered_seq: frame.delivered_seq,
                    read_seq: frame.read_seq,
                };
                node.receipts.submit(advance, Arc::clone(&self.connection)).await;
            }
            ClientFrame::Typing(frame) => self.typing(node, frame).await?,
            ClientFrame::Presence(frame) => {
                check_state(frame.state)?;
                node.presence.set(&self.connection, frame.state);
            }
            ClientFrame::Watch(frame) => return self.watch(node, frame).await,
            ClientFrame::Sync(frame) => self.sync(node, frame)?,
            ClientFrame::History(frame) => return Ok(vec![self.history(node, frame).await?]),
            ClientFrame::Conversations(frame) => return Ok(vec![self.conversations(node, frame).await?]),
            ClientFrame::Personal(frame) => return Ok(vec![self.personal(node, frame).await?]),
            ClientFrame::Ping(frame) => return Ok(vec![encode(&ServerFrame::Pong(Pong { id: frame.id }))]),
        }
        Ok(Vec::new())
    }

    /// Whether [`Open::ready`] has something to wait for that is sure to come.
    pub(super) fn has_work(&self) -> bool {
        self.taken.is_some()
            || self.outcome.is_some()
            || !self.owed.is_empty()
            || !self.catch_ups.is_empty()
            || self.connection.outbox.has_something()
    }

    /// Waits until there is something to do.
    pub(super) async fn ready(&mut self) {
        if self.taken.is_some() || self.outcome.is_some() {
            return;
        }
        let Self {
            connection,
            owed,
            outcome,
            taken,
            catch_ups,
            ..
        } = self;
        let nothing_to_read = catch_ups.is_empty();
        tokio::select! {
            biased;
            something = connection.outbox.take() => *taken = Some(something),
            ended = first_outcome(owed) => *outcome = Some(ended),
            () = poll_fn(|_| if nothing_to_read { Poll::Pending } else { Poll::Ready(()) }) => {}
        }
    }

    /// Does what there is to do: some of each kind, so that none waits for another.
    pub(super) async fn work(&mut self, node: &Node) -> (Vec<Bytes>, Option<Ending>) {
        let mut frames = match self.taken.take().or_else(|| self.connection.outbox.try_take()) {
            Some(Taken::Items(items)) => self.render(node, items).await,
            Some(Taken::Ending(ending)) => return (self.end(node, ending).await, Some(ending)),
            None => Vec::new(),
        };
        while let Some(outcome) = self
            .outcome
            .take()
            .or_else(|| first_outcome(&mut self.owed).now_or_never())
        {
            frames.extend(self.settle_first(node, outcome).await);
        }
        frames.extend(self.catch_up(node).await);
        (frames, None)
    }

    /// Waits until the connection is told to end.
    pub(super) async fn ended(&self) {
        self.connection.outbox.ended().await;
    }

    async fn write(&mut self, node: &Node, id: RequestId, write: Write) -> Vec<Bytes> {
        let (message_id, conversation, target) = match &write {
            Write::Message(message) => (message.id, message.conversation, None),
            Write::Change(change) => (change.id.into(), change.conversation, Some(change.message)),
        };
        let mut frames = Vec::new();
        // What is decided on facts that were read anew must not overtake what still may have to be decided again.
        let reads_anew = self.access.get(conversation, node.context.now()).is_none();
        let must_wait = |owed: &VecDeque<Owed>| {
            owed.len() >= PENDING_MAX
                || (reads_anew && owed.iter().any(|owed| owed.conversation == conversation))
                // What is to change has to be in the log first.
                || target.is_some_and(|target| owed.iter().any(|owed| owed.message == target))
        };
        while must_wait(&self.owed) {
            let outcome = match self.outcome.take() {
                Some(outcome) => outcome,
                None => first_outcome(&mut self.owed).await,
            };
            frames.extend(self.settle_first(node, outcome).await);
        }
        let (messaging, access) = (&node.messaging, &mut self.access);
        let submitted = match write {
            Write::Message(message) => messaging.submit(self.caller, message, access).await,
            Write::Change(change) => messaging.submit_change(self.caller, change, access).await,
        };
        match submitted {
            Ok(Submitted::Pending(pending)) => {
                self.owed.push_back(Owed {
                    id,
                    message: message_id,
                    conversation,
                    pending,
                });
            }
            Ok(Submitted::Appended(appended)) => frames.push(ack(id, message_id, &appended)),
            Err(error) => {
                let refusal = error.into_wire(node.context.random_bytes()).answering(Some(id));
                frames.push(encode(&ServerFrame::Error(refusal)));
            }
        }
        frames
    }

    async fn settle_first(&mut self, node: &Node, outcome: Outcome) -> Vec<Bytes> {
        let Some(Owed {
            id, message, pending, ..
        }) = self.owed.pop_front()
        else {
            return Vec::new();
        };
        let frame = match node.messaging.settle(pending, outcome, &mut self.access).await {
            Ok(appended) => ack(id, message, &appended),
            Err(error) => {
                let refusal = error.into_wire(node.context.random_bytes()).answering(Some(id));
                encode(&ServerFrame::Error(refusal))
            }
        };
        vec![frame]
    }

    async fn render(&mut self, node: &Node, items: VecDeque<Outgoing>) -> Vec<Bytes> {
        let mut frames = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Outgoing::Frame(frame) => {
                    if self.hidden.is_empty() || !is_of(&frame, &self.hidden) {
                        frames.push(frame);
                    }
                }
                Outgoing::Joined(conversation) => {
                    self.hidden.retain(|hidden| *hidden != conversation);
                    let store = &node.context.store;
                    let found = match node.repair.follow(conversation).await {
                        Ok(()) => store.find_summary(conversation, self.caller.user).await,
                        Err(error) => Err(error),
                    };
                    match found {
                        Ok(Some(summary)) => {
                            let summary = without_expired(summary, node.context.now());
                            frames.push(encode(&ServerFrame::Conversation(Box::new(summary))));
                        }
                        // Left again already: the removal is in the log, which is given.
                        Ok(None) => self.hidden.push(conversation),
                        Err(error) => {
                            let refusal = ServiceError::from(error).into_wire(node.context.random_bytes());
                            frames.push(encode(&ServerFrame::Error(refusal)));
                        }
                    }
                }
                Outgoing::Left(conversation) => {
                    self.hidden.retain(|hidden| *hidden != conversation);
                    self.access.forget(conversation);
                    frames.push(gone(&node.context, self.caller.user, conversation).await);
                }
            }
        }
        frames
    }

    async fn end(&mut self, node: &Node, ending: Ending) -> Vec<Bytes> {
        let goodbye = |reason, reconnect_after_ms| {
            encode(&ServerFrame::Goodbye(Goodbye {
                reason,
                reconnect_after_ms,
            }))
        };
        match ending {
            Ending::Shutdown { reconnect_after_ms } => {
                // The appender commits what it has before it ends, so that none of these waits for long.
                let mut frames = Vec::new();
                while !self.owed.is_empty() {
                    let outcome = match self.outcome.take() {
                        Some(outcome) => outcome,
                        None => first_outcome(&mut self.owed).await,
                    };
                    frames.extend(self.settle_first(node, outcome).await);
                }
                frames.push(goodbye(GoodbyeReason::Shutdown, reconnect_after_ms));
                frames
            }
            Ending::SlowReader => vec![goodbye(GoodbyeReason::SlowReader, 0)],
            Ending::Replaced => vec![goodbye(GoodbyeReason::Replaced, 0)],
            Ending::SignedOut => vec![error_frame(
                ErrorCode::SignedOut,
                "this device has been signed out",
            )],
            Ending::Suspended => vec![error_frame(ErrorCode::Suspended, "the account is suspended")],
        }
    }

    async fn catch_up(&mut self, node: &Node) -> Vec<Bytes> {
        let Some(request) = self.catch_ups.front_mut() else {
            return Vec::new();
        };
        match request.step(&node.context, self.caller).await {
            Ok((frames, all_gone, over)) => {
                // The log may not have been given up to where it says so.
                for conversation in all_gone {
                    if self.connection.is_in(conversation) && !self.hidden.contains(&conversation) {
                        self.hidden.push(conversation);
                    }
                }
                if over {
                    self.catch_ups.pop_front();
                }
                frames
            }
            Err(error) => {
                let id = request.id();
                self.catch_ups.pop_front();
                let refusal = error.into_wire(node.context.random_bytes()).answering(Some(id));
                vec![encode(&ServerFrame::Error(refusal))]
            }
        }
    }

    fn sync(&mut self, node: &Node, sync: Sync) -> Result<(), ServiceError> {
        check_cursors(node, sync.cursors.len())?;
        if self.catch_ups.len() >= CATCH_UPS_MAX {
            return Err(ServiceError::refused(
                ErrorCode::RateLimited,
                "earlier requests are being answered",
            ));
        }
        self.catch_ups.push_back(CatchUp::new(sync.id, sync.cursors));
        Ok(())
    }

    async fn typing(&mut self, node: &Node, typing: SendTyping) -> Result<(), ServiceError> {
        let now = node.context.now();
        let interval_ms = i64::from(node.context.limits.typing_interval_ms);
        let place = self
            .typed
            .iter()
            .position(|typed| typed.conversation == typing.conversation);
        if let Some(typed) = place.and_then(|place| self.typed.get_mut(place)) {
            let is_soon = (0..interval_ms).contains(&now.since_ms(typed.at));
            let is_excess = if typing.active { is_soon } else { !typed.active };
            if is_excess {
                return Ok(());
            }
            typed.active = typing.active;
            if typing.active {
                typed.at = now;
            }
        } else if typing.active {
            if self.typed.len() >= TYPED_MAX {
                self.typed.remove(0);
            }
            self.typed.push(Typed {
                conversation: typing.conversation,
                at: now,
                active: true,
            });
        } else {
            return Ok(());
        }
        let signs = self.connection.signs.get();
        let (caller, access) = (self.caller, &mut self.access);
        node.messaging.typing(caller, signs, typing, access).await
    }

    async fn watch(&mut self, node: &Node, watch: Watch) -> Result<Vec<Bytes>, ServiceError> {
        let max = node.context.limits.watched_users_max;
        if watch.users.len() > usize::try_from(max).unwrap_or(usize::MAX) {
            return Err(ServiceError::field("users", format_args!("at most {max}")));
        }
        let frames = node.presence.watch(&self.connection, watch.users).await?;
        Ok(frames.into_iter().map(|frame| encode(&frame)).collect())
    }

    async fn history(&self, node: &Node, history: History) -> Result<Bytes, ServiceError> {
        let History {
            id,
            conversation,
            before_seq,
            after_seq,
            limit,
        } = history;
        let max = node.context.limits.page_events_max;
        if limit == 0 || limit > max {
            return Err(ServiceError::field("limit", format_args!("1 to {max}")));
        }
        let range = match (before_seq, after_seq) {
            (Some(_), Some(_)) => {
                return Err(ServiceError::field("after_seq", "not together with `before_seq`"));
            }
            (Some(seq), None) => LogRange::Before { seq, limit },
            (None, Some(seq)) => LogRange::After { seq, limit },
            (None, None) => LogRange::Newest { limit },
        };
        let page = node
            .context
            .store
            .read_log(conversation, self.caller.user, range)
            .await?;
        let mut page = page.ok_or_else(not_member)?;
        leave_out_expired(&mut page.events, &mut page.states, node.context.now());
        veil(&mut page.events, Some(self.caller.user));
        Ok(encode(&ServerFrame::Page(Page {
            id,
            conversation,
            events: page.events,
            states: page.states,
            first_seq: page.first_seq,
            last_seq: page.last_seq,
        })))
    }

    async fn personal(&self, node: &Node, frame: SetPersonal) -> Result<Bytes, ServiceError> {
        let SetPersonal {
            id,
            conversation,
            change,
        } = frame;
        let personal = node.personals.set(self.caller, conversation, change).await?;
        Ok(encode(&ServerFrame::Personal(PersonalChanged {
            id: Some(id),
            conversation,
            personal,
        })))
    }

    async fn conversations(&self, node: &Node, request: ListConversations) -> Result<Bytes, ServiceError> {
        let list = node
            .conversations
            .list(self.caller.user, request.after, request.limit)
            .await?;
        let page = ConversationsPage {
            id: request.id,
            items: list.items,
            next: list.next,
        };
        Ok(encode(&ServerFrame::Conversations(page)))
    }
}

/// How the first of these ended; waits for ever where there is none.
async fn first_outcome(owed: &mut VecDeque<Owed>) -> Outcome {
    match owed.front_mut() {
        Some(owed) => owed.pending.outcome().await,
        None => std::future::pending().await,
    }
}

fn ack(id: RequestId, message: MessageId, appended: &Appended) -> Bytes {
    encode(&ServerFrame::Ack(Ack {
        id,
        message,
        conversation: appended.event.conversation,
        seq: appended.event.seq,
        at: appended.event.at,
    }))
}

/// Whether a frame is about one of these conversations.
fn is_of(frame: &Bytes, conversations: &[ConversationId]) -> bool {
    #[derive(serde::Deserialize)]
    struct About {
        conversation: Option<ConversationId>,
    }
    let about = serde_json::from_slice::<About>(frame);
    about.is_ok_and(|about| {
        about
            .conversation
            .is_some_and(|about| conversations.contains(&about))
    })
}

fn error_frame(code: ErrorCode, message: &str) -> Bytes {
    encode(&ServerFrame::Error(WireError::new(code, message)))
}

fn check_hello(node: &Node, hello: &Hello) -> Result<(), ServiceError> {
    if hello.protocol != PROTOCOL_VERSION {
        let message = format!(
            "protocol {} is not spoken here; {PROTOCOL_VERSION} is",
            hello.protocol
        );
        return Err(WireError::new(ErrorCode::UnsupportedVersion, message)
            .about("protocol")
            .into());
    }
    for (field, text) in [("name", &hello.client.name), ("version", &hello.client.version)] {
        if text.is_empty() || text.len() > CLIENT_INFO_BYTES_MAX || text.chars().any(char::is_control) {
            let why = format_args!("1 to {CLIENT_INFO_BYTES_MAX} bytes without control characters");
            return Err(ServiceError::field(field, why));
        }
    }
    check_cursors(node, hello.cursors.len())?;
    check_state(hello.presence)
}

fn check_cursors(node: &Node, count: usize) -> Result<(), ServiceError> {
    let max = node.context.limits.cursors_max;
    if count > usize::try_from(max).unwrap_or(usize::MAX) {
        return Err(ServiceError::field("cursors", format_args!("at most {max}")));
    }
    Ok(())
}

fn check_state(state: PresenceState) -> Result<(), ServiceError> {
    match state {
        PresenceState::Online | PresenceState::Away => Ok(()),
        PresenceState::Offline => Err(ServiceError::field("state", "disconnecting says `offline`")),
    }
}
