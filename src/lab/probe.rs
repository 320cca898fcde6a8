//! How far a possible partner is: a connection for two, and pings over its unreliable channel.
//!
//! ```text
//! reliable    "hello"                          each 100 ms, until one from the other side has come
//! unreliable  0 NUMBER                         a ping, after that, each 100 ms
//!             1 NUMBER                         its answer, at once
//! ```
//!
//! A message on the unreliable channel that comes before all of WebRTC is up would make one
//! direction of it ordered, so nothing is sent there before the other side is heard.
//!
//! If the two then play with each other, they begin over the same connection (`Acquaintance`).

use super::LabConnection;
use crate::begin;
use crate::flow::{JoinOptions, Status};
use bevy::log::info;
use bevy::prelude::{
    App, Commands, IntoScheduleConfigs as _, Real, Res, ResMut, Resource, Time, Update, World,
    resource_exists,
};
use dyad_netplay::acquainted::Known;
use dyad_netplay::transport::{Channel, Transport, TransportEvent};
use dyad_netplay::webrtc::Signalling;
use dyad_protocol::lobby::{FromClient, Ticket};
use dyad_protocol::study::Probe;
use dyad_protocol::{ParticipantId, Seat};
use dyad_rollback::peering::Connection;
use std::time::Duration;

/// How often something is said.
const EVERY: Duration = Duration::from_millis(100);
/// How long the last answers are waited for before what there is counts.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
const HELLO: &[u8] = b"hello";
const PING: u8 = 0;
const PONG: u8 = 1;

/// A probe that goes on.
#[derive(Resource)]
pub struct Probing {
    probe: Probe,
    transport: Box<dyn Transport>,
    measuring: Measuring,
    until: Duration,
    is_told: bool,
}

/// The connection to somebody who was measured, for the match that follows, if it is with them alone.
#[derive(Resource)]
pub(crate) struct Acquaintance {
    with: ParticipantId,
    known: Known,
}

impl Acquaintance {
    /// The connection, if it is to the only partner in a match.
    pub(crate) fn of(self, ticket: &Ticket) -> Option<Known> {
        let mut others = ticket.players.partners(ticket.seat);
        let is_it = others.next() == Some(&self.with);
        (is_it && others.next().is_none()).then_some(self.known)
    }
}

/// Whether a message belongs to the measurement: the other side may say on what it has said.
fn is_of_probe(channel: Channel, bytes: &[u8]) -> bool {
    match channel {
        Channel::Reliable => bytes == HELLO,
        Channel::Unreliable => matches!(bytes, [PING | PONG, _]),
    }
}

/// What was sent and what came, without a clock or a network.
#[derive(Debug, Default)]
struct Measuring {
    connection: Option<Connection>,
    is_heard: bool,
    next: Duration,
    /// When each ping was sent, and how long its answer took.
    pings: Vec<(Duration, Option<Duration>)>,
    most: u8,
}

impl Measuring {
    /// What is to be sent now.
    fn poll(&mut self, now: Duration) -> Option<(Connection, Channel, Vec<u8>)> {
        let connection = self.connection?;
        if now < self.next {
            return None;
        }
        self.next = now + EVERY;
        let number = u8::try_from(self.pings.len()).ok()?;
        if self.is_heard && number < self.most {
            self.pings.push((now, None));
            return Some((connection, Channel::Unreliable, vec![PING, number]));
        }
        // Said on, too, when this side has heard enough: the other one may not have.
        Some((connection, Channel::Reliable, HELLO.to_vec()))
    }

    /// Takes a message; returns the answer to it.
    fn take(&mut self, now: Duration, channel: Channel, bytes: &[u8]) -> Option<Vec<u8>> {
        match (channel, bytes) {
            (Channel::Reliable, HELLO) => self.is_heard = true,
            (Channel::Unreliable, [PING, number]) => return Some(vec![PONG, *number]),
            (Channel::Unreliable, [PONG, number]) => {
                if let Some((sent, took)) = self.pings.get_mut(usize::from(*number)) {
                    took.get_or_insert(now.saturating_sub(*sent));
                }
            }
            _ => {}
        }
        None
    }

    /// The median of the pings that were answered, once no more are waited for.
    fn result(&self, now: Duration, is_late: bool) -> Option<Option<Duration>> {
        let sent_all = self.pings.len() >= usize::from(self.most);
        let answered_all = self.pings.iter().all(|(_, took)| took.is_some());
        let waited = self.pings.last().is_some_and(|(sent, _)| now > *sent + LAST_ANSWERS);
        let is_over = is_late || (sent_all && (answered_all || waited));
        let mut took: Vec<_> = self.pings.iter().filter_map(|(_, took)| *took).collect();
        took.sort_unstable();
        is_over.then(|| took.get(took.len() / 2).copied())
    }
}

/// Adds probes to an app.
pub fn plugin(app: &mut App) {
    app.add_systems(Update, go_on.run_if(resource_exists::<Probing>));
}

/// Begins a probe; an earlier one is over.
pub(crate) fn start(world: &mut World, probe: Probe) {
    let now = world.resource::<Time<Real>>().elapsed();
    let link = world.resource::<LabConnection>().link();
    let url = begin::room(link, &probe.room, &probe.room_token);
    let signalling = Signalling { url, cert: link.cert.clone(), ice: probe.ice.clone() };
    let impairment = world.resource::<JoinOptions>().impairment.clone();
    // Each side has another number, as in a match.
    let own = world.resource::<Status>().participant.as_ref();
    let side = Seat(u8::from(own.is_some_and(|own| probe.with < *own)));
    let transport = begin::transport(signalling, side, impairment.as_ref());
    let measuring = Measuring { most: probe.pings, ..Measuring::default() };
    // The lab's patience began when it sent this; its answer is to be there in time.
    let until = now + Duration::from_millis(probe.within_ms * 9 / 10);
    world.insert_resource(Probing { probe, transport, measuring, until, is_told: false });
}

