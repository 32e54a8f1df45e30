//! One node's logic, put together, without sockets: what the edges call and what a simulation drives.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pipit_bus::{Bus, Sink, Topic};
use pipit_wire::{DeviceId, Timestamp, UserId};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::context::Context;
use crate::error::ServiceError;
use crate::fanout::announcement::{decode_control, decode_frame};
use crate::fanout::announcer::Announcer;
use crate::fanout::appender::Appender;
use crate::fanout::audience::Entry;
use crate::fanout::hub::{Hub, Moved};
use crate::fanout::repair::Repair;
use crate::gateway::Settings;
use crate::service::conversations::Conversations;
use crate::service::encryption::Encryption;
use crate::service::messaging::Messaging;
use crate::service::personal::Personals;
use crate::service::presence::Presence;
use crate::service::privacy::PrivacySettings;
use crate::service::push::PushQueue;
use crate::service::receipts::Receipts;
use crate::service::scheduling::{Alarm, Scheduling};
use crate::service::search::Search;
use crate::stats::Stats;

/// Who a valid access token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authenticated {
    /// The account.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
}

/// Tells whose an access token is.
pub trait Authenticator: Send + Sync + 'static {
    /// Whose it is, where it is valid at `now`. Says nothing about whether the device has been signed out since.
    fn verify(&self, token: &str, now: Timestamp) -> Result<Authenticated, ServiceError>;
}

/// What a node is made of.
pub struct Parts {
    /// Storage, time, randomness, limits.
    pub context: Context,
    /// The way to the other nodes.
    pub bus: Arc<dyn Bus>,
    /// Who reads access tokens.
    pub authenticator: Arc<dyn Authenticator>,
    /// What the gateway bears.
    pub gateway: Settings,
}

/// See the module.
pub struct Node {
    /// Storage, time, randomness, limits.
    pub context: Context,
    /// What it counts.
    pub stats: Arc<Stats>,
    /// Who is connected here.
    pub hub: Arc<Hub>,
    /// What finds and gives what the bus has lost.
    pub repair: Arc<Repair>,
    /// Writing.
    pub messaging: Arc<Messaging>,
    /// What encrypted conversations need beside that.
    pub encryption: Encryption,
    /// Making conversations and changing who is in them.
    pub conversations: Arc<Conversations>,
    /// What people keep of conversations for themselves.
    pub personals: Arc<Personals>,
    /// Wakes whoever sends what is scheduled.
    pub alarm: Alarm,
    /// What may have to be pushed; somebody has to look at it.
    pub pushes: PushQueue,
    /// Markers.
    pub receipts: Receipts,
    /// Finding.
    pub search: Search,
    /// Who is there.
    pub presence: Arc<Presence>,
    /// What people let others see of them.
    pub privacy: PrivacySettings,
    /// Who reads access tokens.
    pub authenticator: Arc<dyn Authenticator>,
    /// What the gateway bears.
    pub gateway: Settings,
    /// Every task of the node, the connections' included.
    pub tasks: TaskTracker,
    /// Cancelled some time before `shutdown`: the node still serves, and says that it is not ready for anybody new.
    pub leaving: CancellationToken,
    /// Cancelled when the node is to stop.
    pub shutdown: CancellationToken,
}

