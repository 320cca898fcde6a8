//! The files of one session, from its records alone.

use crate::local;
use crate::names::{self, Names};
use crate::options::Options;
use crate::package::bids;
use crate::parquet::{self, ParquetError};
use crate::session::{Entry, Episode, Examined, RecordFacts, Session, count, end};
use crate::table::{Schema, Undescribed};
use dyad_gridworld::Settings;
use dyad_protocol::ParticipantId;
use dyad_protocol::records::Verdict;
use dyad_recording::bundle::{Bundle, divergence_name, local_name, log_name, table_name};
use dyad_recording::local::NAMES;
use std::borrow::Cow;

/// What kind of table a file is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Rows of an episode that all sides have, with these columns.
    Steps(Vec<String>),
    /// What one computer saw.
    Local,
    /// A table over all sessions.
    Overview(String),
}

/// A file of a dataset.
#[derive(Clone, Debug)]
pub struct Rendered<'a> {
    /// Its path in the dataset.
    pub path: String,
    /// Its bytes.
    pub bytes: Cow<'a, [u8]>,
    /// Its form and number of rows, if it is a table of comma-separated values.
    pub table: Option<(Form, u64)>,
}

/// What the tables over all sessions need to know of a session.
#[derive(Clone, Debug)]
pub struct Facts {
    /// What the lab wrote down.
    pub entry: Entry,
    /// The game's settings, program and rules, if a log says.
    pub played: Option<(Settings, String, u16)>,
    /// The episodes with a record.
    pub episodes: Vec<EpisodeFacts>,
    /// Other rules than this program's, under which a log was written.
    pub foreign_rules: Option<u16>,
}

/// What the tables over all sessions need to know of an episode.
#[derive(Clone, Debug)]
pub struct EpisodeFacts {
    /// The episode.
    pub number: u16,
    /// The verdict.
    pub verdict: Verdict,
    /// Rows that all sides have.
    pub common: u64,
    /// Rows of the longest record.
    pub longest: u32,
    /// Whether somebody has the last row.
    pub finished: bool,
    /// The path of the rows that all sides have.
    pub steps_file: Option<String>,
    /// The records that could be unpacked.
    pub records: Vec<(ParticipantId, RecordFacts)>,
}

/// Why a session's files cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A column without a meaning.
    #[error(transparent)]
    Undescribed(#[from] Undescribed),
    /// A table that doesn't fit into its other form.
    #[error("{path}: {source}")]
    Parquet {
        /// The table.
        path: String,
        /// What is wrong.
        source: ParquetError,
    },
}

/// The schema of tables of steps with these columns.
///
/// # Errors
/// [`Undescribed`].
pub fn steps_schema(columns: &[String], name: &str) -> Result<Schema, Undescribed> {
    const ROW: &str =
        "A row for each step of an episode: the inputs that were applied, and what they led to.";
    let columns = columns.iter().map(|column| (column.as_str(), true));
    Schema::of(name, ROW, columns, &["episode_num", "t"])
}

/// The schema of tables of what one computer saw.
///
/// # Errors
/// [`Undescribed`].
pub fn local_schema(name: &str) -> Result<Schema, Undescribed> {
    const ROW: &str =
        "What one participant's computer saw: a row for each frame. Not covered by any signature.";
    let columns = NAMES.map(|name| (name, !local::MAY_BE_EMPTY.contains(&name)));
    Schema::of(name, ROW, columns, &["frame"])
}

/// All files of a session, in order of paths, and what is to be known of it.
///
/// # Errors
/// [`RenderError`].
pub fn session<'a>(
    session: &'a Session,
    names: &Names,
    options: &Options,
) -> Result<(Vec<Rendered<'a>>, Facts), RenderError> {
    let examined = session.examine();
    let mut files = vec![entry_file(&session.entry)];
    let played =
        session.played().map(|(settings, program, rules)| (settings, program.to_owned(), rules));
    for it in &examined {
        files.extend(raw_files(&session.entry, it.episode));
        let tables = tables(&session.entry, it, names);
        if options.bids
            && let Some((settings, ..)) = &played
        {
            files.extend(bids::events(&session.entry, it, names, settings));
        }
        if options.parquet {
            for table in &tables {
                files.extend(as_parquet(&session.entry, table)?);
            }
        }
        files.extend(tables);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let episodes = examined.iter().map(|it| facts(&session.entry, it, names)).collect();
    let facts = Facts {
        entry: session.entry.clone(),
        played,
        episodes,
        foreign_rules: session.foreign_rules(),
    };
    Ok((files, facts))
}

/// What the lab wrote down, as a file.
fn entry_file(entry: &Entry) -> Rendered<'static> {
    let path = format!("{}/session.json", raw_folder(entry));
    plain(path, pretty(entry).into_bytes())
}

