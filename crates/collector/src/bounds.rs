//! What participants said while they played that they had on disk, held against the records that
//! came. It shows where a record is shorter than it was, and bounds what a side has that sent none.

use crate::index::OnDisk;
use crate::settle::Finding;
use crate::store::Registration;
use dyad_protocol::ParticipantId;
use dyad_protocol::records::Verdict;
use dyad_recording::bundle::Bundle;
use dyad_recording::log::{self, Certificate, Ending, Log};
use dyad_recording::statement::Committed;
use dyad_recording::verify::{self, Report};

/// Whether a log holds what its own side said that it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    Yes,
    /// It ends before that.
    Shorter,
    /// It holds something else in its place.
    Contradicted,
}

/// The verdict on the records of everybody, in the light of what their sides said of them.
pub(crate) fn all(verdict: Verdict, bundles: &[Bundle], said: &OnDisk) -> (Verdict, Finding) {
    match shortfalls(bundles, said) {
        Ok(notes) => (verdict, Finding { notes, ..Finding::default() }),
        Err(message) => (worse(verdict, message), Finding::default()),
    }
}

/// What is known while some records are missing.
pub(crate) fn so_far(
    session: &Registration,
    episode: u16,
    verdict: Verdict,
    bundles: &[Bundle],
    said: &OnDisk,
) -> Finding {
    let is_missing = |who: &&ParticipantId| bundles.iter().all(|it| it.participant != **who);
    let missing: Vec<ParticipantId> =
        session.people().map(|(_, who)| who).filter(is_missing).cloned().collect();
    let judged = shortfalls(bundles, said).and_then(|mut notes| {
        notes.extend(missing.iter().map(|who| absence(who, episode, last_said(who, said))));
        let verdict = match verdict {
            Verdict::OneSideOnly { rows } => common(session, &missing, bundles, said)?.map_or(
                Verdict::OneSideOnly { rows },
                |(fewest, longest)| match fewest {
                    rows if rows == longest => Verdict::Prefix { rows },
                    rows => Verdict::PrefixWithTail { rows, longest },
                },
            ),
            other => other,
        };
        Ok((verdict, notes))
    });
    let (verdict, notes) =
        judged.unwrap_or_else(|message| (Verdict::Invalid { message }, Vec::new()));
    Finding { missing, so_far: Some(verdict), notes, ..Finding::default() }
}

/// What speaks against records that are otherwise sound makes them invalid.
fn worse(verdict: Verdict, message: String) -> Verdict {
    match verdict {
        Verdict::Invalid { .. } | Verdict::Diverged { .. } => verdict,
        _ => Verdict::Invalid { message },
    }
}

fn last_said<'a>(who: &ParticipantId, said: &'a OnDisk) -> Option<&'a Committed> {
    said.iter().find(|(of, _)| of == who).map(|(_, message)| message)
}

/// Where records are shorter than their sides said, in words.
///
/// # Errors
/// Which record holds something else than its side said.
fn shortfalls(bundles: &[Bundle], said: &OnDisk) -> Result<Vec<String>, String> {
    let mut notes = Vec::new();
    for Bundle { participant, log: bytes, .. } in bundles {
        let Some(said) = last_said(participant, said) else { continue };
        // A log that cannot be read has its verdict already.
        let Ok(log) = log::read(bytes) else { continue };
        let frame = said.said.frame;
        match held(&log, bytes, said) {
            Held::Yes => {}
            Held::Shorter => {
                let end = log
                    .last_frame()
                    .map_or("is empty".to_owned(), |last| format!("ends with frame {last}"));
                notes.push(format!(
                    "the record of {participant} {end}, but frame {frame} was on that computer's \
                     disk: the file was cut, or a part of it lost"
                ));
            }
            Held::Contradicted => {
                return Err(format!(
                    "record of {participant}: it is not what that side signed that it had on disk \
                     at frame {frame}"
                ));
            }
        }
    }
    Ok(notes)
}

