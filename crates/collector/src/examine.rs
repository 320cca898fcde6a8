//! What the bundles of an episode are worth. Recording has the verdict; here is what only the
//! collector can check: whether the records are of the session that they were sent for.

use crate::bounds;
use crate::index::OnDisk;
use crate::settle::Finding;
use crate::store::Registration;
use dyad_protocol::ParticipantId;
use dyad_protocol::records::{RecordName, Verdict};
use dyad_recording::bundle::{Bundle, unpack};
use dyad_recording::log::Header;
use dyad_recording::verify::{self, Checked, Report};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Unpacks a bundle.
///
/// # Errors
/// Why it cannot be the bundle of this name, for people.
pub fn open(name: &RecordName, bundle: &[u8]) -> Result<Bundle, String> {
    let unpacked = guarded(|| unpack(bundle))?.map_err(|error| error.to_string())?;
    if unpacked.participant != name.participant || unpacked.episode != name.episode {
        return Err("the bundle is of another participant or episode".to_owned());
    }
    Ok(unpacked)
}

/// The verdict on an episode, from everybody's bundles and what they said before; and what is
/// remarkable besides.
#[must_use]
pub fn verdict(
    session: &Registration,
    bundles: &[(RecordName, Vec<u8>)],
    said: &OnDisk,
) -> (Verdict, Finding) {
    let judge = || {
        let (verdict, opened, is_last) = judge(session, bundles)?;
        let (verdict, finding) = guarded(|| bounds::all(verdict, &opened, said))?;
        Ok((verdict, Finding { is_last, ..finding }))
    };
    judge().unwrap_or_else(|message| (Verdict::Invalid { message }, Finding::default()))
}

/// What is known of an episode while only some bundles are there.
#[must_use]
pub fn so_far(
    session: &Registration,
    episode: u16,
    bundles: &[(RecordName, Vec<u8>)],
    said: &OnDisk,
) -> Finding {
    let judge = || {
        let (verdict, opened, is_last) = judge(session, bundles)?;
        let finding = guarded(|| bounds::so_far(session, episode, verdict, &opened, said))?;
        Ok(Finding { is_last, ..finding })
    };
    judge().unwrap_or_else(|message| {
        let is_there = |who: &ParticipantId| bundles.iter().any(|(it, _)| it.participant == *who);
        let missing =
            session.people().map(|(_, who)| who).filter(|who| !is_there(who)).cloned().collect();
        Finding { missing, so_far: Some(Verdict::Invalid { message }), ..Finding::default() }
    })
}

/// Recording's verdict, the bundles that it is about, and whether the session was over with this
/// episode by one of them.
fn judge(
    session: &Registration,
    bundles: &[(RecordName, Vec<u8>)],
) -> Result<(Verdict, Vec<Bundle>, bool), String> {
    let opened = bundles.iter().map(|(name, bytes)| {
        let bundle = open(name, bytes)?;
        belongs(session, &bundle)?;
        Ok(bundle)
    });
    let opened: Vec<Bundle> = opened.collect::<Result<_, String>>()?;
    let logs: Vec<&[u8]> = opened.iter().map(|bundle| bundle.log.as_slice()).collect();
    let checked = check(&logs)?;
    let mut reports = checked.iter().filter_map(|checked| checked.as_deref().ok());
    let is_last = reports.any(Report::is_last);
    let verdict = guarded(|| verify::judge(&opened, &checked))?;
    Ok((verdict, opened, is_last))
}

/// Checks and simulates the logs of an episode, in order.
///
/// # Errors
/// That the program failed meanwhile, for people.
pub fn check(logs: &[&[u8]]) -> Result<Vec<Checked>, String> {
    guarded(|| verify::check_all(logs))
}

/// The verdict on an episode, from what was unpacked of it and what [`check`] said of the logs.
#[must_use]
pub fn weigh(session: &Registration, bundles: &[Bundle], checked: &[Checked]) -> Verdict {
    let belong = bundles.iter().try_for_each(|bundle| belongs(session, bundle));
    let verdict = belong.and_then(|()| guarded(|| verify::judge(bundles, checked)));
    verdict.unwrap_or_else(|message| Verdict::Invalid { message })
}

/// Whether a record is one of this session's game.
fn belongs(session: &Registration, bundle: &Bundle) -> Result<(), String> {
    let whose = format!("record of {}", bundle.participant);
    let (header, _) =
        guarded(|| Header::decode(&bundle.log))?.map_err(|error| format!("{whose}: {error}"))?;
    let info = &header.session;
    let belongs = info.study == session.study
        && info.id == session.session
        && info.scene == session.scene
        && info.participants == session.players;
    if !belongs {
        return Err(format!("{whose}: it is of another session"));
    }
    // The log's own keys prove nothing: whoever made it may have made those as well.
    if info.keys != session.keys {
        return Err(format!("{whose}: its signatures are by other keys than the lab registered"));
    }
    if header.game.to_string() != session.game.as_str() {
        return Err(format!("{whose}: it is of a game with other settings or rules"));
    }
    Ok(())
}

/// Bundles come from other people's computers and are examined again at every start until that
/// succeeds, so one that makes an examiner panic must not stop the lab.
fn guarded<T>(examine: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(examine)).map_err(|_payload| {
        tracing::error!("a record made the program that examines it fail");
        "the program failed while examining the record".to_owned()
    })
}
