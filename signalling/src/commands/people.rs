//! `dyad-signalling keygen`, `identities` and `withdraw`: who people are, and the end of what is known
//! of them.

use anyhow::{Context as _, ensure};
use clap::ValueEnum;
use dyad_collector::Store;
use dyad_collector::audit::{self, Action};
use dyad_collector::owner::now_ms;
use dyad_collector::snapshot::INDEX;
use dyad_experiment::words::Withdrawal;
use dyad_protocol::ParticipantId;
use dyad_signalling::identities;
use dyad_signalling::withdraw;
use serde_json::json;
use std::io::Write as _;
use std::path::Path;

/// What withdrawal deletes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Policy {
    /// Everything of theirs, and the games that they played, also the partners' records of them.
    Games,
    /// Their answers and what identifies them. Games stay, under pseudonyms.
    Person,
}

impl From<Policy> for Withdrawal {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Games => Self::Games,
            Policy::Person => Self::Person,
        }
    }
}

/// Makes a pair of keys.
pub(crate) fn keygen(to: &Path, data: Option<&Path>) -> anyhow::Result<()> {
    if let Some(data) = data {
        let parent = to.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let is_inside = parent.canonicalize().ok().zip(data.canonicalize().ok());
        let is_inside = is_inside.is_some_and(|(key, data)| key.starts_with(data));
        ensure!(!is_inside, "the secret key does not belong into the data folder that it locks");
    }
    let public = identities::make_keys(to)
        .with_context(|| format!("cannot write the secret key to {}", to.display()))?;
    if let Some(data) = data {
        identities::keep_key(data, &public)
            .with_context(|| format!("cannot keep the public key in {}", data.display()))?;
        audit::note(data, now_ms(), Action::KeyMade, json!({ "public": public }))?;
    }
    writeln!(std::io::stdout(), "{public}")?;
    writeln!(
        std::io::stderr(),
        "{} has the secret key: keep it and a copy of it away from the lab machine; without it \
         nobody can tell who took part",
        to.display()
    )?;
    Ok(())
}

/// Prints who is who, an object a line.
pub(crate) fn identities(data: &Path, key: Option<&Path>) -> anyhow::Result<()> {
    ensure!(data.is_dir(), "{} is no folder", data.display());
    let everybody = identities::read(data, key)?;
    // Before anybody sees it.
    let details = json!({ "lines": everybody.len() });
    audit::note(data, now_ms(), Action::IdentitiesRead, details)?;
    let mut out = std::io::stdout().lock();
    for (participant, identity) in everybody {
        let mut line = serde_json::to_value(&identity)?;
        line["participant"] = json!(participant);
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// Deletes somebody's data.
pub(crate) fn withdraw(
    data: &Path,
    participant: &ParticipantId,
    stated: Option<Policy>,
) -> anyhow::Result<()> {
    ensure!(data.is_dir(), "{} is no folder", data.display());
    // It is locked first: a lab that runs would write down again what is deleted. Where the records go to
    // another machine, there is none.
    let store = data.join(INDEX).is_file().then(|| Store::open(data, now_ms())).transpose();
    let store = store.with_context(|| format!("{} cannot be used", data.display()))?;
    let policy = withdraw::policy(data, participant, stated.map(Into::into))?;
    let details = json!({ "participant": participant, "policy": policy });
    audit::note(data, now_ms(), Action::Withdrew, details)?;
    let mut games = 0;
    if let Some(mut store) = store {
        games = store.withdraw(participant, policy == Withdrawal::Games, now_ms())?.sessions.len();
    }
    withdraw::forget(data, participant, policy)?;
    let mut err = std::io::stderr();
    match policy {
        Withdrawal::Games => writeln!(
            err,
            "{participant}: answers, identity and {games} games are deleted, with the partners' \
             records of them"
        )?,
        Withdrawal::Person => {
            writeln!(err, "{participant}: answers and identity are deleted; games stay")?;
        }
    }
    writeln!(
        err,
        "Datasets and backups that were made before still have them: make new ones. Records on \
         another machine: run `dyad-collector withdraw` there."
    )?;
    Ok(())
}
