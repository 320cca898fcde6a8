//! The task that owns the lobby: events in through a bounded queue, effects done in order.

use super::reports::Batch;
use super::{ConnectionId, Effect, Event, Lobby};
use crate::mint;
use crate::relay::Relay;
use crate::rooms::SharedRooms;
use crate::ticket::{Player, prepare};
use dyad_collector::Keeper;
use dyad_collector::owner::now_ms;
use dyad_experiment::Experiment;
use dyad_matchmaking::{MatchId, Timestamp};
use dyad_protocol::lobby::{FromLab, Refusal};
use dyad_protocol::records::Uploads;
use dyad_protocol::{ParticipantId, Token};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Duration, Instant, sleep_until};

/// Events that wait for the owner. Who comes with one more waits until there is room.
pub(crate) const QUEUE: usize = 1024;

/// Draws of a pseudonym before giving up: of 16 million, a study uses a few thousand.
const ENROL_ATTEMPTS: usize = 16;

/// What the owner's queue holds.
pub(crate) enum Input {
    /// A connection, and where to put messages for it.
    Open(ConnectionId, mpsc::Sender<String>),
    /// Something for the lobby.
    Event(Event),
}

/// How connections come in: each gets a number and, if the lab is not full, a place.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) inputs: mpsc::Sender<Input>,
    places: Arc<Semaphore>,
    next: Arc<AtomicU64>,
}

impl Door {
    pub(crate) fn new(inputs: mpsc::Sender<Input>, places: usize) -> Self {
        let places = Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
        Self { inputs, places, next: Arc::new(AtomicU64::new(0)) }
    }

    pub(crate) fn enter(&self) -> Option<(ConnectionId, OwnedSemaphorePermit)> {
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some((ConnectionId(self.next.fetch_add(1, Ordering::Relaxed)), permit))
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
    pub(crate) started: Instant,
}

impl Owner {
    /// Runs until the lab stops.
    pub(crate) async fn run(mut self, mut queue: mpsc::Receiver<Input>) {
        loop {
            let deadline = self.lobby.next_deadline();
            let wake = deadline.map(|Timestamp(ms)| self.started + Duration::from_millis(ms));
            let input = tokio::select! {
                input = queue.recv() => input,
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {
                    self.lobby.handle_timeout(self.now());
                    self.follow();
                    continue;
                }
            };
            match input {
                Some(Input::Open(id, queue)) => {
                    self.queues.insert(id, queue);
                    self.handle(Event::Opened(id));
                }
                Some(Input::Event(Event::Stopping)) | None => break,
                Some(Input::Event(event)) => self.handle(event),
            }
        }
        self.handle(Event::Stopping);
        let not_understood = self.lobby.malformed();
        tracing::info!(not_understood, "the lobby is closed");
    }

    fn now(&self) -> Timestamp {
        // Rounded up, so that a deadline that has woken the owner has really come.
        let passed = self.started.elapsed().as_micros().div_ceil(1000);
        Timestamp(u64::try_from(passed).unwrap_or(u64::MAX))
    }

    fn handle(&mut self, event: Event) {
        log(&event);
        if let Event::Closed(id) = &event {
            self.queues.remove(id);
        }
        self.lobby.handle(self.now(), event);
        self.follow();
    }

    fn follow(&mut self) {
        while let Some(effect) = self.lobby.poll_effect() {
            match effect {
                Effect::Send(id, message) => self.send(id, message),
                Effect::Close(id) => drop(self.queues.remove(&id)),
                Effect::Admit(id, resume) => self.admit(id, resume),
                Effect::Register(id, players) => self.register(id, players),
                Effect::CloseRoom(room) => self.rooms.close(&room),
                Effect::Note(reports) => self.note(reports),
            }
        }
    }

    fn send(&mut self, id: ConnectionId, mut message: FromLab) {
        let Some(queue) = self.queues.get(&id) else { return };
        if let (FromLab::Matched { ticket }, Some(relay)) = (&mut message, &self.relay) {
            relay.sign(ticket, now_ms() / 1000);
        }
        let text = serde_json::to_string(&message).expect("a message is plain data");
        if queue.try_send(text).is_err() {
            tracing::warn!(connection = id.0, "a client does not take its messages: dropped");
            self.queues.remove(&id);
        }
    }

    fn admit(&self, id: ConnectionId, resume: Option<Token>) {
        let keeper = self.keeper.clone();
        self.then_tell(async move {
            match admission(&keeper, resume).await {
                Ok((participant, token)) => Event::Admitted(id, participant, token),
                Err(refusal) => Event::NotAdmitted(id, refusal),
            }
        });
    }

    fn register(&self, id: MatchId, players: Vec<Player>) {
        let (keeper, rooms) = (self.keeper.clone(), self.rooms.clone());
        let (experiment, uploads) = (Arc::clone(&self.experiment), self.uploads.clone());
        self.then_tell(async move {
            let mut prepared = prepare(&experiment, &players);
            prepared.tickets.iter_mut().for_each(|ticket| ticket.uploads = uploads.clone());
            match keeper.register(prepared.registration.clone()).await {
                Ok(()) => {
                    rooms.open(&prepared.tickets);
                    Event::Registered(id, Box::new(prepared))
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

/// Whose token this is, or who is new.
async fn admission(
    keeper: &Keeper,
    resume: Option<Token>,
) -> Result<(ParticipantId, Token), Refusal> {
    let Some(token) = resume else { return enrol(keeper).await };
    match keeper.recognise(token.clone()).await {
        Ok(Some(participant)) => Ok((participant, token)),
        Ok(None) => Err(Refusal::Token),
        Err(error) => Err(unavailable(&error)),
    }
}

async fn enrol(keeper: &Keeper) -> Result<(ParticipantId, Token), Refusal> {
    for _ in 0..ENROL_ATTEMPTS {
        let (participant, token) = (mint::participant(), mint::token());
        match keeper.enrol(participant.clone(), token.clone()).await {
            Ok(true) => return Ok((participant, token)),
            Ok(false) => {}
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
        Event::Registered(_, prepared) => {
            let registration = &prepared.registration;
            let participants: Vec<&str> =
                registration.participants.iter().map(ParticipantId::as_str).collect();
            tracing::info!(session = %registration.session, ?participants, "matched");
        }
        Event::Judged(session, episode, verdict) => {
            tracing::info!(session = %session.session, episode, %verdict, "all records are there");
        }
        _ => {}
    }
}
