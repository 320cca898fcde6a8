//! Settings that are one word out of a few.

use crate::read::scalar::words;

words! {
    /// How people are put together.
    pub(crate) enum MatchmakerKind {
        /// First come, first served.
        Fifo = "fifo",
        /// First come, first served, of those whose round trips to the lab are short enough together.
        Latency = "latency",
        /// People who have played together before.
        Reunion = "reunion",
    }

    /// What follows when nobody came to play with.
    pub(crate) enum WaitingThen {
        /// The study ends, as `no_partner`.
        End = "end",
        /// A program takes the partner's place.
        Program = "program",
        /// A later scene follows, without the game.
        Scene = "scene",
    }

    /// What follows when the partner has gone for good.
    pub(crate) enum DropoutThen {
        /// The study ends, as `partner_left`.
        End = "end",
        /// The person waits for another partner.
        Wait = "wait",
        /// The person plays the episode again, and those after it, with a program in the partner's place.
        Program = "program",
    }

    /// What is deleted when somebody withdraws their data.
    pub enum Withdrawal {
        /// Everything of theirs, and the games that they played, also the partners' records of them.
        Games = "games",
        /// Their answers and what identifies them. Games stay, under pseudonyms.
        Person = "person",
    }

    /// Who has the other seats of a game.
    pub(crate) enum PartnerKind {
        /// People.
        Person = "person",
        /// Programs.
        Program = "program",
    }

    /// How episodes get their seeds from the match's.
    pub(crate) enum EpisodeSeed {
        /// Each episode has its own.
        Derived = "derived",
        /// All episodes start alike.
        Same = "same",
    }

    /// What a program plays by.
    pub enum Policy {
        /// It does nothing.
        Idle = "idle",
        /// It does anything.
        Random = "random",
        /// It cooks, where there is something to cook, and does anything elsewhere.
        Scripted = "scripted",
    }

    /// An operating system.
    pub enum System {
        /// Windows.
        Windows = "windows",
        /// macOS.
        Macos = "macos",
        /// Linux.
        Linux = "linux",
    }

    /// Who has a condition.
    pub enum AssignPer {
        /// Each person, from the start. Those who play together have the same one.
        Participant = "participant",
        /// Each group, from the moment that it is matched.
        Group = "group",
    }

    /// How a condition is chosen.
    pub enum AssignMethod {
        /// The one with the fewest so far for its weight; by lot among equals.
        Balanced = "balanced",
        /// By lot, with the weights as chances.
        Random = "random",
    }

    /// The order of a block.
    pub enum Order {
        /// As in the file.
        Fixed = "fixed",
        /// Drawn at random.
        Random = "random",
    }

    /// How the study ended for somebody.
    pub enum Outcome {
        /// All scenes were gone through.
        Finished = "finished",
        /// Nobody was there to play with in time.
        NoPartner = "no_partner",
        /// The partner left or was lost.
        PartnerLeft = "partner_left",
        /// The person's own connection was lost for too long.
        LostConnection = "lost_connection",
        /// Excluded during a game.
        Excluded = "excluded",
        /// Not admitted by a rule of screening.
        ScreenedOut = "screened_out",
        /// Left of their own accord, or did not consent.
        Withdrew = "withdrew",
    }
}

#[cfg(test)]
mod tests {
    use super::Policy;
    use crate::read::scalar::Word as _;

    #[test]
    fn policies_are_those_that_there_are() {
        let names: Vec<_> = Policy::ALL.iter().map(|(name, _, _)| *name).collect();
        assert_eq!(names, dyad_policies::NAMES);
    }
}
