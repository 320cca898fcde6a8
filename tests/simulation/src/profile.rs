//! Kinds of networks, and of what befalls a session on them. A seed draws one instance of a kind.

use dyad_impair::Impairment;
use dyad_protocol::Seat;
use std::time::Duration;

/// A kind of network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name on the command line.
    pub name: &'static str,
    /// The links from seat 0, as text for [`Impairment`].
    pub from_first: &'static str,
    /// All other links.
    pub from_others: &'static str,
    /// What else happens.
    pub mishaps: Mishaps,
    /// Whether people go away, and the game does something about it.
    pub absences: bool,
    /// How many times the undisturbed duration a session may take, once the network has healed.
    pub patience: u32,
}

/// What happens besides the steady state of the links; [`crate::mishap`] draws it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishaps {
    /// Nothing.
    None,
    /// Links go down for a while, one direction or all at once.
    Outages,
    /// Computers stand still for a while.
    Stops,
    /// Links are cut for so long that new connections are made.
    Cuts,
    /// Three or four players fall into two groups for a while.
    Partitions,
    /// A computer stands still, perhaps for longer than is waited for.
    Freezes,
    /// Programs are killed and started again.
    Restarts,
    /// A player is lost for good.
    Losses,
    /// A person leaves.
    Leaves,
    /// Several of all these, none of them fatal.
    Troubles,
    /// Several of all these, fatal or not.
    Calamities,
}

impl Profile {
    const fn symmetric(name: &'static str, links: &'static str) -> Self {
        let mishaps = Mishaps::None;
        let absences = false;
        Self { name, from_first: links, from_others: links, mishaps, absences, patience: 2 }
    }
}

/// Links that are not perfect, but not what the profile is about.
const USUAL: &str = "delay=40ms,jitter=10ms,loss=2%";

/// Links that make everything harder.
const ROUGH: &str = "delay=60ms,jitter=40ms,loss=8%,dup=5%,reorder=5%";

const fn befallen(name: &'static str, links: &'static str, mishaps: Mishaps) -> Profile {
    Profile { mishaps, ..Profile::symmetric(name, links) }
}

/// People who go away: a game that waits for them takes longer.
const fn deserted(name: &'static str, links: &'static str, mishaps: Mishaps) -> Profile {
    Profile { absences: true, patience: 8, ..befallen(name, links, mishaps) }
}

/// All profiles.
pub const ALL: [Profile; 21] = [
    Profile::symmetric("perfect", "none"),
    Profile::symmetric("lan", "delay=1ms,jitter=1ms"),
    Profile::symmetric("wan", "delay=80ms,jitter=10ms,loss=1%"),
    Profile::symmetric("jitter", "delay=100ms,jitter=75ms"),
    Profile::symmetric("loss", "delay=50ms,loss=15%"),
    Profile::symmetric("chaos", "delay=40ms,jitter=30ms,loss=5%,dup=10%,reorder=15%"),
    Profile {
        from_others: "delay=200ms,jitter=10ms",
        ..Profile::symmetric("asymmetric", "delay=50ms,jitter=10ms")
    },
    Profile {
        from_others: "delay=30ms",
        ..Profile::symmetric("one-way-loss", "delay=30ms,loss=40%")
    },
    Profile { patience: 6, ..Profile::symmetric("far", "delay=300ms,jitter=50ms,loss=20%") },
    befallen("outages", USUAL, Mishaps::Outages),
    befallen("stops", USUAL, Mishaps::Stops),
    befallen("cuts", USUAL, Mishaps::Cuts),
    befallen("partitions", USUAL, Mishaps::Partitions),
    befallen("freezes", USUAL, Mishaps::Freezes),
    befallen("restarts", USUAL, Mishaps::Restarts),
    befallen("losses", USUAL, Mishaps::Losses),
    befallen("leaves", USUAL, Mishaps::Leaves),
    befallen("troubles", ROUGH, Mishaps::Troubles),
    befallen("calamities", ROUGH, Mishaps::Calamities),
    deserted("absences", USUAL, Mishaps::None),
    deserted("absences-troubles", ROUGH, Mishaps::Troubles),
];

/// The profile with a name.
#[must_use]
pub fn by_name(name: &str) -> Option<Profile> {
    ALL.into_iter().find(|profile| profile.name == name)
}

impl Profile {
    /// The steady state of the links from a seat.
    #[must_use]
    pub fn links_from(&self, seat: Seat) -> Impairment {
        let text = if seat == Seat(0) { self.from_first } else { self.from_others };
        text.parse().expect("every profile's text is read in a test")
    }

    /// The shortest time that a datagram takes on any link.
    #[must_use]
    pub fn shortest_travel(&self) -> Duration {
        let shortest = |seat| {
            let links = self.links_from(seat);
            links.delay.saturating_sub(links.jitter)
        };
        shortest(Seat(0)).min(shortest(Seat(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, by_name};
    use dyad_protocol::Seat;

    #[test]
    fn every_profile_has_its_name_and_can_be_read() {
        for profile in ALL {
            assert_eq!(by_name(profile.name), Some(profile));
            for seat in [0, 1] {
                let text = [profile.from_first, profile.from_others][usize::from(seat)];
                assert_eq!(profile.links_from(Seat(seat)).to_string(), text);
            }
        }
        assert_eq!(by_name("none"), None);
    }
}
