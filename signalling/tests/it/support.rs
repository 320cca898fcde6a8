//! A lab in this process, and clients that speak its protocol.

use dyad_collector::Remote;
use dyad_experiment::{Experiment, RULES_VERSION};
use dyad_protocol::lobby::{FromClient, FromLab, Hello, Refusal, Ticket};
use dyad_protocol::study::{Answer, Checked, Greeting, Scene};
use dyad_protocol::{PROTOCOL_VERSION, ParticipantId, PublicKey, Token};
use dyad_signalling::{Lab, Options, RelaySecret};
use futures::{SinkExt as _, StreamExt as _};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longer than anything takes that is going to happen.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn experiment(players: u8) -> Experiment {
    let text = format!(
        "id = \"study\"\n[[scene]]\nid = \"room\"\nlayout = \"cramped_room\"\n\
         players = {players}\nmax_steps = 20\nepisodes = 1\n"
    );
    Experiment::parse(&text, |_| Err(std::io::ErrorKind::NotFound.into())).unwrap()
}

pub(crate) async fn lab(players: u8, data: &Path) -> Lab {
    lab_with(experiment(players), None, data).await
}

pub(crate) async fn lab_with(
    experiment: Experiment,
    relay_secret: Option<RelaySecret>,
    data: &Path,
) -> Lab {
    lab_of(experiment, relay_secret, data, None).await
}

/// A lab whose records go to a collector elsewhere, if one is given.
pub(crate) async fn lab_of(
    experiment: Experiment,
    relay_secret: Option<RelaySecret>,
    data: &Path,
    collector: Option<Remote>,
) -> Lab {
    Lab::start(options_of(experiment, relay_secret, data, collector)).await.unwrap()
}

pub(crate) fn options_of(
    experiment: Experiment,
    relay_secret: Option<RelaySecret>,
    data: &Path,
    collector: Option<Remote>,
) -> Options {
    Options {
        experiment,
        relay_secret,
        data: data.to_owned(),
        collector,
        listen: "127.0.0.1:0".parse().unwrap(),
        certificate: None,
        open: false,
        max_connections: 8,
        max_per_address: 1000,
    }
}

