//! Somebody who speaks the lobby's protocol and plays nothing: to be at a place for as long as a test
//! wants, and to leave it in a way that no script does.

use crate::session::Lab;
use anyhow::{Context as _, bail};
use dyad_protocol::lobby::{FromClient, FromLab, Hello};
use dyad_protocol::study::{Answer, Completed, Scene};
use dyad_protocol::{JoinLink, PROTOCOL_VERSION, PublicKey, Token};
use std::net::TcpStream;
use std::time::Duration;
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

/// Longer than the lab takes to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody in the lobby.
#[derive(Debug)]
pub struct Visitor {
    socket: WebSocket<TcpStream>,
    key: PublicKey,
    resume: Token,
    /// The pseudonym.
    pub participant: String,
    /// Where the lab has shown that they are; `None` at the end.
    pub scene: Option<Scene>,
}

impl Visitor {
    /// Comes to a lab for the first time. `number` tells people of one test apart.
    ///
    /// # Errors
    /// If the lab does not take them.
    pub fn join(lab: &Lab, number: u8) -> anyhow::Result<Self> {
        Self::hello(lab, PublicKey([number; 32]), None)
    }

    /// Comes again, after the connection was lost.
    ///
    /// # Errors
    /// If the lab does not take them.
    pub fn come_back(self, lab: &Lab) -> anyhow::Result<Self> {
        Self::hello(lab, self.key, Some(self.resume))
    }

    fn hello(lab: &Lab, key: PublicKey, resume: Option<Token>) -> anyhow::Result<Self> {
        let link: JoinLink = lab.link.parse()?;
        let stream = TcpStream::connect(lab.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let (mut socket, _) = client(link.address("ws", "/lobby"), stream)
            .map_err(|error| anyhow::anyhow!("the lobby cannot be joined: {error}"))?;
        let hello = Hello {
            protocol: PROTOCOL_VERSION,
            program: "test".to_owned(),
            rules: dyad_gridworld::RULES_VERSION,
            key,
            token: link.token,
            resume,
            panel: None,
        };
        say(&mut socket, &FromClient::Hello(hello))?;
        let FromLab::Welcome { participant, resume, .. } = hear(&mut socket)? else {
            bail!("no welcome");
        };
        let participant = participant.to_string();
        let mut visitor = Self { socket, key, resume, participant, scene: None };
        visitor.look()?;
        Ok(visitor)
    }

    /// Says something.
    ///
    /// # Errors
    /// If the connection is gone.
    pub fn say(&mut self, message: &FromClient) -> anyhow::Result<()> {
        say(&mut self.socket, message)
    }

    /// What the lab says next.
    ///
    /// # Errors
    /// If it says nothing, or the connection is gone.
    pub fn hear(&mut self) -> anyhow::Result<FromLab> {
        hear(&mut self.socket)
    }

    /// Where the lab shows next that they are; the end, if it is.
    fn look(&mut self) -> anyhow::Result<Option<Completed>> {
        loop {
            match self.hear()? {
                FromLab::Scene(scene) => {
                    self.scene = Some(*scene);
                    return Ok(None);
                }
                FromLab::Completed(completed) => {
                    self.scene = None;
                    return Ok(Some(*completed));
                }
                _ => {}
            }
        }
    }

    /// The step that they are at.
    ///
    /// # Errors
    /// At the end.
    pub fn step(&self) -> anyhow::Result<u32> {
        Ok(self.scene.as_ref().context("the study is over")?.step)
    }

    /// Answers the scene and goes on.
    ///
    /// # Errors
    /// If the lab shows nothing then.
    pub fn done(&mut self, answer: Answer) -> anyhow::Result<()> {
        let step = self.step()?;
        self.say(&FromClient::Done { step, answer })?;
        self.look().map(drop)
    }

    /// Asks for the game that they are at, and waits for it.
    ///
    /// # Errors
    /// If the lab does not let them wait.
    pub fn wait(&mut self) -> anyhow::Result<()> {
        let step = self.step()?;
        self.say(&FromClient::Ready { step })?;
        while !matches!(self.hear()?, FromLab::Waiting { .. }) {}
        Ok(())
    }

    /// Waits until the lab has a game for them.
    ///
    /// # Errors
    /// If it has none.
    pub fn matched(&mut self) -> anyhow::Result<()> {
        while !matches!(self.hear()?, FromLab::Matched { .. }) {}
        Ok(())
    }

    /// Leaves the study.
    ///
    /// # Errors
    /// If the lab does not bring them to the end.
    pub fn withdraw(&mut self) -> anyhow::Result<Completed> {
        self.say(&FromClient::Withdraw)?;
        loop {
            if let Some(completed) = self.look()? {
                return Ok(completed);
            }
        }
    }
}

fn say(socket: &mut WebSocket<TcpStream>, message: &FromClient) -> anyhow::Result<()> {
    Ok(socket.send(Message::text(serde_json::to_string(message)?))?)
}

fn hear(socket: &mut WebSocket<TcpStream>) -> anyhow::Result<FromLab> {
    loop {
        if let Message::Text(text) = socket.read()? {
            return Ok(serde_json::from_str(&text)?);
        }
    }
}
