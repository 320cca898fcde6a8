//! Everything that determines a run.

use crate::profile::{Mishaps, Profile, span};
use dyad_gridworld::layout;
use dyad_gridworld::rng::Rng;
use dyad_gridworld::settings::EpisodeSeeds;
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{Game, Settings};
use dyad_impair::Impairment;
use dyad_protocol::Seat;
use dyad_recording::log::SessionInfo;
use dyad_rollback::SessionParameters;
use std::sync::Arc;
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
    /// What goes wrong within the computers.
    pub faults: Vec<Fault>,
}

/// Who plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cast {
    /// Every seat presses keys at random, in bursts, and loses and regains focus. Inputs are a
    /// function of the seat and the frame they are given for.
    Random,
    /// Cooks whose inputs were taken down in a session without a network, and are a function
    /// of the seat and the frame, too.
    Rehearsed,
    /// Cooks who look at the world as their computer predicts it. What they do depends on the
    /// network, so only the equality of the records can be asserted.
    Live,
}

/// What goes wrong within a computer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The process stands still.
    Stop {
        /// Whose.
        seat: Seat,
        /// From this moment.
        from: Duration,
        /// Until this one.
        to: Duration,
    },
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

/// Layouts with room for any number of players.
const ROOMY: [&str; 3] = ["cramped_room", "coordination_ring", "counter_circuit"];

impl Scenario {
    /// The scenario that a seed draws.
    #[must_use]
    pub fn draw(profile: Profile, seed: u64) -> Self {
        let mut rng = Rng::stream(seed, 0);
        // Half of the sessions have two players: that is what most studies do.
        let players = [2, 2, 2, 3, 4, 4][index(&mut rng, 6)];
        let game = game(&mut rng, seed, players);
        let usual = rng.below(2) == 0;
        let (input_delay, prediction_window) =
            if usual { (2, 16) } else { (1 + number(&mut rng, 4), 8 + number(&mut rng, 17)) };
        let cast = [Cast::Random, Cast::Rehearsed, Cast::Live][index(&mut rng, 3)];
        let mut scenario = Self::plain(profile, seed, game, cast);
        scenario.input_delay = input_delay;
        scenario.prediction_window = prediction_window;
        match profile.mishaps {
            Mishaps::None => {}
            Mishaps::Outages => scenario.draw_outages(&mut rng),
            Mishaps::Stops => scenario.draw_stops(&mut rng),
        }
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
            faults: Vec::new(),
        }
    }

    fn draw_outages(&mut self, rng: &mut Rng) {
        for _ in 0..=rng.below(3) {
            let outage = span(rng);
            if rng.below(2) == 0 {
                let links = self.links.iter_mut().flatten();
                links.for_each(|link| link.outages.push(outage));
            } else {
                let (from, to) = (index(rng, self.game.players()), index(rng, self.game.players()));
                self.links[from][to].outages.push(outage);
            }
        }
    }

    fn draw_stops(&mut self, rng: &mut Rng) {
        for _ in 0..=rng.below(3) {
            let seat = Seat(number(rng, self.game.settings().players));
            let stop = span(rng);
            self.faults.push(Fault::Stop { seat, from: stop.from, to: stop.to });
        }
    }

    /// The parameters of a seat's session.
    #[must_use]
    pub fn parameters(&self, seat: Seat) -> SessionParameters {
        SessionParameters {
            players: self.game.players(),
            seat,
            steps_per_second: self.game.settings().steps_per_second,
            input_delay: self.input_delay,
            prediction_window: self.prediction_window,
        }
    }

    /// What the records say of the session.
    #[must_use]
    pub fn session(&self) -> SessionInfo {
        let id = |text: String| text.parse().expect("letters, digits and dashes");
        let participants = Seat::all(self.game.players());
        SessionInfo {
            program: "dyad-simulation".to_owned(),
            study: "simulation".parse().expect("a word"),
            id: format!("s-{}", self.seed).parse().expect("letters, digits and dashes"),
            scene: "scene".parse().expect("a word"),
            participants: participants.map(|seat| id(format!("p-{seat}"))).collect(),
        }
    }

    /// Frames until the last row.
    #[must_use]
    pub fn frames(&self) -> u32 {
        let settings = self.game.settings();
        let episodes = u32::from(settings.episodes);
        let breaks = episodes.saturating_sub(1) * settings.pause_frames;
        episodes * (settings.countdown_frames + settings.max_steps) + breaks
    }

    /// When the last outage and the last stop are over.
    #[must_use]
    pub fn healed(&self) -> Duration {
        let outages = self.links.iter().flatten().flat_map(|link| &link.outages);
        let stops = self.faults.iter().filter_map(|fault| match fault {
            Fault::Stop { to, .. } => Some(*to),
            Fault::Misstep { .. } | Fault::ChangedInput { .. } => None,
        });
        outages.map(|outage| outage.to).chain(stops).max().unwrap_or_default()
    }

    /// When the session must be over: after the network has healed, in a time that does not
    /// depend on how long it was ill. Ten seconds are for meeting, closing and the rest of a
    /// back-off.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        let speed = u32::from(self.game.settings().steps_per_second);
        let undisturbed = Duration::from_secs(1) * self.frames() / speed;
        self.healed() + undisturbed * self.profile.patience + Duration::from_secs(10)
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
        max_steps: 40 + rng.below(160),
        episodes: 1 + u16::from(number(rng, 3)),
        countdown_frames: 5 + rng.below(40),
        pause_frames: 1 + rng.below(30),
        seed,
        episode_seeds: EpisodeSeeds::Derived,
    };
    Game::new(settings).expect("all of these are within their ranges")
}

fn index(rng: &mut Rng, below: usize) -> usize {
    let below = u32::try_from(below).unwrap_or(u32::MAX);
    usize::try_from(rng.below(below)).unwrap_or_default()
}

fn number(rng: &mut Rng, below: u8) -> u8 {
    u8::try_from(rng.below(u32::from(below))).unwrap_or_default()
}
