//! The first message: who may come in.

use dyad_experiment::RULES_VERSION;
use dyad_protocol::lobby::{Hello, Refusal};
use dyad_protocol::{PROTOCOL_VERSION, Token};

/// Whether somebody who says this may be admitted. Who brings the token of an earlier welcome
/// needs none of a join link; whether that token is good is for the store to say.
pub(super) fn check(hello: &Hello, token: Option<&Token>) -> Result<(), (Refusal, String)> {
    let versions =
        [("protocol", hello.protocol, PROTOCOL_VERSION), ("rules", hello.rules, RULES_VERSION)];
    for (of, theirs, ours) in versions {
        if theirs != ours {
            let advice = match theirs < ours {
                true => "this program is older than the lab's: install the lab's version",
                false => "this program is newer than the lab's: tell the experimenter",
            };
            let message = format!("{advice} ({of} version {theirs} here, {ours} at the lab)");
            return Err((Refusal::Version, message));
        }
    }
    let brings = |token: &Token| hello.token.as_ref().is_some_and(|theirs| theirs.matches(token));
    let invited = token.is_none_or(brings);
    if invited || hello.resume.is_some() {
        Ok(())
    } else {
        Err((Refusal::Token, sentence(Refusal::Token)))
    }
}

/// What a refusal means, for people.
pub(super) fn sentence(refusal: Refusal) -> String {
    match refusal {
        Refusal::Version => "this program and the lab's have different versions",
        Refusal::Token => "this lab does not know the link; ask the experimenter for a new one",
        Refusal::Malformed => "the lab does not understand this program",
        Refusal::Duplicate => "you are connected already; close the other window first",
        Refusal::Closed => "the lab takes nobody at the moment; try again later",
    }
    .to_owned()
}
