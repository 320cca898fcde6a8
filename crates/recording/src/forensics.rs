//! What is kept when a session's world is not the one that its record leads to, or two peers'
//! records are not the same: inputs and whole states around the first difference, to be compared
//! later by `dyad verify`.
//!
//! A [`Dump`] is made from a log, whose re-simulation gives the record's worlds, and from what the
//! session itself had simulated, which only the client knows. Both sides write one, so that their
//! sessions can be compared as well.

use crate::log::Log;
use crate::replay::{Replay, ReplayError, Step};
use dyad_gridworld::environment::{TaskStep, Value};
use dyad_gridworld::settings::SettingsError;
use dyad_gridworld::{Game, MAX_PLAYERS, PlayerInput, Settings, World};
use dyad_protocol::{ParticipantId, Seat, SessionId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// The most frames in a dump.
pub const MAX_FRAMES: u32 = 512;

/// Inputs and states of one computer around a difference. On disk it is JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dump {
    /// The session.
    pub session: SessionId,
    /// The episode whose log holds the frames.
    pub episode: u16,
    /// Whose computer this is.
    pub participant: ParticipantId,
    /// Its seat.
    pub seat: Seat,
    /// Why the dump was made, for people.
    pub reason: String,
    /// The game's settings.
    pub settings: Settings,
    /// The frames, in order.
    pub frames: Vec<Moment>,
}

/// One frame of a dump.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The frame.
    pub frame: u32,
    /// For how many frames the world was held right before it, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<u32>,
    /// The inputs of all players, as they stand in a log.
    pub inputs: Vec<u16>,
    /// The world after the frame by the record: its canonical encoding in hexadecimal digits.
    pub record: Hex,
    /// The same as the session last simulated it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulated: Option<Hex>,
}

/// Bytes that are written as hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hex(pub Vec<u8>);

impl From<Hex> for String {
    fn from(Hex(bytes): Hex) -> Self {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl TryFrom<String> for Hex {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let byte = |pair: &[u8; 2]| {
            let digit = |at: usize| char::from(pair[at]).to_digit(16);
            u8::try_from(digit(0)? * 16 + digit(1)?).ok()
        };
        let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
        bytes
            .filter(|_| rest.is_empty())
            .map(Self)
            .ok_or("not an even number of hexadecimal digits")
    }
}

/// Why a file is no dump.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// It is not the JSON of one.
    #[error("this is no dump of a divergence: {0}")]
    Json(#[from] serde_json::Error),
    /// Its settings describe no game.
    #[error("the settings in the dump describe no game: {0}")]
    Settings(#[from] SettingsError),
    /// The dumps are of different games.
    #[error("the two dumps are of different sessions or games")]
    Unrelated,
}

/// The first thing that is not alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlike {
    /// The frame.
    pub frame: u32,
    /// Which part of it: `hold`, `inputs.{i}`, or a field of the world after it.
    pub field: String,
    /// One value.
    pub a: String,
    /// The other.
    pub b: String,
}

impl Dump {
    /// The dump of some frames of a log. `simulated` gives the encoding of the session's world
    /// after a frame, as far as it is known.
    ///
    /// # Errors
    /// [`ReplayError`] where the log doesn't give a game.
    pub fn new(
        log: &Log,
        seat: Seat,
        reason: String,
        frames: RangeInclusive<u32>,
        simulated: &dyn Fn(u32) -> Option<Vec<u8>>,
    ) -> Result<Self, ReplayError> {
        let mut replay = Replay::start(log)?;
        let settings = replay.world().game().settings().clone();
        let last = *frames.end();
        let first = (*frames.start()).max(last.saturating_sub(MAX_FRAMES - 1));
        let players = log.header.players();
        let mut moments = Vec::new();
        while let Some(Step { frame, .. }) = replay.step()? {
            if !(first..=last).contains(&frame.number) {
                continue;
            }
            moments.push(Moment {
                frame: frame.number,
                hold: log.holds_before(frame.number).last().map(|hold| hold.frames),
                inputs: frame.inputs[..players].iter().map(|input| input.bits()).collect(),
                record: Hex(replay.world().encode().as_bytes().to_vec()),
                simulated: simulated(frame.number).map(Hex),
            });
        }
        Ok(Self {
            session: log.header.session.id.clone(),
            episode: log.header.episode,
            participant: log.header.session.participants[seat.index()].clone(),
            seat,
            reason,
            settings,
            frames: moments,
        })
    }

    /// The dump's file.
    ///
    /// # Panics
    /// Never: a dump is plain data.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("a dump is plain data");
        bytes.push(b'\n');
        bytes
    }

    /// Reads a dump's file.
    ///
    /// # Errors
    /// [`DumpError::Json`] where it is none.
    pub fn decode(bytes: &[u8]) -> Result<Self, DumpError> {
        Ok(serde_json::from_slice(bytes)?)
    }

    /// The first frame after which this computer's session had another world than its record.
    ///
    /// # Errors
    /// [`DumpError::Settings`] where the dump's settings describe no game.
    pub fn own_difference(&self) -> Result<Option<Unlike>, DumpError> {
        let game = Game::new(self.settings.clone())?;
        Ok(self.frames.iter().find_map(|moment| {
            let simulated = moment.simulated.as_ref()?;
            in_worlds(&game, moment.frame, simulated, &moment.record)
        }))
    }

