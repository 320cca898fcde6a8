//! The header of a log: which episode of which game this is, and the world it starts from.

use super::{FORMAT_VERSION, MAGIC, MAX_FIRST_FRAME, MAX_HEADER};
use crate::bytes::{Cursor, put_long, put_short};
use dyad_gridworld::encoding::DecodeError;
use dyad_gridworld::settings::SettingsError;
use dyad_gridworld::{Digest, Game, MAX_PLAYERS, Phase, RULES_VERSION, Settings, World};
use dyad_protocol::{ParticipantId, PublicKey, SceneId, Seat, Seats, SessionId, StudyId};
use std::sync::Arc;

/// Bytes before the header's payload: magic, format version, length.
const OPENING: usize = 14;

/// Which session a record belongs to. All peers of a session have equal ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// The program and its version. Peers with different ones do not play together.
    pub program: String,
    /// The study.
    pub study: StudyId,
    /// The session.
    pub id: SessionId,
    /// The scene.
    pub scene: SceneId,
    /// By seat: the pseudonym of a participant, or the name of a program.
    pub participants: Vec<ParticipantId>,
    /// Their public keys, by seat, as the lab gave them to everybody; [`PublicKey::NOBODY`] for programs.
    pub keys: Vec<PublicKey>,
}

impl SessionInfo {
    /// The seats of people: those who sign. Programs have the others.
    #[must_use]
    pub fn seats_of_people(&self) -> Seats {
        signing(&self.keys)
    }
}

/// What stands before the first entry of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Version of gridworld's rules. Only the same version re-simulates the log.
    pub rules: u16,
    /// The session.
    pub session: SessionInfo,
    /// The episode, from 0.
    pub episode: u16,
    /// The game's settings: gridworld's `Settings` as JSON.
    pub settings: String,
    /// [`Game::digest`] of these settings.
    pub game: Digest,
    /// The number of the log's first frame.
    pub first_frame: u32,
    /// The canonical encoding of the world before that frame.
    pub world: Vec<u8>,
    /// Head of the chain of the session's previous log; zero in the first.
    pub previous: Digest,
}

/// Why bytes are no header, or values fit in none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The bytes end inside the header, so nothing was recorded.
    #[error("the log is cut inside its header, at byte {at}: it holds no frame")]
    Cut {
        /// The length of what there is.
        at: usize,
    },
    /// The bytes don't begin as a log does.
    #[error("this is no Dyad log: it doesn't begin with the bytes of one")]
    NotALog,
    /// A format of another version.
    #[error("the log has format version {0}; this program reads version {FORMAT_VERSION}")]
    Version(u16),
    /// Longer than a header may be.
    #[error("the header has {0} bytes, at most {MAX_HEADER} are allowed")]
    TooLong(usize),
    /// Changed after it was written.
    #[error("the header's checksum is wrong: the file was damaged")]
    Checksum,
    /// A field holds what it cannot hold.
    #[error("the header's field {0:?} is wrong")]
    Field(&'static str),
}

