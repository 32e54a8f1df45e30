//! What a crowd does: the workloads of `pipit-load run`.

use anyhow::Context as _;
use futures_util::{StreamExt as _, TryStreamExt as _};
use pipit_client_net::HttpClient;
use pipit_wire::{ConversationId, EventId, Timestamp};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::crowd::people::{self, Person};
use crate::crowd::{Behaviour, Guests, Sending};
use crate::rude;

/// So many requests are under way at once while the crowd is made.
const AT_ONCE: usize = 64;
/// Senders of a group of 1,000, and of one of 100: more would only wait for each other.
const SENDERS_OF_1000: usize = 4;
const SENDERS_OF_100: usize = 10;
/// Messages that each client of the storm has missed.
const MISSED: u32 = 10;
/// Messages a second of all pairs beside a flood, unless one says otherwise.
const RATE_BESIDE_FLOOD: f64 = 500.0;
/// Entries of each conversation that is scrolled.
const HISTORY: u32 = 500;

/// What the crowd does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Workload {
    /// Two and two write to each other.
    Pairs,
    /// Groups of 10 in which everybody writes.
    #[value(name = "group-10")]
    #[serde(rename = "group-10")]
    Group10,
    /// Groups of 100 in which 10 write.
    #[value(name = "group-100")]
    #[serde(rename = "group-100")]
    Group100,
    /// Groups of 1,000 in which 4 write.
    #[value(name = "group-1000")]
    #[serde(rename = "group-1000")]
    Group1000,
    /// Everybody is connected and does nothing.
    Idle,
    /// Everybody is away, misses 10 messages, and comes back at once.
    Storm,
    /// Two and two, with 500 messages behind them, through which they page.
    Scrollers,
    /// Pairs, at first alone; then beside connections that flood, never read or stop half-way.
    Flood,
    /// A day in small: pairs, groups of 10 and of 100, few messages each, receipts, some who scroll.
    Mixed,
}

/// Who is in what, before it exists.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// What each person's device does.
    pub behaviours: Vec<Behaviour>,
    /// Who talks to whom.
    pub conversations: Vec<Vec<usize>>,
    /// How many of the people, the last ones, are rude and no part of the crowd. The last conversation is theirs.
    pub rude: usize,
}

impl Workload {
    /// How many people there are unless one says otherwise.
    #[must_use]
    pub const fn users(self) -> u32 {
        match self {
            Self::Pairs | Self::Group10 | Self::Group100 | Self::Group1000 | Self::Idle | Self::Mixed => {
                1_000
            }
            Self::Storm => 2_000,
            Self::Flood => 200,
            Self::Scrollers => 64,
        }
    }

    /// Whether it has a time in which people leave or fill their conversations.
    #[must_use]
    pub const fn has_away(self) -> bool {
        matches!(self, Self::Storm | Self::Scrollers)
    }

    /// Who does what. `rate`: messages a second of all together; none: each sends the next when one is acknowledged.
    #[must_use]
    pub fn plan(self, users: u32, rate: Option<f64>) -> Plan {
        let users = usize::try_from(users).unwrap_or(usize::MAX);
        match self {
            Self::Idle => Plan {
                behaviours: vec![Behaviour::QUIET; users],
                ..Plan::default()
            },
            Self::Pairs => groups(
                users,
                2,
                2,
                rate,
                Behaviour {
                    receipts: true,
                    ..Behaviour::QUIET
                },
            ),
            Self::Group10 => groups(
                users,
                10,
                10,
                rate,
                Behaviour {
                    receipts: true,
                    ..Behaviour::QUIET
                },
            ),
            Self::Group100 => groups(
                users,
                100,
                SENDERS_OF_100,
                rate,
                Behaviour {
                    receipts: true,
                    ..Behaviour::QUIET
                },
            ),
            Self::Group1000 => groups(
                users,
                1_000,
                SENDERS_OF_1000,
                rate,
                Behaviour {
                    receipts: true,
                    ..Behaviour::QUIET
                },
            ),
            Self::Storm => storm(users),
            Self::Scrollers => {
                let mut plan = groups(
                    users,
                    2,
                    0,
                    None,
                    Behaviour {
                        scrolls: true,
                        ..Behaviour::QUIET
                    },
                );
                for behaviour in plan.behaviours.iter_mut().step_by(2) {
                    behaviour.burst = HISTORY;
                }
                plan
            }
            Self::Flood => flood(users, rate),
            Self::Mixed => mixed(users, rate),
        }
    }
}

/// Groups of `size`, in each of which the first `senders` send.
fn groups(users: usize, size: usize, senders: usize, rate: Option<f64>, quiet: Behaviour) -> Plan {
    let everybody: Vec<usize> = (0..users).collect();
    let conversations: Vec<Vec<usize>> = everybody.chunks(size).map(<[usize]>::to_vec).collect();
    let all_senders = conversations
        .iter()
        .map(|members| members.len().min(senders))
        .sum();
    let sending = sending(rate, all_senders);
    let sends = |index: usize| index % size < senders;
    let behaviour = |index| {
        if sends(index) {
            Behaviour { sending, ..quiet }
        } else {
            quiet
        }
    };
    Plan {
        behaviours: everybody.iter().map(|index| behaviour(*index)).collect(),
        conversations,
        rude: 0,
    }
}

