//! What is kept when worlds that must be equal are not, and a way to make it happen.
//!
//! The game remembers what it simulated last; the writer's thread puts that beside what the record
//! leads to, in `local/{participant}_ep{n}_divergence.json`, which travels with the record and
//! which `dyad verify` reads.

use super::spool::replace;
use bevy::prelude::{App, IntoScheduleConfigs as _, Res, ResMut, Resource, resource_exists};
use dyad_gridworld::encoding::Encoder;
use dyad_netplay::{GgrsSchedule, NetplaySystems, Simulation};
use dyad_protocol::{ParticipantId, Seat};
use dyad_recording::bundle::{divergence_name, log_name};
use dyad_recording::forensics::{Dump, MAX_FRAMES};
use dyad_recording::log;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::RangeInclusive;
use std::path::Path;

/// How many frames before a divergence are kept as well: more than lie between two comparisons
/// of checksums.
pub const AROUND: u32 = 40;

/// How many frames back the simulated worlds are remembered.
const REMEMBERED: usize = 256;

/// The worlds that the session simulated last, by frame.
#[derive(Resource, Debug)]
pub struct SimulatedWorlds(Vec<Option<(u32, Encoder)>>);

impl Default for SimulatedWorlds {
    fn default() -> Self {
        Self(vec![None; REMEMBERED])
    }
}

impl SimulatedWorlds {
    /// The encodings of the worlds after these frames, as far as they are remembered.
    #[must_use]
    pub fn after(&self, frames: RangeInclusive<u32>) -> Vec<(u32, Vec<u8>)> {
        let known = self.0.iter().flatten().filter(|(frame, _)| frames.contains(frame));
        known.map(|(frame, world)| (*frame, world.as_bytes().to_vec())).collect()
    }
}

/// Developer option: this computer's world takes a wrong turn before this frame.
#[derive(Resource, Clone, Copy, Debug)]
pub struct ForcedDesync(pub u32);

/// Remembers what is simulated.
pub fn plugin(app: &mut App) {
    app.init_resource::<SimulatedWorlds>().add_systems(
        GgrsSchedule,
        (
            go_wrong.run_if(resource_exists::<ForcedDesync>).before(NetplaySystems::Step),
            remember.after(NetplaySystems::Step),
        ),
    );
}

/// Each time the frame is simulated, so that a rollback changes nothing about it.
fn go_wrong(forced: Res<ForcedDesync>, mut world: ResMut<Simulation>) {
    if world.frame() == forced.0 {
        world.hold(1);
    }
}

fn remember(world: Res<Simulation>, mut worlds: ResMut<SimulatedWorlds>) {
    let Some(frame) = world.frame().checked_sub(1) else { return };
    let slot = frame as usize % REMEMBERED;
    worlds.0[slot] = Some((frame, world.encode()));
}

/// The dumps of a session, one an episode. A later one about the same episode is joined to it.
#[derive(Debug, Default)]
pub(super) struct Dumps {
    frames: BTreeMap<u16, RangeInclusive<u32>>,
    simulated: BTreeMap<u32, Vec<u8>>,
}

impl Dumps {
    /// Keeps what the log holds about these frames, together with what was simulated.
    pub(super) fn add(
        &mut self,
        (directory, participant, seat): (&Path, &ParticipantId, Seat),
        reason: String,
        frames: RangeInclusive<u32>,
        simulated: Vec<(u32, Vec<u8>)>,
    ) -> io::Result<()> {
        self.simulated.extend(simulated);
        while self.simulated.len() > MAX_FRAMES as usize {
            self.simulated.pop_first();
        }
        let Some((episode, log)) = log_with(directory, participant, &frames)? else {
            return Err(io::Error::other("no log holds these frames"));
        };
        let all = match self.frames.get(&episode) {
            Some(known) => *known.start().min(frames.start())..=*known.end().max(frames.end()),
            None => frames,
        };
        self.frames.insert(episode, all.clone());
        let simulated = |frame: u32| self.simulated.get(&frame).cloned();
        let dump = Dump::new(&log, seat, reason, all, &simulated).map_err(io::Error::other)?;
        replace(&directory.join(divergence_name(participant, episode)), &dump.encode())
    }
}

/// The latest log that holds some of these frames.
fn log_with(
    directory: &Path,
    participant: &ParticipantId,
    frames: &RangeInclusive<u32>,
) -> io::Result<Option<(u16, log::Log)>> {
    let mut latest = None;
    for episode in 0..=u16::MAX {
        let bytes = match fs::read(directory.join(log_name(participant, episode))) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            Err(error) => return Err(error),
        };
        let log = log::read(&bytes).map_err(io::Error::other)?;
        let ends_late = log.last_frame().is_some_and(|last| last >= *frames.start());
        if ends_late && log.header.first_frame <= *frames.end() {
            latest = Some((episode, log));
        }
    }
    Ok(latest)
}