    /// The first difference between two computers: in holds, inputs, or the worlds that they
    /// simulated (by their records where that is unknown).
    ///
    /// # Errors
    /// [`DumpError`] where the dumps are not of one session.
    pub fn difference(&self, other: &Self) -> Result<Option<Unlike>, DumpError> {
        if (&self.session, &self.settings) != (&other.session, &other.settings) {
            return Err(DumpError::Unrelated);
        }
        let game = Game::new(self.settings.clone())?;
        Ok(self.common(other).find_map(|(a, b)| {
            in_inputs(a, b).or_else(|| in_worlds(&game, a.frame, a.world(), b.world()))
        }))
    }

    /// How many frames two dumps have in common.
    #[must_use]
    pub fn in_common(&self, other: &Self) -> usize {
        self.common(other).count()
    }

    fn common<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (&'a Moment, &'a Moment)> {
        self.frames.iter().filter_map(|ours| {
            let theirs = other.frames.iter().find(|theirs| theirs.frame == ours.frame)?;
            Some((ours, theirs))
        })
    }
}

impl Moment {
    fn world(&self) -> &Hex {
        self.simulated.as_ref().unwrap_or(&self.record)
    }
}

fn in_inputs(a: &Moment, b: &Moment) -> Option<Unlike> {
    let hold = |moment: &Moment| match moment.hold {
        Some(frames) => format!("held for {frames} frames"),
        None => "not held".to_owned(),
    };
    let input = |moment: &Moment, seat: usize| {
        moment.inputs.get(seat).map(|&bits| input_in_words(PlayerInput::from_bits(bits)))
    };
    let holds = std::iter::once(("hold".to_owned(), Some(hold(a)), Some(hold(b))));
    let inputs =
        (0..MAX_PLAYERS).map(|seat| (format!("inputs.{seat}"), input(a, seat), input(b, seat)));
    first_unlike(a.frame, holds.chain(inputs))
}

/// An input, for people.
pub(crate) fn input_in_words(input: PlayerInput) -> String {
    let focus = if input.focused() { "focused" } else { "not focused" };
    let held = if input.held() { ", held key" } else { "" };
    format!("action {}, {focus}{held}", input.action().number())
}

fn first_unlike(
    frame: u32,
    mut fields: impl Iterator<Item = (String, Option<String>, Option<String>)>,
) -> Option<Unlike> {
    let (field, a, b) = fields.find(|(_, a, b)| a != b)?;
    let (a, b) = (a.unwrap_or_default(), b.unwrap_or_default());
    Some(Unlike { frame, field, a, b })
}

/// The first field of two worlds that differs; where none of those with a name does, the byte.
fn in_worlds(game: &Arc<Game>, frame: u32, Hex(a): &Hex, Hex(b): &Hex) -> Option<Unlike> {
    if a == b {
        return None;
    }
    let decode = |bytes: &[u8]| World::decode(Arc::clone(game), bytes).map(|world| fields(&world));
    let unlike = |field: String, a, b| Some(Unlike { frame, field, a, b });
    let by_name = match (decode(a), decode(b)) {
        (Ok(a), Ok(b)) => {
            let pairs = a.into_iter().zip(b);
            let pairs = pairs.map(|((name, a), (_, b))| (name, Some(a), Some(b)));
            first_unlike(frame, pairs)
        }
        (a, b) => {
            let words = |world: Result<_, _>| world.map_or_else(in_words, |_| "sound".to_owned());
            unlike("world".to_owned(), words(a), words(b))
        }
    };
    by_name.or_else(|| {
        let at = a.iter().zip(b).position(|(a, b)| a != b).unwrap_or(a.len().min(b.len()));
        let byte = |bytes: &[u8]| bytes.get(at).map_or("none".to_owned(), u8::to_string);
        unlike(format!("byte {at} of the encoding"), byte(a), byte(b))
    })
}

fn in_words(error: impl fmt::Display) -> String {
    error.to_string()
}

/// Everything of a world that has a name, in the order of its encoding.
fn fields(world: &World) -> Vec<(String, String)> {
    let game = world.game();
    let away: [u32; MAX_PLAYERS] = std::array::from_fn(|player| world.away().frames(player));
    let mut fields = vec![
        ("frame".to_owned(), world.frame().to_string()),
        ("held".to_owned(), world.held().to_string()),
        ("away".to_owned(), format!("{:?}", &away[..game.players()])),
        ("phase".to_owned(), format!("{:?}", world.phase())),
        ("end".to_owned(), format!("{:?}", world.end())),
        ("episode".to_owned(), world.episode().to_string()),
        ("t".to_owned(), world.t().to_string()),
    ];
    let names = World::state_names(game.rules()).into_iter().map(|name| format!("state.{name}"));
    let mut values = Vec::new();
    world.state_values(&mut |value| values.push(text(value)));
    fields.extend(names.zip(values));
    for player in 0..game.players() {
        let names = game.rules().info_names().iter();
        let names = names.map(|name| format!("infos.{player}.{name}"));
        let mut values = Vec::new();
        // Of the columns about a step, only those about where it ended say something here.
        world.info_values(player, &TaskStep::default(), &mut |value| values.push(text(value)));
        fields.extend(names.zip(values));
    }
    fields
}

fn text(value: Value<'_>) -> String {
    match value {
        Value::Int(number) => number.to_string(),
        Value::Reward(reward) => reward.to_string(),
        Value::Text(text) => text.to_owned(),
    }
}

impl fmt::Display for Unlike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { frame, field, a, b } = self;
        write!(f, "frame {frame}, {field}: {a:?} and {b:?}")
    }
}
