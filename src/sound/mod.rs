//! What is heard of a game, where the study wants sounds.
//!
//! - [`ear`]: which sounds follow from a game, each once;
//! - [`tone`]: what they sound like, computed;
//! - `speaker`: what plays them, with the feature `sound`: it needs the system's own library.
//!
//! A sound follows from the *confirmed* world, which is never rolled back and never shown twice: so
//! nothing is heard that a rollback takes back, nothing twice, and everybody hears the same. The price
//! is that a sound comes when the partner's inputs have: later than the picture by what the network
//! takes beyond the input delay. For what happens once in some seconds that is no loss; steps and
//! picking up, where it would be one, make no sounds.

pub mod ear;
#[cfg(feature = "sound")]
mod speaker;
pub mod tone;

use crate::flow::CurrentMatch;
use bevy::log::info;
use bevy::prelude::{
    App, IntoScheduleConfigs as _, Local, Message, MessageWriter, Res, Update, resource_exists,
};
use dyad_netplay::Netplay;
use dyad_protocol::SessionId;
use ear::Ear;

/// Something to be heard.
#[derive(Message, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sound {
    /// From now on actions count.
    Begin,
    /// A soup is done.
    Done,
    /// Points were earned.
    Points,
    /// The episode is over.
    Over,
}

impl Sound {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Begin, Self::Done, Self::Points, Self::Over];
}

/// Adds sounds to an app with a window.
pub fn plugin(app: &mut App) {
    app.add_message::<Sound>();
    app.add_systems(Update, listen.run_if(resource_exists::<Netplay>));
    #[cfg(feature = "sound")]
    speaker::plugin(app);
}

/// Who listens, and to which session.
type Listening = Option<(SessionId, Ear)>;

fn listen(
    netplay: Res<Netplay>,
    current: Option<Res<CurrentMatch>>,
    mut listening: Local<Listening>,
    mut sounds: MessageWriter<Sound>,
) {
    let Some(ticket) = current.as_ref().map(|it| &it.ticket).filter(|it| it.sounds) else { return };
    if listening.as_ref().is_none_or(|(session, _)| *session != ticket.session) {
        if cfg!(not(feature = "sound")) {
            info!("this game has sounds; this program was built without them");
        }
        *listening = Some((ticket.session.clone(), Ear::default()));
    }
    if let Some((_, ear)) = &mut *listening {
        sounds.write_batch(ear.hear(netplay.confirmed()));
    }
}