/// Ends a probe, if one goes on, and its connection.
pub(crate) fn stop(world: &mut World) {
    world.remove_resource::<Probing>();
    world.remove_resource::<Acquaintance>();
}

/// Ends a probe, because a match follows; what it has connected may serve that.
pub(crate) fn hand_over(world: &mut World) {
    world.remove_resource::<Acquaintance>();
    let Some(Probing { probe, transport, measuring, .. }) = world.remove_resource() else { return };
    if let Some(connection) = measuring.connection.filter(|_| measuring.is_heard) {
        let known = Known { transport, connection, is_earlier: is_of_probe };
        world.insert_resource(Acquaintance { with: probe.with, known });
    }
}

fn go_on(
    mut commands: Commands,
    mut probing: ResMut<Probing>,
    lab: Res<LabConnection>,
    time: Res<Time<Real>>,
) {
    let now = time.elapsed();
    let Probing { probe, transport, measuring, until, is_told } = &mut *probing;
    for event in transport.poll(now) {
        match event {
            TransportEvent::Connected(connection) => {
                let most = measuring.most;
                *measuring =
                    Measuring { connection: Some(connection), most, ..Measuring::default() };
            }
            TransportEvent::Disconnected(connection) => {
                measuring.connection.take_if(|own| *own == connection);
            }
            TransportEvent::Received { connection, channel, bytes } => {
                if let Some(answer) = measuring.take(now, channel, &bytes) {
                    transport.send(now, connection, channel, answer);
                }
            }
            TransportEvent::Trouble(_) => {}
        }
    }
    if let Some((connection, channel, bytes)) = measuring.poll(now) {
        transport.send(now, connection, channel, bytes);
    }
    let is_late = now >= *until;
    if let Some(median) = measuring.result(now, is_late).filter(|_| !*is_told) {
        *is_told = true;
        // Rounded up, so that a limit that is passed was really kept.
        let rtt_ms = median.map(|median| median.as_micros().div_ceil(1000));
        let rtt_ms = rtt_ms.map(|rtt| u32::try_from(rtt).unwrap_or(u32::MAX));
        info!("a possible partner is {rtt_ms:?} ms away");
        let (group, with) = (probe.group, probe.with.clone());
        lab.say(FromClient::Probed { group, with, rtt_ms });
    }
    // The other side may still measure; but not for ever.
    if *is_told && now >= *until + LAST_ANSWERS {
        commands.remove_resource::<Probing>();
    }
}

#[cfg(test)]
mod tests {
    use super::{Channel, Connection, HELLO, LAST_ANSWERS, Measuring, PONG};
    use std::time::Duration;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn connected(connection: u64) -> Measuring {
        Measuring { connection: Some(Connection(connection)), most: 5, ..Measuring::default() }
    }

    /// Two sides with a link of so many milliseconds between them, on which some pings are lost.
    fn measure(one_way: u64, lost: &[u8]) -> [Option<Option<Duration>>; 2] {
        let mut sides = [connected(1), connected(2)];
        let mut wire: Vec<(u64, usize, Channel, Vec<u8>)> = Vec::new();
        for now in 0..10_000 {
            let arrived: Vec<_> = wire.extract_if(.., |(at, ..)| *at <= now).collect();
            for (_, to, channel, bytes) in arrived {
                if let Some(answer) = sides[to].take(ms(now), channel, &bytes) {
                    wire.push((now + one_way, 1 - to, channel, answer));
                }
            }
            for (side, measuring) in sides.iter_mut().enumerate() {
                if let Some((_, channel, bytes)) = measuring.poll(ms(now)) {
                    let is_early = channel == Channel::Unreliable && now < one_way;
                    assert!(!is_early, "nothing unreliable before the other is heard");
                    let is_lost = channel == Channel::Unreliable && lost.contains(&bytes[1]);
                    wire.extend((!is_lost).then_some((now + one_way, 1 - side, channel, bytes)));
                }
            }
        }
        sides.map(|side| side.result(ms(10_000), false))
    }

    #[test]
    fn the_median_is_the_round_trip() {
        assert_eq!(measure(20, &[]), [Some(Some(ms(40))); 2]);
        assert_eq!(measure(150, &[1, 3]), [Some(Some(ms(300))); 2]);
    }

    #[test]
    fn no_answer_is_no_measurement() {
        assert_eq!(measure(20, &[0, 1, 2, 3, 4]), [Some(None); 2]);
        let mut alone = connected(1);
        assert_eq!(alone.result(ms(0), false), None, "it goes on");
        assert_eq!(alone.take(ms(0), Channel::Unreliable, &[PONG, 3]), None, "nobody asked");
        assert_eq!(alone.result(ms(9000), true), Some(None));
    }

    #[test]
    fn what_was_answered_counts_when_the_rest_does_not_come() {
        let mut side = connected(1);
        side.take(ms(0), Channel::Reliable, HELLO);
        for step in 0..5 {
            side.poll(ms(step * 100)).expect("a ping is due");
        }
        side.take(ms(430), Channel::Unreliable, &[PONG, 4]);
        assert_eq!(side.result(ms(500), false), None);
        let later = ms(400) + LAST_ANSWERS + ms(1);
        assert_eq!(side.result(later, false), Some(Some(ms(30))));
    }
}