fn sending(rate: Option<f64>, senders: usize) -> Sending {
    let senders = u32::try_from(senders.max(1)).unwrap_or(u32::MAX);
    rate.map_or(Sending::Closed { under_way: 1 }, |rate| Sending::Open {
        per_second: rate / f64::from(senders),
    })
}

/// Groups of up to 100 clients and one who writes to them while they are away.
fn storm(users: usize) -> Plan {
    let mut plan = Plan {
        behaviours: vec![
            Behaviour {
                leaves: true,
                ..Behaviour::QUIET
            };
            users
        ],
        ..Plan::default()
    };
    let everybody: Vec<usize> = (0..users).collect();
    for members in everybody.chunks(100) {
        let writer = plan.behaviours.len();
        plan.behaviours.push(Behaviour {
            burst: MISSED,
            ..Behaviour::QUIET
        });
        plan.conversations
            .push(std::iter::once(writer).chain(members.iter().copied()).collect());
    }
    plan
}

fn mixed(users: usize, rate: Option<f64>) -> Plan {
    let rate = rate.unwrap_or(f64::from(u32::try_from(users).unwrap_or(u32::MAX)) * 0.2);
    let mut plan = groups(
        users,
        2,
        2,
        Some(rate),
        Behaviour {
            receipts: true,
            ..Behaviour::QUIET
        },
    );
    for size in [10, 100] {
        plan.conversations
            .extend(groups(users, size, 0, None, Behaviour::QUIET).conversations);
    }
    for behaviour in plan.behaviours.iter_mut().step_by(20) {
        behaviour.scrolls = true;
    }
    plan
}

/// Pairs that are measured, and others who do harm.
fn flood(users: usize, rate: Option<f64>) -> Plan {
    let quiet = Behaviour {
        receipts: true,
        ..Behaviour::QUIET
    };
    let mut plan = groups(users, 2, 2, Some(rate.unwrap_or(RATE_BESIDE_FLOOD)), quiet);
    plan.rude = rude::PEOPLE;
    plan.behaviours
        .extend(std::iter::repeat_n(Behaviour::QUIET, rude::PEOPLE));
    plan.conversations.push((users..users + rude::PEOPLE).collect());
    plan
}

/// Where the crowd's accounts come from.
#[derive(Clone, Debug)]
pub enum Accounts {
    /// They exist: a refresh token for each.
    Seeded(Vec<String>),
    /// The server is new: the set-up link's token makes the first, its invites the others.
    SetUp(String),
    /// Registration is open, or this invite works.
    SignUp(Option<String>),
}

/// Makes what a plan needs.
pub async fn gather(
    http: &HttpClient,
    accounts: Accounts,
    plan: &Plan,
    seed: u64,
    unix_ms: u64,
) -> anyhow::Result<Guests> {
    let people = people_for(http, accounts, plan.behaviours.len(), unix_ms).await?;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let now = Timestamp(i64::try_from(unix_ms).unwrap_or(i64::MAX));
    let making = plan.conversations.iter().map(|members| {
        let mut random = ChaCha8Rng::seed_from_u64(random.random());
        let people = &people;
        async move {
            let users = members
                .iter()
                .map(|index| people.get(*index))
                .collect::<Option<Vec<_>>>();
            let users = users.context("every member is one of the people")?;
            let (first, others) = users.split_first().context("a conversation has members")?;
            let others: Vec<_> = others.iter().map(|person| person.user).collect();
            let id = if let ([other], 2) = (others.as_slice(), members.len()) {
                people::direct(http, first, *other).await?
            } else {
                let id = ConversationId::new(now, random.random());
                people::group(http, first, id, &others, || EventId::new(now, random.random())).await?;
                id
            };
            anyhow::Ok((id, members.clone()))
        }
    });
    let making: Vec<_> = making.collect();
    let conversations = futures_util::stream::iter(making)
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(Guests {
        people,
        behaviours: plan.behaviours.clone(),
        conversations,
    })
}

async fn people_for(
    http: &HttpClient,
    accounts: Accounts,
    count: usize,
    unix_ms: u64,
) -> anyhow::Result<Vec<Person>> {
    // Handles are new on a server that has seen a crowd before.
    let handle = |number: usize| format!("load-{unix_ms}-{number}");
    let mut made = Vec::new();
    let invite = match accounts {
        Accounts::Seeded(tokens) => {
            let refreshing = tokens
                .iter()
                .take(count)
                .map(|token| people::refresh(http, token));
            let refreshing: Vec<_> = refreshing.collect();
            return futures_util::stream::iter(refreshing)
                .buffered(AT_ONCE)
                .try_collect()
                .await;
        }
        Accounts::SetUp(token) => {
            let first = people::set_up(http, &token, handle(0)).await?;
            let invite = if count > 1 {
                Some(people::invite(http, &first, 1_000).await?)
            } else {
                None
            };
            made.push(first);
            invite
        }
        Accounts::SignUp(invite) => invite,
    };
    let signing = (made.len()..count).map(|number| people::sign_up(http, invite.as_deref(), handle(number)));
    let signing: Vec<_> = signing.collect();
    // The server hashes as many passwords at once as it has cores, and sends others away.
    let others: Vec<Person> = futures_util::stream::iter(signing)
        .buffered(2)
        .try_collect()
        .await?;
    made.extend(others);
    Ok(made)
}
