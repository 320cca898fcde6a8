//! The task that owns the lobby: events in through a bounded queue, effects done in order.
//!
//! What is to outlive the lab goes to the journal before anything else is done. Events that wait
//! together share one write to the disk.

use super::connection::text;
use super::reports::Batch;
use super::{AdmitBy, ConnectionId, Effect, Event, Lobby};
use crate::flood::Addresses;
use crate::identities::Identities;
use crate::journal::{Entry, Journal};
use crate::mint;
use crate::relay::Relay;
use crate::rooms::SharedRooms;
use crate::ticket::{Order, prepare};
use dyad_collector::Keeper;
use dyad_collector::owner::now_ms;
use dyad_experiment::Experiment;
use dyad_matchmaking::{MatchId, Timestamp};
use dyad_protocol::lobby::{FromLab, IceServers, Refusal};
use dyad_protocol::records::Uploads;
use dyad_protocol::study::Probe;
use dyad_protocol::{ParticipantId, Token};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Duration, Instant, sleep_until};

/// Events that wait for the owner. Who comes with one more waits until there is room.
pub(crate) const QUEUE: usize = 1024;

/// Events that share one write to the disk, at most.
const GROUP: usize = 256;

/// Draws of a pseudonym before giving up: of 16 million, a study uses a few thousand.
const ENROL_ATTEMPTS: usize = 16;

/// Pings of a probe.
const PROBE_PINGS: u8 = 5;

/// What the owner's queue holds.
pub(crate) enum Input {
    /// A connection, and where to put messages for it.
    Open(ConnectionId, mpsc::Sender<String>),
    /// Something that a client has said. The other part is dropped when all that follows from it is done,
    /// messages sent included.
    Said(Event, Arc<()>),
    /// Something else for the lobby.
    Event(Event),
}

/// How connections come in: each gets a number and, if neither the lab nor its address has too many,
/// a place.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) inputs: mpsc::Sender<Input>,
    /// Pings right after connecting.
    pub(crate) first_pings: u32,
    places: Arc<Semaphore>,
    addresses: Arc<Mutex<Addresses>>,
    opened: Instant,
    next: Arc<AtomicU64>,
}

/// A place in the lobby, free again when this is dropped.
pub(crate) struct Admission {
    pub(crate) id: ConnectionId,
    from: IpAddr,
    addresses: Arc<Mutex<Addresses>>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner).close(self.from);
    }
}

impl Door {
    pub(crate) fn new(
        inputs: mpsc::Sender<Input>,
        places: usize,
        per_address: u32,
        first_pings: u32,
    ) -> Self {
        Self {
            inputs,
            first_pings,
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            addresses: Arc::new(Mutex::new(Addresses::new(per_address))),
            opened: Instant::now(),
            next: Arc::new(AtomicU64::new(0)),
        }
    }

    /// A place for somebody from this address; if there is none, whether the lab is full.
    pub(crate) fn enter(&self, from: IpAddr) -> Result<Admission, bool> {
        let permit = Arc::clone(&self.places).try_acquire_owned().map_err(|_full| true)?;
        let addresses = Arc::clone(&self.addresses);
        let now = self.opened.elapsed();
        if !addresses.lock().unwrap_or_else(PoisonError::into_inner).open(from, now) {
            return Err(false);
        }
        let id = ConnectionId(self.next.fetch_add(1, Ordering::Relaxed));
        Ok(Admission { id, from, addresses, _permit: permit })
    }
}

/// What doing effects takes.
pub(crate) struct Owner {
    pub(crate) lobby: Lobby,
    pub(crate) experiment: Arc<Experiment>,
    /// Signs tickets, if the study has TURN servers.
    pub(crate) relay: Option<Relay>,
    pub(crate) keeper: Keeper,
    /// Where records go.
    pub(crate) uploads: Uploads,
    pub(crate) rooms: SharedRooms,
    pub(crate) inputs: mpsc::WeakSender<Input>,
    pub(crate) queues: BTreeMap<ConnectionId, mpsc::Sender<String>>,
    /// Of what clients have said and is not done yet.
    pub(crate) pending: Vec<Arc<()>>,
    pub(crate) journal: Arc<Mutex<Journal>>,
    pub(crate) identities: Identities,
    pub(crate) clock: Clock,
}

/// Milliseconds since 1970 that never go back, not even over a restart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    at_start: u64,
    started: Instant,
}

impl Clock {
    /// A clock that shows nothing before `earliest`.
    pub(crate) fn after(earliest: u64) -> Self {
        Self { at_start: now_ms().max(earliest), started: Instant::now() }
    }

    fn now(&self) -> Timestamp {
        // Rounded up, so that a deadline that has woken the owner has really come.
        let passed = self.started.elapsed().as_micros().div_ceil(1000);
        Timestamp(self.at_start.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX)))
    }

    fn instant(&self, Timestamp(at): Timestamp) -> Instant {
        // No further than a sleep can be: the owner looks again then.
        let ahead = at.saturating_sub(self.at_start).min(u64::from(u32::MAX));
        self.started + Duration::from_millis(ahead)
    }
}

