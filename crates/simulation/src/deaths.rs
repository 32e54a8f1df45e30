//! One small scene, in which a node dies after every number of steps there is.
//!
//! Two people on two devices chat. One of them writes, the other one receives and reads; meanwhile the node of the one
//! or of the other dies. The steps of [`crate::lifeline`] are all that somebody else can see of a node, so that the scene with
//! every number of them is the scene with every death: before and after each call of the storage, between the commit and the
//! announcement, between the announcement and the answer, between one frame and the next.

use anyhow::{Context as _, ensure};
use pipit_client::command::Command;
use pipit_wire::ConversationId;

use crate::fault::Rates;
use crate::plan::Plan;
use crate::world::{Trace, World};
use crate::{block_on, check};

/// Whose node dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The writer's.
    Writer,
    /// The reader's. With one node it is the same one.
    Reader,
}

/// A network that does what it should: what goes wrong is the death.
fn plan(seed: u64, nodes: usize) -> Plan {
    Plan {
        devices: vec![0, 1],
        actions: 0,
        drop: 0.0,
        double: 0.0,
        bus_drop: 0.0,
        chaos: 0.0,
        storage: Rates::default(),
        latency_ms: 50,
        bus_latency_ms: 50,
        ..Plan::draw(seed).with_nodes(nodes)
    }
}

/// Plays the scene with a death after so many steps. Whether the node died; where it did not, the scene was over before.
///
/// # Errors
/// The first thing that a checker found, with the scene.
pub fn run(seed: u64, nodes: usize, whose: Whose, steps: u64, trace: Trace) -> anyhow::Result<bool> {
    block_on(async {
        let mut world = World::new(plan(seed, nodes), trace).await?;
        let died = scene(&mut world, whose, steps).await?;
        world.heal().await?;
        check::everything(&mut world).await?;
        ensure!(!world.ledger.queued.is_empty(), "somebody wrote something");
        world.end().await;
        Ok(died)
    })
    .with_context(|| {
        format!("seed {seed} with {nodes} nodes, where the {whose:?}'s dies after {steps} steps")
    })
}

async fn scene(world: &mut World, whose: Whose, steps: u64) -> anyhow::Result<bool> {
    let conversation = make_conversation_of_two(world).await?;
    for device in 0..world.devices.len() {
        world.command(device, Command::OpenTimeline { conversation })?;
    }
    world.pass(5_000).await?;
    let device = match whose {
        Whose::Writer => 0,
        Whose::Reader => 1,
    };
    let life = world
        .devices
        .get(device)
        .and_then(|device| device.line.as_ref())
        .context("a line")?
        .life
        .clone();
    life.die_after(steps);
    world.write(0, conversation)?;
    world.pass(500).await?;
    world.read(1)?;
    world.write(0, conversation)?;
    world.pass(2_000).await?;
    Ok(!life.is_alive())
}

async fn make_conversation_of_two(world: &mut World) -> anyhow::Result<ConversationId> {
    let other = world.devices.get(1).context("a device")?.user;
    world.command(
        0,
        Command::CreateDirect {
            user: other,
            encrypted: false,
        },
    )?;
    world.pass(5_000).await?;
    let shown = world.devices.first().context("a device")?.shown();
    shown.first().copied().context("a conversation that is shown")
}
