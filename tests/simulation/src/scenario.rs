//! Everything that determines a run.

use crate::mishap::{self, Mishap};
use crate::profile::{Mishaps, Profile};
use dyad_gridworld::layout;
use dyad_gridworld::rng::Rng;
use dyad_gridworld::settings::EpisodeSeeds;
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{FocusRule, Game, MAX_PLAYERS, Settings};
use dyad_impair::Impairment;
use dyad_protocol::{Seat, Seats};
use dyad_recording::KeyPair;
use dyad_recording::log::SessionInfo;
use dyad_rollback::SessionParameters;
use dyad_rollback::peering::Patience;
use dyad_rollback::session;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// What a session is and what befalls it. Equal scenarios give equal runs.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The kind of network.
    pub profile: Profile,
    /// Where all chance starts from.
    pub seed: u64,
    /// The game.
    pub game: Arc<Game>,
    /// Frames between an input and its effect.
    pub input_delay: u8,
    /// Frames that may be simulated ahead of the last confirmed one.
    pub prediction_window: u8,
    /// Who plays.
    pub cast: Cast,
    /// The network from each seat to each other seat: `links[from][to]`.
    pub links: Vec<Vec<Impairment>>,
    /// For how many frames the world is held when play resumes.
    pub hold: u32,
    /// How long what is waited for.
    pub patience: Patience,
    /// What befalls it.
    pub mishaps: Vec<Mishap>,
    /// What is broken in the computers.
    pub faults: Vec<Fault>,
}

/// Who plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cast {
    /// Every seat presses keys at random, in bursts, and loses and regains focus. Inputs are a
    /// function of the seat and the frame they are given for.
    Random,
    /// The same, and everybody is away for longer stretches.
    Absent,
    /// Cooks whose inputs were taken down in a session without a network, and are a function
    /// of the seat and the frame, too.
    Rehearsed,
    /// Cooks who look at the world as their computer predicts it. What they do depends on the
    /// network, so only the equality of the records can be asserted.
    Live,
}

/// What is broken in a computer, so that its record is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The simulated world takes a wrong step, each time this frame is simulated.
    Misstep {
        /// Whose.
        seat: Seat,
        /// In this frame.
        frame: u32,
    },
    /// A confirmed input is changed on its way to the record.
    ChangedInput {
        /// On whose computer.
        seat: Seat,
        /// Whose input.
        of: Seat,
        /// In this frame.
        frame: u32,
    },
}

/// What each seat signs with, in every session: deriving keys is dear.
static KEYS: LazyLock<[KeyPair; MAX_PLAYERS]> =
    LazyLock::new(|| [1, 2, 3, 4].map(|seat| KeyPair::from_seed(&[seat; 32])));

/// Layouts with room for any number of players.
const ROOMY: [&str; 3] = ["cramped_room", "coordination_ring", "counter_circuit"];

impl Scenario {
    /// The scenario that a seed draws.
    #[must_use]
    pub fn draw(profile: Profile, seed: u64) -> Self {
        let mut rng = Rng::stream(seed, 0);
        // Half of the sessions have two players: that is what most studies do.
        let players = match profile.mishaps {
            Mishaps::Partitions => [3, 4][index(&mut rng, 2)],
            _ => [2, 2, 2, 3, 4, 4][index(&mut rng, 6)],
        };
        let mut game = game(&mut rng, seed, players);
        let usual = rng.below(2) == 0;
        let (input_delay, prediction_window) =
            if usual { (2, 16) } else { (1 + number(&mut rng, 4), 8 + number(&mut rng, 17)) };
        let mut cast = [Cast::Random, Cast::Rehearsed, Cast::Live][index(&mut rng, 3)];
        if profile.absences {
            cast = Cast::Absent;
            game = with_rule(&game, seed);
        }
        let mut scenario = Self::plain(profile, seed, game, cast);
        scenario.input_delay = input_delay;
        scenario.prediction_window = prediction_window;
        scenario.hold = 5 + rng.below(25);
        scenario.mishaps = mishap::draw(&scenario, profile.mishaps, &mut rng);
        scenario
    }