/// A WebSocket, whatever is spoken over it.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Dials; the error is the HTTP status of a refusal.
    pub(crate) async fn dial(address: SocketAddr, path: &str) -> Result<Self, u16> {
        use tokio_tungstenite::tungstenite::Error;
        match timeout(PATIENCE, connect_async(format!("ws://{address}{path}"))).await.unwrap() {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{path}: {error}"),
        }
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.0.send(Message::Text(text.into())).await.unwrap();
    }

    /// Sends; false if the other side has hung up.
    pub(crate) async fn try_send(&mut self, text: &str) -> bool {
        self.0.send(Message::Text(text.into())).await.is_ok()
    }

    /// The next text; `None` when the other side has hung up.
    pub(crate) async fn receive(&mut self) -> Option<String> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("nothing came in time") {
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    pub(crate) fn local_address(&self) -> SocketAddr {
        self.stream().local_addr().unwrap()
    }

    /// Waits until the lab has closed its side, and reads nothing.
    pub(crate) async fn until_closed(&self) {
        let closed = async {
            let mut bytes = [0; 4096];
            loop {
                let there = self.stream().peek(&mut bytes).await.unwrap();
                // A frame that closes, without a reason.
                if bytes[..there].ends_with(&[0x88, 0]) {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, closed).await.expect("the lab does not hang up");
    }

    fn stream(&self) -> &TcpStream {
        match self.0.get_ref() {
            MaybeTlsStream::Plain(stream) => stream,
            _ => panic!("the lab speaks plain HTTP"),
        }
    }
}

/// Somebody in the lobby.
pub(crate) struct Client {
    pub(crate) socket: Socket,
    pub(crate) participant: ParticipantId,
    pub(crate) resume: Token,
    pub(crate) key: PublicKey,
    /// The place that the lab has shown last.
    pub(crate) scene: Option<Scene>,
}

/// Another one for everybody.
fn new_key() -> PublicKey {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    PublicKey([NEXT.fetch_add(1, Ordering::Relaxed); 32])
}

pub(crate) fn hello(token: Option<&Token>) -> Hello {
    Hello {
        protocol: PROTOCOL_VERSION,
        program: "test".to_owned(),
        rules: RULES_VERSION,
        key: new_key(),
        token: token.cloned(),
        resume: None,
        panel: None,
    }
}

/// Comes in with this hello, or hears why not.
pub(crate) async fn knock(address: SocketAddr, hello: Hello) -> Result<Client, Refusal> {
    let key = hello.key;
    let mut socket = Socket::dial(address, "/lobby").await.unwrap();
    socket.send(&serde_json::to_string(&FromClient::Hello(hello)).unwrap()).await;
    let answer = socket.receive().await.expect("an answer to hello");
    match serde_json::from_str(&answer).unwrap() {
        FromLab::Welcome { participant, resume, .. } => {
            let mut client = Client { socket, participant, resume, key, scene: None };
            if let FromLab::Completed(_) = client.look().await {
                client.scene = None;
            }
            Ok(client)
        }
        FromLab::Refused { code, .. } => {
            assert_eq!(socket.receive().await, None, "a refused client is hung up on");
            Err(code)
        }
        other => panic!("{other:?}"),
    }
}

impl Client {
    pub(crate) async fn join(lab: &Lab) -> Self {
        knock(lab.address(), hello(lab.join().token.as_ref())).await.unwrap()
    }

    pub(crate) async fn say(&mut self, message: FromClient) {
        self.socket.send(&serde_json::to_string(&message).unwrap()).await;
    }

    pub(crate) async fn hear(&mut self) -> FromLab {
        let text = self.socket.receive().await.expect("the lab hung up");
        let message = serde_json::from_str(&text).unwrap();
        if let FromLab::Scene(scene) = &message {
            self.scene = Some((**scene).clone());
        }
        message
    }

    /// The next scene or the end, after whatever is said of the waiting room.
    pub(crate) async fn look(&mut self) -> FromLab {
        loop {
            match self.hear().await {
                message @ (FromLab::Scene(_) | FromLab::Completed(_)) => return message,
                FromLab::Waiting { .. } | FromLab::Pong { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The step that the lab has shown last.
    pub(crate) fn step(&self) -> u32 {
        self.scene.as_ref().expect("the lab has shown something").step
    }

    pub(crate) async fn ready(&mut self) {
        let step = self.step();
        self.say(FromClient::Ready { step }).await;
    }

    /// Answers the scene, and hears what follows.
    pub(crate) async fn done(&mut self, answer: Answer) -> FromLab {
        let step = self.step();
        self.say(FromClient::Done { step, answer }).await;
        self.look().await
    }

    /// The ticket, after whatever is said of the waiting room.
    pub(crate) async fn ticket(&mut self) -> Ticket {
        loop {
            match self.hear().await {
                FromLab::Matched { ticket, .. } => return *ticket,
                FromLab::Waiting { .. } | FromLab::WaitingAgain { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Asks for a game and waits until the lab has understood.
    pub(crate) async fn wait(&mut self) -> (u32, u32) {
        self.ready().await;
        match self.hear().await {
            FromLab::Waiting { waiting, needed, remaining_ms } => {
                assert!(remaining_ms.is_some_and(|left| left > 0));
                (waiting.expect("the study shows it"), needed)
            }
            other => panic!("{other:?}"),
        }
    }

    /// Says that the connections to all partners are good.
    pub(crate) async fn check(&mut self, ticket: &Ticket) {
        let greeting = || Greeting {
            protocol: PROTOCOL_VERSION,
            rules: RULES_VERSION,
            program: "test".to_owned(),
            game: ticket.game.clone(),
        };
        for of in ticket.players.partners(ticket.seat).cloned() {
            let (reliable, unreliable) = (true, true);
            let (own, partner) = (greeting(), greeting());
            let session = ticket.session.clone();
            let checked = Checked { session, of, reliable, unreliable, own, partner };
            self.say(FromClient::Checked(Box::new(checked))).await;
        }
    }

    /// Waits until the lab has dealt with everything this client said.
    pub(crate) async fn settle(&mut self) {
        self.say(FromClient::Ping { nonce: 9 }).await;
        while self.hear().await != (FromLab::Pong { nonce: 9 }) {}
    }
}

/// Two people who play one game.
pub(crate) async fn pair(lab: &Lab) -> [(Client, Ticket); 2] {
    let (mut one, mut other) = (Client::join(lab).await, Client::join(lab).await);
    one.wait().await;
    let (mine, theirs) = meet(&mut one, &mut other).await;
    [(one, mine), (other, theirs)]
}

/// Brings somebody to the one who waits, and both into a game.
pub(crate) async fn meet(one: &mut Client, other: &mut Client) -> (Ticket, Ticket) {
    other.ready().await;
    let (mine, theirs) = (one.ticket().await, other.ticket().await);
    one.check(&mine).await;
    other.check(&theirs).await;
    one.settle().await;
    other.settle().await;
    (mine, theirs)
}