impl Owner {
    /// Runs until the lab stops, or until its disk fails.
    pub(crate) async fn run(mut self, mut queue: mpsc::Receiver<Input>) {
        self.lobby.handle(self.clock.now(), Event::Restarted);
        while self.follow().await {
            let wake = self.lobby.next_deadline().map(|at| self.clock.instant(at));
            let input = tokio::select! {
                input = queue.recv() => input,
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {
                    self.lobby.handle_timeout(self.clock.now());
                    continue;
                }
            };
            let Some(input) = input else { break };
            let more = std::iter::from_fn(|| queue.try_recv().ok());
            let mut group = std::iter::once(input).chain(more).take(GROUP);
            if !group.all(|input| self.take(input)) {
                break;
            }
        }
        self.lobby.handle(self.clock.now(), Event::Stopping);
        self.follow().await;
        let (not_understood, stale) = (self.lobby.malformed(), self.lobby.stale());
        tracing::info!(not_understood, stale, "the lobby is closed");
    }

    /// Takes in one input; false if it is the last.
    fn take(&mut self, input: Input) -> bool {
        let event = match input {
            Input::Open(id, queue) => {
                self.queues.insert(id, queue);
                Event::Opened(id)
            }
            Input::Event(Event::Stopping) => return false,
            Input::Event(event) => event,
            Input::Said(event, pending) => {
                self.pending.push(pending);
                event
            }
        };
        log(&event);
        if let Event::Closed(id) = &event {
            self.queues.remove(id);
        }
        self.lobby.handle(self.clock.now(), event);
        true
    }

    /// Does what is to be done. False if what must be written down cannot be: then nothing else is
    /// done either.
    async fn follow(&mut self) -> bool {
        let effects: Vec<Effect> = std::iter::from_fn(|| self.lobby.poll_effect()).collect();
        let (identities, effects): (Vec<_>, Vec<_>) =
            effects.into_iter().partition(|effect| matches!(effect, Effect::Identify(..)));
        if !identities.into_iter().all(|effect| self.identify(effect)) {
            return false;
        }
        let (entries, effects): (Vec<_>, Vec<_>) =
            effects.into_iter().partition(|effect| matches!(effect, Effect::Persist(_)));
        if !entries.is_empty() && !self.write_down(entries).await {
            return false;
        }
        for effect in effects {
            self.carry_out(effect);
        }
        self.pending.clear();
        true
    }

