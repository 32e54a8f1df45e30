//! What is broken when: a function of the seed and of what there is to break.
//!
//! Every kind of fault comes before any comes again. Faults overlap, but no two of them are at the same thing at the same time, so
//! that healing one never heals another. All are healed before the end.

use std::collections::HashMap;
use std::fmt;

use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// Nothing is broken before this.
const QUIET_FIRST_MS: u64 = 1_500;
/// The last fault is healed so long before the end.
const QUIET_LAST_MS: u64 = 2_000;
/// How long the longest fault lasts.
const LONGEST_MS: u64 = 6_000;
/// A thing is left alone so long between two faults at it, so that it is seen to recover.
const BETWEEN_MS: u64 = 2_500;

/// What there is to break.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each thing is there or not, independent of the others"
)]
pub struct Shape {
    /// Nodes.
    pub nodes: usize,
    /// There is a PostgreSQL, with a standby.
    pub postgres: bool,
    /// There is a Redis.
    pub redis: bool,
    /// The data is on a disk of its own that can be filled.
    pub disk: bool,
    /// The nodes' clocks can be set.
    pub clock: bool,
}

/// A stretch of network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// From the clients to this node.
    Clients(usize),
    /// From this node to PostgreSQL, both servers.
    Postgres(usize),
    /// From this node to Redis.
    Redis(usize),
}

/// What a stretch of network does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// Connections are reset, new ones too.
    Cut,
    /// Connections stand, and nothing passes: half-open.
    BlackHole,
    /// Everything takes so long, give or take half.
    Delay {
        /// Milliseconds in each direction.
        ms: u64,
    },
    /// So many bytes pass a second in each direction of a connection.
    Throttle {
        /// How many.
        bytes_per_s: u64,
    },
}

/// Something that is done to the cluster, and undone later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// SIGKILL to a node; started again.
    KillNode(usize),
    /// SIGSTOP to a node; SIGCONT.
    PauseNode(usize),
    /// SIGTERM to every node in turn, each started again before the next.
    RollingRestart,
    /// SIGKILL to Redis; started again, empty.
    KillRedis,
    /// SIGSTOP to Redis; SIGCONT.
    PauseRedis,
    /// SIGKILL to the PostgreSQL primary; the standby is promoted, and a new standby made.
    FailOver,
    /// SIGKILL to the PostgreSQL primary; started again, with recovery.
    KillPostgres,
    /// A stretch of network is in trouble.
    Link(Edge, Trouble),
    /// All connections of a stretch of network are reset once.
    Reset(Edge),
    /// The disk of the data is full.
    FillDisk,
    /// A node's clock jumps by so many seconds, and back.
    ClockJump {
        /// Which.
        node: usize,
        /// How far.
        seconds: i64,
    },
}

/// One entry of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// When, milliseconds after the beginning.
    pub at_ms: u64,
    /// How long, milliseconds; what takes its own time may last longer.
    pub for_ms: u64,
    /// What.
    pub fault: Fault,
}

/// A seeded plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Its seed.
    pub seed: u64,
    /// How long it lasts, seconds.
    pub seconds: u64,
    /// In order of time.
    pub faults: Vec<Planned>,
}

/// What a fault is at: no two at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Target {
    Node(usize),
    Edge(Edge),
    Postgres,
    Redis,
    Disk,
}

impl Plan {
    /// The plan of this seed.
    #[must_use]
    pub fn new(seed: u64, seconds: u64, shape: Shape) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut faults = Vec::new();
        let mut busy: HashMap<Target, u64> = HashMap::new();
        let mut bag: Vec<Fault> = Vec::new();
        let end_ms = (seconds * 1_000).saturating_sub(QUIET_LAST_MS);
        let mut at_ms = QUIET_FIRST_MS;
        while at_ms + LONGEST_MS <= end_ms && shape.nodes > 0 {
            if bag.is_empty() {
                bag = kinds(&mut random, shape);
                bag.shuffle(&mut random);
            }
            let is_free = |fault: &Fault| {
                let mut targets = targets(*fault, shape).into_iter();
                targets.all(|target| busy.get(&target).is_none_or(|until| *until <= at_ms))
            };
            // The first of the bag whose thing is left in peace; the others keep their turn.
            if let Some(place) = bag.iter().position(is_free) {
                let fault = bag.remove(place);
                let for_ms = lasts_ms(&mut random, fault);
                for target in targets(fault, shape) {
                    busy.insert(target, at_ms + for_ms + BETWEEN_MS);
                }
                faults.push(Planned { at_ms, for_ms, fault });
            }
            at_ms += random.random_range(300..2_500_u64);
        }
        Self {
            seed,
            seconds,
            faults,
        }
    }
}