fn held(log: &Log, bytes: &[u8], said: &Committed) -> Held {
    let (frame, header) = (said.said.frame, &log.header);
    if said.episode < header.episode {
        return Held::Yes;
    }
    if said.episode > header.episode {
        // Nobody begins an episode without the whole of the one before.
        let complete = matches!(log.certificate(), Some(Certificate::Complete { .. }));
        let whole = complete || verify::verify(bytes).is_ok_and(|report| report.is_finished());
        return if whole { Held::Yes } else { Held::Shorter };
    }
    match log.chain_at(frame) {
        Some(chain) if chain == said.said.chain => Held::Yes,
        None if log.last_frame().is_none_or(|last| frame > last) => Held::Shorter,
        Some(_) | None => Held::Contradicted,
    }
}

fn absence(who: &ParticipantId, episode: u16, said: Option<&Committed>) -> String {
    let had = match said {
        Some(said) if said.episode == episode => {
            format!("frame {} is the last that it said it had on disk", said.said.frame)
        }
        Some(said) if said.episode > episode => {
            "it said that it had this episode and a part of a later one on disk".to_owned()
        }
        Some(_) | None => "it has not said that it had any of it on disk".to_owned(),
    };
    format!("{who} has sent no record of this episode; {had}")
}

/// The rows that everybody is known to have, and those of the longest record. None if nothing is
/// known of somebody.
///
/// # Errors
/// Which record holds something else than somebody else signed.
fn common(
    session: &Registration,
    missing: &[ParticipantId],
    bundles: &[Bundle],
    said: &OnDisk,
) -> Result<Option<(u32, u32)>, String> {
    let reports =
        bundles.iter().filter_map(|bundle| Some((bundle, verify::verify(&bundle.log).ok()?)));
    let reports: Vec<(&Bundle, Report)> = reports.collect();
    let rows = reports.iter().map(|(_, report)| report.rows());
    let longest = rows.clone().max().unwrap_or(0);
    let mut fewest = rows.min().unwrap_or(0);
    for who in missing {
        let mut known = None;
        for (bundle, report) in &reports {
            let messages = last_said(who, said).into_iter().chain(certified(session, who, report));
            for message in messages {
                known = known.max(shared(report, message).map_err(|()| {
                    let (of, frame) = (&bundle.participant, message.said.frame);
                    format!("record of {of}: it is not what {who} signed that it had at {frame}")
                })?);
            }
            if has_stated(session, who, &report.log) {
                known = known.max(Some(report.rows()));
            }
        }
        let Some(rows) = known else { return Ok(None) };
        fewest = fewest.min(rows);
    }
    Ok(Some((fewest, longest)))
}

/// What a survivor's certificate has of somebody else.
fn certified<'a>(
    session: &'a Registration,
    who: &'a ParticipantId,
    report: &'a Report,
) -> impl Iterator<Item = &'a Committed> {
    let committed = match report.log.certificate() {
        Some(Certificate::Survivor { committed, .. }) => committed.as_slice(),
        _ => &[],
    };
    committed.iter().filter(move |it| session.players.get(it.seat.index()) == Some(who))
}

/// Whether somebody has stated that its record is the same as this whole one.
fn has_stated(session: &Registration, who: &ParticipantId, log: &Log) -> bool {
    let Ending::Closed(Certificate::Complete { statements }) = &log.ending else { return false };
    statements.iter().any(|it| session.players.get(it.seat.index()) == Some(who))
}

/// The rows of a log up to the frame of a message, if the log holds that frame.
///
/// # Errors
/// If the log holds it with another chain.
fn shared(report: &Report, message: &Committed) -> Result<Option<u32>, ()> {
    if message.episode != report.log.header.episode {
        return Ok(None);
    }
    let Ok(derived) = &report.derived else { return Ok(None) };
    match report.log.chain_at(message.said.frame) {
        Some(chain) if chain == message.said.chain => {
            let rows = derived.rows.partition_point(|row| row.frame <= message.said.frame);
            Ok(u32::try_from(rows).ok())
        }
        Some(_) => Err(()),
        None => Ok(None),
    }
}