    async fn write_down(&self, effects: Vec<Effect>) -> bool {
        let entry = |effect| match effect {
            Effect::Persist(entry) => Some(entry),
            _ => None,
        };
        let entries: Vec<Entry> = effects.into_iter().filter_map(entry).collect();
        let journal = Arc::clone(&self.journal);
        let append =
            move || journal.lock().unwrap_or_else(PoisonError::into_inner).append(&entries);
        match tokio::task::spawn_blocking(append).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::error!(
                    %error,
                    "the journal cannot be written, so nobody can be promised anything: mend the \
                     disk and start the lab again; games go on"
                );
                false
            }
            Err(error) => {
                tracing::error!(%error, "the journal's thread has failed: start the lab again");
                false
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Persist(_) | Effect::Identify(..) => {}
            Effect::Send(id, message) => self.send(id, message),
            Effect::Close(id) => drop(self.queues.remove(&id)),
            Effect::Admit(id, by) => self.admit(id, by),
            Effect::Register(order) => self.register(order),
            Effect::OpenRoom(room, passwords) => self.rooms.open(&room, &passwords),
            Effect::CloseRoom(room) => self.rooms.close(&room),
            Effect::OpenProbe { group, pair, within_ms } => self.probe(group, pair, within_ms),
            Effect::CloseProbes(group) => self.rooms.close_all(&probe_rooms(group)),
            Effect::Note(reports) => self.note(reports),
        }
    }

    fn send(&mut self, id: ConnectionId, mut message: FromLab) {
        let Some(queue) = self.queues.get(&id) else { return };
        if let FromLab::Matched { ticket, .. } = &mut message {
            ticket.uploads = self.uploads.clone();
            if let Some(relay) = &self.relay {
                relay.sign(ticket, now_ms() / 1000);
            }
        }
        if queue.try_send(text(&message)).is_err() {
            tracing::warn!(connection = id.0, "a client does not take its messages: dropped");
            self.queues.remove(&id);
        }
    }

    /// False if it cannot be written down: then nothing that follows from it is done.
    fn identify(&mut self, effect: Effect) -> bool {
        let Effect::Identify(participant, identity) = effect else { return true };
        let noted = self.identities.note(&participant, &identity);
        if let Err(error) = &noted {
            tracing::error!(
                %participant, %error,
                "what identifies somebody cannot be kept: mend the disk and start the lab again; \
                 games go on"
            );
        }
        noted.is_ok()
    }

    fn probe(&mut self, group: MatchId, pair: [(ConnectionId, ParticipantId); 2], within_ms: u64) {
        let [(first, one), (second, two)] = pair;
        let room = format!("{}{one}-{two}", probe_rooms(group));
        let passwords = [mint::token(), mint::token()];
        self.rooms.open(&room, &passwords);
        let [mine, theirs] = passwords;
        for (to, own, with, room_token) in [(first, &one, &two, mine), (second, &two, &one, theirs)]
        {
            let mut ice: IceServers = self.experiment.network.ice_servers();
            if let Some(relay) = &self.relay {
                relay.credentials(&mut ice, own, now_ms() / 1000);
            }
            let probe = Probe {
                group: group.0,
                with: with.clone(),
                room: room.clone(),
                room_token,
                pings: PROBE_PINGS,
                within_ms,
                ice,
            };
            self.send(to, FromLab::Probe(Box::new(probe)));
        }
    }

    fn admit(&self, id: ConnectionId, by: AdmitBy) {
        let keeper = self.keeper.clone();
        self.then_tell(async move {
            match admission(&keeper, by).await {
                Ok((participant, token)) => Event::Admitted(id, participant, token),
                Err(refusal) => Event::NotAdmitted(id, refusal),
            }
        });
    }

    fn register(&self, order: Order) {
        let (keeper, rooms) = (self.keeper.clone(), self.rooms.clone());
        let experiment = Arc::clone(&self.experiment);
        let Timestamp(at) = self.clock.now();
        self.then_tell(async move {
            let id = order.id;
            let Some(prepared) = prepare(&experiment, &order, at) else {
                tracing::error!(%id, "the experiment has no such game");
                return Event::NotRegistered(id);
            };
            match keeper.register(prepared.registration.clone()).await {
                Ok(()) => {
                    rooms.open(&prepared.record.room, &prepared.record.room_tokens);
                    Event::Registered(Box::new(prepared))
                }
                Err(error) => {
                    tracing::error!(%error, "a session cannot be written down: no game");
                    Event::NotRegistered(id)
                }
            }
        });
    }

    fn note(&self, reports: Batch) {
        let keeper = self.keeper.clone();
        self.then_tell(async move {
            if let Err(error) = keeper.note(reports).await {
                tracing::error!(%error, "what clients report is not stored");
            }
            Event::Noted
        });
    }

    /// Does something that takes time, beside the owner, and tells the lobby what came of it.
    fn then_tell(&self, work: impl Future<Output = Event> + Send + 'static) {
        let inputs = self.inputs.clone();
        tokio::spawn(async move {
            let event = work.await;
            if let Some(inputs) = inputs.upgrade() {
                // The lab stops: nobody waits for the answer any more.
                drop(inputs.send(Input::Event(event)).await);
            }
        });
    }
}

/// How the names of a group's rooms for probes begin.
fn probe_rooms(MatchId(group): MatchId) -> String {
    format!("probe-{group}-")
}

/// Whose token this is, or who is new.
async fn admission(keeper: &Keeper, by: AdmitBy) -> Result<(ParticipantId, Token), Refusal> {
    let Some(token) = by.token().cloned() else { return enrol(keeper, mint::token()).await };
    match keeper.recognise(token.clone()).await {
        Ok(Some(participant)) => Ok((participant, token)),
        Ok(None) if matches!(by, AdmitBy::Known(_)) => enrol(keeper, token).await,
        Ok(None) => Err(Refusal::Token),
        Err(error) => Err(unavailable(&error)),
    }
}

async fn enrol(keeper: &Keeper, token: Token) -> Result<(ParticipantId, Token), Refusal> {
    for _ in 0..ENROL_ATTEMPTS {
        let participant = mint::participant();
        match keeper.enrol(participant.clone(), token.clone()).await {
            Ok(true) => return Ok((participant, token)),
            Ok(false) => {
                // Either the pseudonym is taken, or the same person has just come twice.
                if let Ok(Some(known)) = keeper.recognise(token.clone()).await {
                    return Ok((known, token));
                }
            }
            Err(error) => return Err(unavailable(&error)),
        }
    }
    Err(Refusal::Closed)
}

fn unavailable(error: &dyn std::error::Error) -> Refusal {
    tracing::error!(%error, "nobody can be admitted");
    Refusal::Closed
}

/// What the experimenter sees happen.
fn log(event: &Event) {
    match event {
        Event::Admitted(_, participant, _) => tracing::info!(%participant, "came in"),
        Event::Registered(prepared) => {
            let registration = &prepared.registration;
            let participants: Vec<&str> =
                registration.people().map(|(_, who)| who.as_str()).collect();
            tracing::info!(session = %registration.session, ?participants, "matched");
        }
        Event::Judged(session, episode, verdict) => {
            tracing::info!(session = %session.session, episode, %verdict, "all records are there");
        }
        _ => {}
    }
}
