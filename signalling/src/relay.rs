//! Credentials for the study's TURN servers.
//!
//! The servers know no users. They share one secret with the lab, which gives everybody a name
//! that says until when it is good, and a password that follows from both (coturn's
//! `use-auth-secret`, described in draft-uberti-behave-turn-rest-00):
//!
//! ```text
//! username = EXPIRY ":" PSEUDONYM           EXPIRY in seconds since 1970
//! password = base64(HMAC-SHA1(secret, username))
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dyad_experiment::{Experiment, Gym, Scene};
use dyad_protocol::ParticipantId;
use dyad_protocol::lobby::{IceServers, Ticket};
use hmac::{Hmac, Mac as _};
use sha1::Sha1;
use std::fmt;
use std::io;
use std::path::Path;

/// The longest secret, in bytes.
const MAX_SECRET: usize = 1024;

/// How long credentials are good beyond twice the length of a game that nothing delays. It covers
/// waits, reconnections and clocks that differ.
const MARGIN_S: u64 = 60 * 60;

/// The secret that the TURN servers share with the lab. Its debug form is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct RelaySecret(String);

impl RelaySecret {
    /// Reads the secret from a text file, of which it is the only line.
    ///
    /// # Errors
    /// The file cannot be read, or holds no such line.
    pub fn read(path: &Path) -> io::Result<Self> {
        let text = std::fs::read_to_string(path)?;
        let secret = text.trim();
        if secret.is_empty() || secret.len() > MAX_SECRET || secret.contains(['\n', '\r']) {
            let message = "the file has to hold one line of text, the TURN server's secret";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(Self(secret.to_owned()))
    }
}

impl fmt::Debug for RelaySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RelaySecret(..)")
    }
}

/// Gives out credentials.
#[derive(Clone, Debug)]
pub(crate) struct Relay {
    secret: RelaySecret,
    good_for_s: u64,
}

impl Relay {
    /// For the games of this experiment.
    pub(crate) fn new(secret: RelaySecret, experiment: &Experiment) -> Self {
        let gyms = experiment.scenes().iter().filter_map(Scene::gym);
        let lengths = gyms.flat_map(|gym| gym.variants().map(|(_, gym)| length_s(gym)));
        Self { secret, good_for_s: 2 * lengths.max().unwrap_or(0) + MARGIN_S }
    }

    /// Puts fresh credentials into a ticket that is about to be given out; `now_s` is in seconds
    /// since 1970.
    pub(crate) fn sign(&self, ticket: &mut Ticket, now_s: u64) {
        let Some(participant) = ticket.players.participant(ticket.seat).cloned() else {
            return;
        };
        self.credentials(&mut ticket.ice, &participant, now_s);
    }

    /// Gives somebody fresh credentials for these servers.
    pub(crate) fn credentials(
        &self,
        ice: &mut IceServers,
        participant: &ParticipantId,
        now_s: u64,
    ) {
        let username = format!("{}:{participant}", now_s.saturating_add(self.good_for_s));
        let mac = Hmac::<Sha1>::new_from_slice(self.secret.0.as_bytes());
        let mac = mac.expect("HMAC takes keys of any length").chain_update(&username);
        let password = STANDARD.encode(mac.finalize().into_bytes());
        ice.credential = Some(password.parse().expect("base64 is visible ASCII"));
        ice.username = Some(username);
    }
}

/// Seconds of a game that nothing delays.
fn length_s(gym: &Gym) -> u64 {
    let frames =
        u64::from(gym.countdown_frames) + u64::from(gym.max_steps) + u64::from(gym.pause_frames);
    frames * u64::from(gym.episodes) / u64::from(gym.steps_per_second.max(1))
}

#[cfg(test)]
mod tests {
    use super::{Relay, RelaySecret};
    use crate::ticket::{Client, Order, prepare};
    use dyad_experiment::Experiment;
    use dyad_matchmaking::MatchId;
    use dyad_protocol::PublicKey;

    const FILE: &str = "id = \"s\"\n[[scene]]\nid = \"a\"\nlayout = \"cramped_room\"\n\
        max_steps = 1740\nepisodes = 2\ncountdown_seconds = 1\npause_seconds = 1\n[network]\n\
        turn = [\"turn:h\"]\nturn_secret_file = \"f\"\nrelay_only = true\n";

    #[test]
    fn everybody_gets_a_name_that_outlasts_the_game_and_its_password() {
        let experiment = Experiment::parse(FILE, |_| Err(std::io::ErrorKind::NotFound.into()));
        let experiment = experiment.unwrap();
        let client =
            |id: &str| Client { participant: id.parse().unwrap(), key: PublicKey([1; 32]) };
        let order = Order {
            id: MatchId(0),
            scene: "a".parse().unwrap(),
            condition: None,
            drawn: false,
            people: vec![client("p-7f3a9c"), client("p-02b1e4")],
            alone: None,
        };
        let mut tickets = prepare(&experiment, &order, 0).unwrap().tickets;
        assert!(tickets[0].ice.relay_only);
        assert_eq!(tickets[0].ice.username, None, "not before it is given out");

        let relay = Relay::new(RelaySecret("north wind".to_owned()), &experiment);
        // Two episodes of a minute: four minutes and an hour.
        relay.sign(&mut tickets[0], 1_795_118_400 - 240 - 3600);
        let ice = &tickets[0].ice;
        assert_eq!(ice.username.as_deref(), Some("1795118400:p-7f3a9c"));
        // By `openssl dgst -sha1 -hmac "north wind" -binary | base64`.
        let password = ice.credential.as_ref().unwrap().reveal();
        assert_eq!(password, "LC1cwPSSRxEt6tZ4O/xYdDFvUrs=");
        relay.sign(&mut tickets[1], 1_795_118_400 - 240 - 3600);
        assert_ne!(tickets[1].ice.credential, tickets[0].ice.credential);
        assert!(!format!("{relay:?} {tickets:?}").contains("north wind"));
    }

    #[test]
    fn a_secret_is_the_only_line_of_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        let read = |text: &str| {
            std::fs::write(&file, text).unwrap();
            RelaySecret::read(&file)
        };
        assert_eq!(read("  north wind\n").unwrap(), RelaySecret("north wind".to_owned()));
        for bad in ["", " \n", "one\ntwo\n"] {
            assert!(read(bad).unwrap_err().to_string().contains("one line"), "{bad:?}");
        }
    }
}
