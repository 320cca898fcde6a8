//! The first message: who may come in, and as whom.

use super::AdmitBy;
use crate::study::Study;
use dyad_experiment::RULES_VERSION;
use dyad_protocol::lobby::{Hello, Refusal};
use dyad_protocol::{PROTOCOL_VERSION, PublicKey};

/// How somebody who says this may be admitted. Who brings the token of an earlier welcome needs
/// none of a join link; whether that token is good is for the store to say.
pub(super) fn check(hello: &Hello, study: &Study) -> Result<AdmitBy, (Refusal, String)> {
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
    if hello.key == PublicKey::NOBODY {
        // A record would take them for a program.
        return Err((Refusal::Malformed, sentence(Refusal::Malformed)));
    }
    if let Some(resume) = &hello.resume {
        return Ok(AdmitBy::Resume(resume.clone()));
    }
    let secrets = &study.secrets;
    if let Some(who) = hello.token.as_ref().and_then(|token| secrets.invited(token)) {
        return Ok(AdmitBy::Known(secrets.resume(&who)));
    }
    let brings = |token| hello.token.as_ref().is_some_and(|theirs| theirs.matches(token));
    if !study.token.as_ref().is_none_or(brings) {
        return Err((Refusal::Token, sentence(Refusal::Token)));
    }
    Ok(match &hello.panel {
        Some(panel) => AdmitBy::Known(secrets.resume(&secrets.on_panel(panel))),
        None => AdmitBy::New,
    })
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