/// Why a header's game cannot be re-simulated by this program.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Written under other rules.
    #[error(
        "the log was written under rules version {0}, this program has {RULES_VERSION}: use a program with those rules"
    )]
    Rules(u16),
    /// The settings' JSON is not that of settings.
    #[error("the settings in the header cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// The settings describe no game.
    #[error("the settings in the header describe no game: {0}")]
    Settings(#[from] SettingsError),
    /// The bytes of the world are none.
    #[error("the world in the header cannot be read: {0}")]
    World(#[from] DecodeError),
    /// Two parts of the header contradict each other.
    #[error("the header contradicts itself: {0}")]
    Contradiction(&'static str),
}

impl Header {
    /// The header as it stands in a file, up to its checksum.
    ///
    /// # Errors
    /// [`HeaderError`] where a value is too long for its field.
    pub fn encode(&self) -> Result<Vec<u8>, HeaderError> {
        let payload = self.payload()?;
        if payload.len() > MAX_HEADER {
            return Err(HeaderError::TooLong(payload.len()));
        }
        let length = u32::try_from(payload.len()).expect("no longer than MAX_HEADER");
        let mut out = Vec::with_capacity(OPENING + payload.len() + 4);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&payload);
        Ok(out)
    }

    fn payload(&self) -> Result<Vec<u8>, HeaderError> {
        let Self { rules, session, episode, settings, game, first_frame, world, previous } = self;
        let SessionInfo { program, study, id, scene, participants, keys } = session;
        let mut out = Vec::from(rules.to_le_bytes());
        let fits = |name, good| if good { Ok(()) } else { Err(HeaderError::Field(name)) };
        fits("program", put_short(&mut out, program.as_bytes()))?;
        let ids = [("study", study.as_str()), ("session", id.as_str()), ("scene", scene.as_str())];
        for (name, id) in ids {
            fits(name, put_short(&mut out, id.as_bytes()))?;
        }
        out.extend_from_slice(&episode.to_le_bytes());
        fits("participants", (1..=MAX_PLAYERS).contains(&participants.len()))?;
        out.push(u8::try_from(participants.len()).expect("at most MAX_PLAYERS"));
        for participant in participants {
            fits("participants", put_short(&mut out, participant.as_str().as_bytes()))?;
        }
        fits("keys", keys.len() == participants.len() && !signing(keys).is_empty())?;
        keys.iter().for_each(|key| out.extend_from_slice(&key.0));
        fits("settings", put_long(&mut out, settings.as_bytes()))?;
        out.extend_from_slice(&game.0);
        fits("first_frame", *first_frame <= MAX_FIRST_FRAME)?;
        out.extend_from_slice(&first_frame.to_le_bytes());
        fits("world", put_long(&mut out, world))?;
        out.extend_from_slice(&previous.0);
        Ok(out)
    }

    /// Reads the header at the start of a log. Gives it with the length of its bytes without
    /// the checksum, which is what the chain begins with; the first entry is four bytes further.
    ///
    /// # Errors
    /// [`HeaderError`] where there is no whole, undamaged header of this format version.
    pub fn decode(bytes: &[u8]) -> Result<(Self, usize), HeaderError> {
        let cut = HeaderError::Cut { at: bytes.len() };
        let magic = MAGIC.len().min(bytes.len());
        if bytes[..magic] != MAGIC[..magic] {
            return Err(HeaderError::NotALog);
        }
        let mut rest = Cursor(&bytes[magic..]);
        let version = rest.u16().ok_or(cut)?;
        if version != FORMAT_VERSION {
            return Err(HeaderError::Version(version));
        }
        let length = rest.u32().and_then(|length| usize::try_from(length).ok()).ok_or(cut)?;
        if length > MAX_HEADER {
            return Err(HeaderError::TooLong(length));
        }
        let payload = rest.take(length).ok_or(cut)?;
        let checksum = rest.u32().ok_or(cut)?;
        let end = OPENING + length;
        if crc32fast::hash(&bytes[..end]) != checksum {
            return Err(HeaderError::Checksum);
        }
        Ok((Self::fields(Cursor(payload))?, end))
    }

    fn fields(mut bytes: Cursor<'_>) -> Result<Self, HeaderError> {
        let wrong = HeaderError::Field;
        let rules = bytes.u16().ok_or(wrong("rules"))?;
        let program = bytes.text().ok_or(wrong("program"))?;
        let study = bytes.text().ok_or(wrong("study"))?;
        let id = bytes.text().ok_or(wrong("session"))?;
        let scene = bytes.text().ok_or(wrong("scene"))?;
        let episode = bytes.u16().ok_or(wrong("episode"))?;
        let participants = participants(&mut bytes).ok_or(wrong("participants"))?;
        let keys = participants.iter().map(|_| bytes.key()).collect::<Option<_>>();
        let keys: Vec<PublicKey> = keys.ok_or(wrong("keys"))?;
        if signing(&keys).is_empty() {
            return Err(wrong("keys"));
        }
        let settings = bytes.long().and_then(|json| std::str::from_utf8(json).ok());
        let settings = settings.ok_or(wrong("settings"))?.to_owned();
        let game = bytes.digest().ok_or(wrong("game"))?;
        let first_frame = bytes.u32().filter(|&frame| frame <= MAX_FIRST_FRAME);
        let first_frame = first_frame.ok_or(wrong("first_frame"))?;
        let world = bytes.long().ok_or(wrong("world"))?.to_vec();
        let previous = bytes.digest().ok_or(wrong("previous"))?;
        if !bytes.0.is_empty() {
            return Err(wrong("end"));
        }
        let session = SessionInfo { program, study, id, scene, participants, keys };
        Ok(Self { rules, session, episode, settings, game, first_frame, world, previous })
    }

    /// Number of players.
    #[must_use]
    pub const fn players(&self) -> usize {
        self.session.participants.len()
    }

    /// The world before the log's first frame, ready to be stepped.
    ///
    /// An episode's log starts either with the session or right after the episode before, so
    /// the world is a new one or one at the beginning of a pause. Anything else is refused.
    ///
    /// # Errors
    /// [`StartError`] where this program cannot re-simulate the log or the header lies.
    pub fn start(&self) -> Result<World, StartError> {
        if self.rules != RULES_VERSION {
            return Err(StartError::Rules(self.rules));
        }
        let settings: Settings = serde_json::from_str(&self.settings)?;
        let game = Game::new(settings)?;
        let world = World::decode(Arc::clone(&game), &self.world)?;
        let pause = Phase::Between { left: game.settings().pause_frames };
        let starts = if self.episode == 0 {
            world == World::new(Arc::clone(&game))
        } else {
            world.phase() == pause && world.held() == 0 && world.episode() == self.episode - 1
        };
        let claims = [
            ("the game's digest is not that of its settings", self.game == game.digest()),
            ("not one participant for each player", self.players() == game.players()),
            ("there is no such episode", self.episode < game.settings().episodes),
            ("the world is at another frame", world.frame() == self.first_frame),
            ("no episode starts with such a world", starts),
        ];
        match claims.into_iter().find(|(_, true_)| !true_) {
            Some((contradiction, _)) => Err(StartError::Contradiction(contradiction)),
            None => Ok(world),
        }
    }
}

/// The seats that have keys. There is one at least in every session.
fn signing(keys: &[PublicKey]) -> Seats {
    let seats = Seat::all(keys.len()).zip(keys);
    seats.filter(|(_, key)| **key != PublicKey::NOBODY).map(|(seat, _)| seat).collect()
}

fn participants(bytes: &mut Cursor<'_>) -> Option<Vec<ParticipantId>> {
    let players = usize::from(bytes.u8()?);
    if !(1..=MAX_PLAYERS).contains(&players) {
        return None;
    }
    (0..players).map(|_| bytes.text()).collect()
}