    /// A scenario with the usual rollback parameters in which nothing but the profile's links
    /// is wrong.
    #[must_use]
    pub fn plain(profile: Profile, seed: u64, game: Arc<Game>, cast: Cast) -> Self {
        let players = game.players();
        let links_from = |from| vec![profile.links_from(from).with_seed(seed); players];
        Self {
            links: Seat::all(players).map(links_from).collect(),
            profile,
            seed,
            game,
            input_delay: 2,
            prediction_window: 16,
            cast,
            hold: 30,
            patience: Patience::default(),
            mishaps: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// The parameters of a seat's session.
    #[must_use]
    pub fn parameters(&self, seat: Seat) -> SessionParameters {
        SessionParameters {
            people: Seats::first(self.game.players()),
            seat,
            steps_per_second: self.game.settings().steps_per_second,
            input_delay: self.input_delay,
            prediction_window: self.prediction_window,
        }
    }

    /// What a seat's session is about.
    #[must_use]
    pub fn settings(&self, seat: Seat) -> session::Settings {
        let SessionInfo { id, program, .. } = self.session();
        session::Settings {
            game: Arc::clone(&self.game),
            parameters: self.parameters(seat),
            session: id,
            program,
            hold: self.hold,
            patience: self.patience,
        }
    }

    /// What the records say of the session.
    #[must_use]
    pub fn session(&self) -> SessionInfo {
        let id = |text: String| text.parse().expect("letters, digits and dashes");
        let seats = || Seat::all(self.game.players());
        SessionInfo {
            program: "dyad-simulation".to_owned(),
            study: "simulation".parse().expect("a word"),
            id: format!("s-{}", self.seed).parse().expect("letters, digits and dashes"),
            scene: "scene".parse().expect("a word"),
            participants: seats().map(|seat| id(format!("p-{seat}"))).collect(),
            keys: KEYS[..self.game.players()].iter().map(KeyPair::public).collect(),
        }
    }

    /// What a seat signs with.
    #[must_use]
    pub fn key(&self, seat: Seat) -> KeyPair {
        KEYS[seat.index()].clone()
    }

    /// Frames until the last row.
    #[must_use]
    pub fn frames(&self) -> u32 {
        let settings = self.game.settings();
        let episodes = u32::from(settings.episodes);
        let breaks = episodes.saturating_sub(1) * settings.pause_frames;
        episodes * (settings.countdown_frames + settings.max_steps) + breaks
    }

    /// How long the session takes if nothing delays it.
    #[must_use]
    pub fn undisturbed(&self) -> Duration {
        Duration::from_secs(1) * self.frames() / u32::from(self.game.settings().steps_per_second)
    }

    /// Whether everybody must come to the regular end.
    #[must_use]
    pub fn is_survivable(&self) -> bool {
        mishap::are_survivable(&self.mishaps, &self.patience)
    }

    /// How long a session may take once nothing befalls it any more. It does not depend on how
    /// long that took. Ten seconds are for meeting, closing and the rest of a back-off; each
    /// mishap costs a countdown, and what was predicted when it happened. Somebody who may not
    /// come back is waited for: by one who waits for one who waits, twice.
    #[must_use]
    pub fn allowance(&self, for_somebody: bool) -> Duration {
        let Patience { connect, interruption, silence } = self.patience;
        let speed = u32::from(self.game.settings().steps_per_second);
        let lost = self.hold + u32::from(self.prediction_window) + 60;
        let count = u32::try_from(self.mishaps.len()).unwrap_or(u32::MAX);
        let again = Duration::from_secs(1) * lost * count / speed;
        let waiting = if for_somebody {
            connect.max(interruption) + interruption + silence * 4
        } else {
            Duration::ZERO
        };
        let playing = self.undisturbed() + again + Duration::from_secs(7);
        playing * self.profile.patience + waiting
    }

    /// Whether inputs come so late that they must have been predicted, whatever the seed: they
    /// travel for longer than they are delayed, and for a step and a display frame more.
    #[must_use]
    pub fn must_predict(&self) -> bool {
        let speed = u32::from(self.game.settings().steps_per_second);
        let margin = u32::from(self.input_delay) + 2;
        self.profile.shortest_travel() > Duration::from_secs(1) * margin / speed
    }
}

fn game(rng: &mut Rng, seed: u64, players: u8) -> Arc<Game> {
    let name = match players {
        2 => layout::CLASSIC[index(rng, layout::CLASSIC.len())].0,
        _ => ROOMY[index(rng, ROOMY.len())],
    };
    let settings = Settings {
        task: TaskSettings::default(),
        layout: name.to_owned(),
        layout_text: layout::classic(name).expect("a classic layout").to_owned(),
        players,
        steps_per_second: [30, 30, 30, 10, 20, 60][index(rng, 6)],
        max_steps: 24 + rng.below(56),
        episodes: 1 + u16::from(number(rng, 3)),
        countdown_frames: 5 + rng.below(25),
        pause_frames: 1 + rng.below(20),
        seed,
        episode_seeds: EpisodeSeeds::Derived,
        focus: FocusRule::default(),
    };
    Game::new(settings).expect("all of these are within their ranges")
}

/// The game with a rule about who is away: half of them wait, most of them end.
fn with_rule(game: &Game, seed: u64) -> Arc<Game> {
    let mut rng = Rng::stream(seed, 1 << 32);
    let pause = rng.below(2) == 0;
    let limit = (pause || rng.below(4) > 0).then(|| 4 + rng.below(44));
    let return_frames = 1 + rng.below(6);
    let focus = FocusRule { limit, pause, return_frames, warn_frames: 0 };
    Game::new(Settings { focus, ..game.settings().clone() }).expect("a rule within its range")
}

pub(crate) fn index(rng: &mut Rng, below: usize) -> usize {
    let below = u32::try_from(below).unwrap_or(u32::MAX);
    usize::try_from(rng.below(below)).unwrap_or_default()
}

pub(crate) fn number(rng: &mut Rng, below: u8) -> u8 {
    u8::try_from(rng.below(u32::from(below))).unwrap_or_default()
}