fn lasts_ms(random: &mut ChaCha8Rng, fault: Fault) -> u64 {
    match fault {
        Fault::Reset(_) => 0,
        // These take their own time.
        Fault::RollingRestart | Fault::FailOver => LONGEST_MS,
        _ => random.random_range(500..LONGEST_MS),
    }
}

/// One of each kind that this cluster can have, each at something.
fn kinds(random: &mut ChaCha8Rng, shape: Shape) -> Vec<Fault> {
    let mut node = || random.random_range(0..shape.nodes);
    let mut kinds = vec![
        Fault::KillNode(node()),
        Fault::PauseNode(node()),
        Fault::RollingRestart,
        Fault::Link(Edge::Clients(node()), Trouble::Cut),
        Fault::Link(Edge::Clients(node()), Trouble::BlackHole),
        Fault::Link(Edge::Clients(node()), Trouble::Delay { ms: 150 }),
        Fault::Link(Edge::Clients(node()), Trouble::Throttle { bytes_per_s: 20_000 }),
        Fault::Reset(Edge::Clients(node())),
    ];
    if shape.postgres {
        kinds.extend([
            Fault::FailOver,
            Fault::KillPostgres,
            Fault::Link(Edge::Postgres(node()), Trouble::Cut),
            Fault::Link(Edge::Postgres(node()), Trouble::BlackHole),
            Fault::Link(Edge::Postgres(node()), Trouble::Delay { ms: 50 }),
            Fault::Reset(Edge::Postgres(node())),
        ]);
    }
    if shape.redis {
        kinds.extend([
            Fault::KillRedis,
            Fault::PauseRedis,
            Fault::Link(Edge::Redis(node()), Trouble::Cut),
            Fault::Link(Edge::Redis(node()), Trouble::BlackHole),
            Fault::Reset(Edge::Redis(node())),
        ]);
    }
    if shape.disk {
        kinds.push(Fault::FillDisk);
    }
    if shape.clock {
        let node = node();
        let seconds = random.random_range(60..7_200_i64);
        let seconds = if random.random() { seconds } else { -seconds };
        kinds.push(Fault::ClockJump { node, seconds });
    }
    kinds
}

fn targets(fault: Fault, shape: Shape) -> Vec<Target> {
    match fault {
        Fault::KillNode(node) | Fault::PauseNode(node) | Fault::ClockJump { node, .. } => {
            vec![Target::Node(node)]
        }
        // A node that cannot reach its database does not start: nothing else is done to that meanwhile.
        Fault::RollingRestart => (0..shape.nodes)
            .flat_map(|node| [Target::Node(node), Target::Edge(Edge::Postgres(node))])
            .chain([Target::Postgres, Target::Disk])
            .collect(),
        Fault::KillRedis | Fault::PauseRedis => vec![Target::Redis],
        Fault::FailOver | Fault::KillPostgres => vec![Target::Postgres],
        Fault::Link(edge, _) | Fault::Reset(edge) => vec![Target::Edge(edge)],
        Fault::FillDisk => vec![Target::Disk, Target::Node(0)],
    }
}

