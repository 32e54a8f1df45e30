//! What a seed decides before anything happens.

use pipit_wire::Timestamp;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::fault::Rates;

/// When every world begins whose clock nobody compares with another.
const GENESIS: Timestamp = Timestamp(1_790_000_000_000);

/// The most that a node's clock is off: what is sold as synchronised is off by less.
const NODES_APART_MS: i64 = 60_000;

/// The shape of a run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What everything comes from.
    pub seed: u64,
    /// To which person each device belongs, by number; every person has at least one.
    pub devices: Vec<usize>,
    /// The nodes: how far the clock of each is off, milliseconds.
    pub nodes: Vec<i64>,
    /// How many things people do.
    pub actions: u32,
    /// How often a frame that the log can make good is dropped on its way to a device.
    pub drop: f64,
    /// How often such a frame comes twice.
    pub double: f64,
    /// How often what one node tells another is lost between them.
    pub bus_drop: f64,
    /// The longest that it takes from one node to another, milliseconds.
    pub bus_latency_ms: i64,
    /// How often, instead of somebody doing something, something breaks.
    pub chaos: f64,
    /// How often the storage fails.
    pub storage: Rates,
    /// The longest that a frame takes, milliseconds.
    pub latency_ms: i64,
    /// The longest between two actions, milliseconds.
    pub pause_ms: i64,
    /// Whether the server has what encrypted conversations need, and people make some.
    pub encrypted: bool,
    /// When the world begins.
    pub genesis: Timestamp,
}

impl Plan {
    /// The plan of this seed. A third of the seeds have a calm network, so that what breaks there breaks by itself.
    pub fn draw(seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let people = random.random_range(2..=3_usize);
        let mut devices: Vec<usize> = (0..people).collect();
        for _ in 0..random.random_range(0..=(5 - people)) {
            devices.push(random.random_range(0..people));
        }
        let calm = random.random_bool(0.33);
        let rate =
            |random: &mut ChaCha8Rng, most: f64| if calm { 0.0 } else { random.random_range(0.0..most) };
        let nodes = Self::draw_nodes(&mut Self::random_of(seed, 3));
        let mut bus = Self::random_of(seed, 4);
        Self {
            seed,
            devices,
            nodes,
            // Not calm where the network is: what breaks between nodes then breaks by itself too.
            bus_drop: bus.random_range(0.0..0.4),
            bus_latency_ms: bus.random_range(1..=300),
            actions: random.random_range(20..=80),
            drop: rate(&mut random, 0.3),
            double: rate(&mut random, 0.1),
            chaos: rate(&mut random, 0.25),
            storage: Rates {
                before: rate(&mut random, 0.1),
                after: rate(&mut random, 0.1),
                slow_ms: bus.random_range(0..=40_u64).saturating_sub(20),
            },
            latency_ms: random.random_range(1..=400),
            pause_ms: random.random_range(10..=5_000),
            encrypted: false,
            genesis: GENESIS,
        }
    }

    /// The plan of this seed, with encrypted conversations. Its world begins yesterday: OpenMLS compares how long key packages are good with the system's clock, and some
    /// randomness is the system's too, so that the course of events is not the same each time.
    pub fn draw_encrypted(seed: u64) -> Self {
        #[expect(clippy::disallowed_methods, reason = "OpenMLS reads the same clock")]
        let now = std::time::SystemTime::now();
        let since = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let now_ms = i64::try_from(since.as_millis()).unwrap_or_default();
        Self {
            encrypted: true,
            genesis: Timestamp(now_ms).plus_ms(-24 * 60 * 60 * 1_000),
            ..Self::draw(seed)
        }
    }

    /// How many people there are.
    pub fn people(&self) -> usize {
        self.devices.iter().max().map_or(0, |last| last + 1)
    }

    /// One node, two or three.
    fn draw_nodes(random: &mut ChaCha8Rng) -> Vec<i64> {
        let nodes = [1, 1, 2, 2, 2, 3].get(random.random_range(0..6)).copied();
        (0..nodes.unwrap_or(1))
            .map(|_| random.random_range(-NODES_APART_MS..=NODES_APART_MS))
            .collect()
    }

    /// The same plan with this many nodes.
    #[must_use]
    pub fn with_nodes(mut self, nodes: usize) -> Self {
        self.nodes.resize(nodes, 0);
        self
    }

    /// A generator of its own for each purpose, so that one draw more here does not change everything there.
    pub fn random(&self, purpose: u64) -> ChaCha8Rng {
        Self::random_of(self.seed, purpose)
    }

    fn random_of(seed: u64, purpose: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(purpose))
    }
}
