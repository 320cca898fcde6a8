//! One episode's record under construction, and one that waits for its certificate.

use super::effect::Effect;
use crate::chain::InputsDigest;
use crate::keys::KeyPair;
use crate::log::{Certificate, Frame, Header, HeaderError, SessionInfo, Writer};
use crate::statement::{self, Committed, Message, Statement};
use crate::table;
use dyad_gridworld::{
    ConfirmedFrame, Digest, Game, Hold, MAX_PLAYERS, Outcome, PlayerInput, World,
};
use dyad_protocol::{ParticipantId, Seat, Seats};

/// An episode whose frames are coming in.
#[derive(Debug)]
pub(super) struct Episode {
    number: u16,
    log: Writer,
    table: blake3::Hasher,
    rows: u32,
    last_frame: u32,
    /// Digests over the confirmed inputs, by seat.
    confirmed: [InputsDigest; MAX_PLAYERS],
    /// Digest over what this machine issued.
    issued: InputsDigest,
}

impl Episode {
    /// The episode, with the first bytes of its log and of its table.
    pub(super) fn open(
        header: &Header,
        game: &Game,
    ) -> Result<(Self, Vec<u8>, Vec<u8>), HeaderError> {
        let (mut log_bytes, mut table_bytes) = (Vec::new(), Vec::new());
        let log = Writer::open(header, &mut log_bytes)?;
        table::put_header(game, &mut table_bytes);
        let mut table = blake3::Hasher::new();
        table.update(&table_bytes);
        let episode = Self {
            number: header.episode,
            log,
            table,
            rows: 0,
            last_frame: header.first_frame,
            confirmed: Default::default(),
            issued: InputsDigest::default(),
        };
        Ok((episode, log_bytes, table_bytes))
    }

    pub(super) const fn number(&self) -> u16 {
        self.number
    }

    pub(super) const fn chain(&self) -> Digest {
        self.log.chain()
    }

    /// Takes a frame and the hold before it; gives what to append to the log. `digest` is the replica's, so that the log
    /// re-simulates whatever the session thought.
    pub(super) fn frame(
        &mut self,
        hold: Option<&Hold>,
        frame: &ConfirmedFrame,
        digest: Digest,
        own: PlayerInput,
    ) -> Vec<u8> {
        let number = frame.frame;
        self.last_frame = number;
        self.issued.put(number, own);
        for (digest, &input) in self.confirmed.iter_mut().zip(&frame.inputs) {
            digest.put(number, input);
        }
        let mut bytes = Vec::with_capacity(96);
        if let Some(hold) = hold {
            self.log.hold(hold, &mut bytes);
        }
        let entry = Frame { number, inputs: frame.inputs, digest: digest.short() };
        self.log.frame(&entry, &mut bytes);
        bytes
    }

    /// Takes the row of the frame just taken; gives what to append to the table.
    pub(super) fn row(
        &mut self,
        world: &World,
        frame: &ConfirmedFrame,
        outcome: &Outcome,
        participants: &[ParticipantId],
    ) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256);
        table::put_row(world, &frame.inputs, outcome, participants, &mut bytes);
        self.table.update(&bytes);
        self.rows += 1;
        bytes
    }

    /// No frame follows.
    pub(super) fn finish(self, session: &SessionInfo, seat: Seat, key: &KeyPair) -> Finished {
        let Self { number, log, table, rows, last_frame, confirmed, issued } = self;
        let said = statement::Finished {
            rows,
            last_frame,
            chain: log.chain(),
            table: Digest(*table.finalize().as_bytes()),
            inputs: issued.value(),
        };
        let own = Message::new(session.id.clone(), number, seat, said, key);
        let confirmed = confirmed.map(|digest| digest.value());
        let mut statements = [const { None }; MAX_PLAYERS];
        statements[seat.index()] = Some(own.clone());
        Finished { log, own, confirmed, statements }
    }
}

/// An episode whose frames are all in.
#[derive(Debug)]
pub(super) struct Finished {
    log: Writer,
    own: Statement,
    confirmed: [Digest; MAX_PLAYERS],
    statements: [Option<Statement>; MAX_PLAYERS],
}

impl Finished {
    pub(super) const fn number(&self) -> u16 {
        self.own.episode
    }

    pub(super) const fn own(&self) -> &Statement {
        &self.own
    }

    pub(super) fn statement(&self, seat: Seat) -> Option<&Statement> {
        self.statements[seat.index()].as_ref()
    }

    /// What to report if a seat's statement is not what it should be by this record.
    pub(super) fn disagreement(&self, statement: &Statement) -> Option<Effect> {
        let inputs = self.confirmed[statement.seat.index()];
        let expected = statement::Finished { inputs, ..self.own.said };
        let field = statement.said.difference(&expected)?;
        Some(Effect::Disagreement { episode: self.number(), seat: statement.seat, field })
    }

    pub(super) fn put(&mut self, statement: Statement) {
        let seat = statement.seat.index();
        self.statements[seat] = Some(statement);
    }

    pub(super) fn is_complete(&self, people: Seats) -> bool {
        people.iter().all(|seat| self.statements[seat.index()].is_some())
    }

    pub(super) fn close_complete(self) -> [Effect; 2] {
        let statements = self.statements.into_iter().flatten().collect();
        close(self.own.episode, self.log, &Certificate::Complete { statements })
    }

    pub(super) fn close_survivor(self, committed: &[Option<Committed>]) -> [Effect; 2] {
        let committed = committed.iter().flatten().cloned().collect();
        close(self.own.episode, self.log, &Certificate::Survivor { own: self.own, committed })
    }
}

fn close(episode: u16, log: Writer, certificate: &Certificate) -> [Effect; 2] {
    let mut bytes = Vec::new();
    log.close(certificate, &mut bytes).expect("statements of legal length fit in a certificate");
    let complete = matches!(certificate, Certificate::Complete { .. });
    [Effect::Log { episode, bytes }, Effect::Close { episode, complete }]
}