impl Node {
    /// Puts a node together and starts its tasks. They end after `shutdown`, when what they hold has been written.
    pub fn start(parts: Parts, tasks: TaskTracker, shutdown: CancellationToken) -> Arc<Self> {
        let Parts {
            context,
            bus,
            authenticator,
            gateway,
        } = parts;
        let stats = Arc::new(Stats::default());
        let hub = Arc::new(Hub::new(Arc::clone(&bus), Arc::clone(&stats)));
        let pushes = PushQueue::new(Arc::clone(&stats));
        let announcer = Announcer::new(Arc::clone(&hub), Arc::clone(&stats), pushes.clone());
        let appender = Appender::start(
            Arc::clone(&context.store),
            announcer.clone(),
            Arc::clone(&stats),
            &tasks,
            shutdown.clone(),
        );
        let receipts = Receipts::start(
            Arc::clone(&context.store),
            Arc::clone(&hub),
            Arc::clone(&stats),
            pushes.clone(),
            &tasks,
            shutdown.clone(),
        );
        let presence = start_presence(&context, &hub, &tasks, shutdown.clone());
        let spread_ms = gateway.reconnect_spread_ms;
        tasks.spawn(say_goodbye(Arc::clone(&hub), shutdown.clone(), spread_ms));
        let every = Duration::from_millis(gateway.sweep_interval_ms);
        let repair = Repair::new(&context, &hub, &presence, &stats).start(every, &tasks, shutdown.clone());
        let conversations = Arc::new(Conversations::new(
            context.clone(),
            appender.clone(),
            announcer,
            Arc::clone(&hub),
        ));
        let alarm = Alarm::default();
        let messaging = Arc::new(Messaging::new(context.clone(), appender, Arc::clone(&hub)));
        let node = Arc::new(Self {
            repair,
            encryption: Encryption::new(context.clone(), Arc::clone(&messaging), Arc::clone(&stats)),
            messaging,
            personals: Arc::new(Personals::new(
                context.clone(),
                Arc::clone(&hub),
                Arc::clone(&conversations),
                Arc::clone(&presence),
                alarm.clone(),
            )),
            alarm,
            conversations,
            search: Search::new(context.clone(), Arc::clone(&stats)),
            privacy: PrivacySettings::new(&context, &hub, &presence, &stats),
            context,
            stats,
            hub,
            pushes,
            receipts,
            presence,
            authenticator,
            gateway,
            tasks,
            leaving: CancellationToken::new(),
            shutdown,
        });
        node.listen(&*bus);
        node
    }

    /// Takes what comes from other nodes.
    fn listen(self: &Arc<Self>, bus: &dyn Bus) {
        let sink: Arc<dyn Sink> = Arc::<Self>::clone(self);
        bus.attach(Arc::downgrade(&sink));
    }

    /// What sends messages that are due; somebody has to run it.
    pub fn scheduling(&self) -> Scheduling {
        Scheduling::new(
            self.context.clone(),
            Arc::clone(&self.messaging),
            Arc::clone(&self.personals),
            Arc::clone(&self.stats),
            self.alarm.clone(),
        )
    }
}

fn start_presence(
    context: &Context,
    hub: &Arc<Hub>,
    tasks: &TaskTracker,
    shutdown: CancellationToken,
) -> Arc<Presence> {
    let presence = Arc::new(Presence::new(context.clone(), Arc::clone(hub)));
    tasks.spawn(Arc::clone(&presence).run(shutdown));
    presence
}

/// Ends every connection when the node is to stop.
async fn say_goodbye(hub: Arc<Hub>, shutdown: CancellationToken, spread_ms: u32) {
    shutdown.cancelled().await;
    hub.shut_down(spread_ms);
}

impl Sink for Node {
    fn deliver(&self, topic: Topic, payload: Bytes) {
        self.stats.bus_received.add_one();
        match topic {
            Topic::Conversation(conversation) => match decode_frame(&payload) {
                Some((header, frame)) => match header.seq {
                    Some(_) if header.veiled => match Entry::decode(&frame) {
                        Some(entry) => self.hub.give(conversation, entry),
                        None => self.stats.unreadable_announcements.add_one(),
                    },
                    Some(seq) => {
                        let entry = Entry {
                            seq,
                            change: header.change,
                            frame,
                            veiled: None,
                        };
                        self.hub.give(conversation, entry);
                    }
                    None => match header.receipt {
                        Some(receipt) => self.hub.give_receipt(Moved::from_header(receipt, header)),
                        None => self.hub.give_typing(conversation, header.except, &frame),
                    },
                },
                None => self.stats.unreadable_announcements.add_one(),
            },
            Topic::User(user) => match decode_control(&payload) {
                Some(control) => {
                    self.hub.control(user, &control);
                    self.presence.control(user, &control);
                }
                None => self.stats.unreadable_announcements.add_one(),
            },
        }
    }

    fn resumed(&self) {
        tracing::info!("the bus is back: what it has lost is looked for in the log");
        self.stats.bus_resumed.add_one();
        self.repair.resumed();
        self.presence.resumed();
    }
}