impl Fault {
    /// The node that it is felt at; none where it is felt at all of them.
    #[must_use]
    pub fn node(self) -> Option<usize> {
        match self {
            Self::KillNode(node) | Self::PauseNode(node) | Self::ClockJump { node, .. } => Some(node),
            Self::Link(edge, _) | Self::Reset(edge) => match edge {
                Edge::Clients(node) | Edge::Postgres(node) | Edge::Redis(node) => Some(node),
            },
            _ => None,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes = if self.nodes == 1 { "node" } else { "nodes" };
        write!(f, "{} {nodes}", self.nodes)?;
        let database = if self.postgres {
            " on PostgreSQL with a standby"
        } else {
            " on SQLite"
        };
        f.write_str(database)?;
        for (there, name) in [
            (self.redis, "Redis"),
            (self.disk, "a disk that can be filled"),
            (self.clock, "clocks that can be set"),
        ] {
            write!(f, ", {} {name}", if there { "with" } else { "without" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clients(node) => write!(f, "clients - node {node}"),
            Self::Postgres(node) => write!(f, "node {node} - PostgreSQL"),
            Self::Redis(node) => write!(f, "node {node} - Redis"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KillNode(node) => write!(f, "kill node {node}"),
            Self::PauseNode(node) => write!(f, "pause node {node}"),
            Self::RollingRestart => write!(f, "rolling restart"),
            Self::KillRedis => write!(f, "kill Redis"),
            Self::PauseRedis => write!(f, "pause Redis"),
            Self::FailOver => write!(f, "PostgreSQL fails over"),
            Self::KillPostgres => write!(f, "kill PostgreSQL"),
            Self::Link(edge, Trouble::Cut) => write!(f, "cut {edge}"),
            Self::Link(edge, Trouble::BlackHole) => write!(f, "black hole {edge}"),
            Self::Link(edge, Trouble::Delay { ms }) => write!(f, "delay {edge} by {ms} ms"),
            Self::Link(edge, Trouble::Throttle { bytes_per_s }) => {
                write!(f, "throttle {edge} to {bytes_per_s} B/s")
            }
            Self::Reset(edge) => write!(f, "reset {edge}"),
            Self::FillDisk => write!(f, "fill the disk"),
            Self::ClockJump { node, seconds } => write!(f, "clock of node {node} jumps {seconds:+} s"),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "plan of seed {}: {} faults in {} s",
            self.seed,
            self.faults.len(),
            self.seconds
        )?;
        for planned in &self.faults {
            writeln!(
                f,
                "  {:>6}.{:03} s  for {:>5} ms  {}",
                planned.at_ms / 1_000,
                planned.at_ms % 1_000,
                planned.for_ms,
                planned.fault
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::mem::discriminant;

    use super::*;

    const ALL: Shape = Shape {
        nodes: 3,
        postgres: true,
        redis: true,
        disk: true,
        clock: true,
    };

    #[test]
    fn the_same_seed_gives_the_same_plan_and_another_another() {
        assert_eq!(Plan::new(7, 60, ALL), Plan::new(7, 60, ALL));
        assert_ne!(Plan::new(7, 60, ALL).faults, Plan::new(8, 60, ALL).faults);
    }

    #[test]
    fn no_two_faults_are_at_the_same_thing_and_all_are_healed_before_the_end() {
        for seed in 0..200 {
            let plan = Plan::new(seed, 45, ALL);
            assert!(plan.faults.len() > 10, "{plan}");
            for (place, one) in plan.faults.iter().enumerate() {
                assert!(one.at_ms + one.for_ms + QUIET_LAST_MS <= 45_000, "{plan}");
                for other in &plan.faults[..place] {
                    let overlap = one.at_ms < other.at_ms + other.for_ms + BETWEEN_MS;
                    let first = targets(one.fault, ALL);
                    let shared = targets(other.fault, ALL)
                        .iter()
                        .any(|target| first.contains(target));
                    assert!(!(overlap && shared), "{one:?} and {other:?} of seed {seed}");
                }
            }
        }
    }

    #[test]
    fn five_minutes_have_every_kind() {
        let plan = Plan::new(1, 300, ALL);
        let kinds: HashSet<_> = plan
            .faults
            .iter()
            .map(|planned| discriminant(&planned.fault))
            .collect();
        assert_eq!(kinds.len(), 11, "{plan}");
    }

    #[test]
    fn what_is_not_there_is_not_broken() {
        let alone = Shape {
            nodes: 1,
            ..Shape::default()
        };
        let plan = Plan::new(3, 120, alone);
        for planned in &plan.faults {
            let felt = planned.fault;
            let expected = matches!(
                felt,
                Fault::KillNode(0)
                    | Fault::PauseNode(0)
                    | Fault::RollingRestart
                    | Fault::Link(Edge::Clients(0), _)
                    | Fault::Reset(Edge::Clients(0))
            );
            assert!(expected, "{felt:?}");
        }
    }
}