/// A file that is no table.
pub fn plain(path: String, bytes: impl Into<Cow<'static, [u8]>>) -> Rendered<'static> {
    Rendered { path, bytes: bytes.into(), table: None }
}

/// JSON for people and programs, with a line end.
///
/// # Panics
/// Never: what is given is plain data.
#[must_use]
pub fn pretty(value: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("plain data");
    text.push('\n');
    text
}

fn raw_folder(entry: &Entry) -> String {
    names::raw(&entry.registration.study, &entry.registration.session)
}

/// The records as they came. What the logs lead to is left out where it is the same: a record's
/// archive can be put together again.
fn raw_files<'a>(entry: &Entry, episode: &'a Episode) -> Vec<Rendered<'a>> {
    let folder = format!("{}/{}", raw_folder(entry), entry.registration.scene);
    let file = |name: String, bytes: &'a [u8]| Rendered {
        path: format!("{folder}/{name}"),
        bytes: Cow::Borrowed(bytes),
        table: None,
    };
    let mut files = Vec::new();
    for (at, bundle) in episode.bundles.iter().enumerate() {
        let Bundle { participant, episode: number, log, table, local, divergence } = bundle;
        files.push(file(log_name(participant, *number), log));
        if episode.derived(at).is_none_or(|derived| derived.table != *table) {
            files.push(file(table_name(participant, *number), table));
        }
        if episode.local[at].is_err() {
            files.push(file(local_name(participant, *number), local));
        }
        if let Some(dump) = divergence {
            files.push(file(divergence_name(participant, *number), dump));
        }
    }
    let unsound = episode.unsound.iter();
    files.extend(
        unsound.map(|it| file(format!("{}_ep{}.tar", it.participant, episode.number), &it.archive)),
    );
    files
}

/// The tables of an episode: the rows that all sides have, those that only some have, and what
/// each computer saw.
fn tables<'a>(entry: &Entry, examined: &Examined<'a>, names: &Names) -> Vec<Rendered<'a>> {
    let Examined { episode, common, verdict } = examined;
    let number = episode.number;
    let valid = !matches!(verdict, Verdict::Invalid { .. });
    let mut files = Vec::new();
    for (at, bundle) in episode.bundles.iter().enumerate() {
        let one_side = |what| names.table(entry, number, Some((&bundle.participant, what)));
        if let Some(derived) = episode.derived(at).filter(|_| valid) {
            let form = || Form::Steps(columns(derived.header()));
            let until =
                common.checked_sub(1).map_or(derived.header().len(), |last| end(derived, last));
            let head = &derived.table[..until];
            if at == 0 && *common > 0 {
                let table = Some((form(), count(*common)));
                let path = names.table(entry, number, None);
                files.push(Rendered { path, bytes: Cow::Borrowed(head), table });
            }
            if derived.rows.len() > *common {
                let bytes = [derived.header(), &derived.table[until..]].concat();
                let table = Some((form(), count(derived.rows.len() - *common)));
                files.push(Rendered { path: one_side("apart"), bytes: bytes.into(), table });
            }
        }
        if let Ok(summary) = episode.local[at] {
            let table = Some((Form::Local, summary.rows));
            let bytes = Cow::Borrowed(bundle.local.as_slice());
            files.push(Rendered { path: one_side("local"), bytes, table });
        }
    }
    files
}

/// The names in a table's first line, which never need quotes.
fn columns(header: &[u8]) -> Vec<String> {
    let line = String::from_utf8_lossy(header);
    line.trim_end().split(',').map(str::to_owned).collect()
}

/// A table in its other form, in a folder that names study and session. None for what is no table
/// of a session.
fn as_parquet(
    entry: &Entry,
    table: &Rendered<'_>,
) -> Result<Option<Rendered<'static>>, RenderError> {
    let stem = table.path.rsplit('/').next().unwrap_or_default();
    let stem = stem.strip_suffix("_data.csv").unwrap_or(stem);
    let (folder, schema) = match &table.table {
        Some((Form::Steps(columns), _)) => {
            let apart = stem.ends_with("_description-apart");
            (if apart { "apart" } else { "steps" }, steps_schema(columns, stem)?)
        }
        Some((Form::Local, _)) => ("local", local_schema(stem)?),
        Some((Form::Overview(_), _)) | None => return Ok(None),
    };
    let registration = &entry.registration;
    let (study, session) = (&registration.study, &registration.session);
    let path = format!("parquet/{folder}/study={study}/session={session}/{stem}.parquet");
    match parquet::from_csv(&schema, &table.bytes) {
        Ok(bytes) => Ok(Some(plain(path, bytes))),
        Err(source) => Err(RenderError::Parquet { path: table.path.clone(), source }),
    }
}

fn facts(entry: &Entry, examined: &Examined<'_>, names: &Names) -> EpisodeFacts {
    let Examined { episode, verdict, common } = examined;
    let records = episode.bundles.iter().enumerate();
    EpisodeFacts {
        number: episode.number,
        verdict: verdict.clone(),
        common: count(*common),
        longest: episode.longest(),
        finished: episode.is_finished(),
        steps_file: (*common > 0).then(|| names.table(entry, episode.number, None)),
        records: records
            .map(|(at, bundle)| (bundle.participant.clone(), episode.facts(at)))
            .collect(),
    }
}
