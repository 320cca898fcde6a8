//! `dataset_description.json`: what Psych-DS asks for, in the words of schema.org.

use super::{Package, time};
use crate::column::Column;
use crate::render::pretty;
use serde_json::json;

pub(super) fn text(package: &Package<'_>) -> String {
    let variables: Vec<_> = package.columns().iter().map(Column::property).collect();
    let mut description = json!({
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": package.title(),
        "description": about(package),
        "variableMeasured": variables,
        "identifier": package.studies(),
        "keywords": ["behavioural experiment", "two players", "deterministic simulation"],
        "measurementTechnique": "Networked real-time task with rollback, recorded on all computers",
        "creator": { "@type": "SoftwareApplication", "name": "Dyad", "softwareVersion": package.made.program },
    });
    if let Some((first, last)) = package.period() {
        description["temporalCoverage"] = format!("{}/{}", time(first), time(last)).into();
        description["datePublished"] = time(last).into();
    }
    pretty(&description)
}

/// What this is, in a few sentences.
pub(super) fn about(package: &Package<'_>) -> String {
    let sessions = package.facts.len();
    let episodes: usize = package.facts.iter().map(|facts| facts.episodes.len()).sum();
    format!(
        "Records of {sessions} sessions with {episodes} episodes of real-time tasks, played by people on \
         computers of their own. The tables of steps follow from signed logs of all players' inputs, which \
         are in data/raw; anybody can simulate them again and get the same bytes. Participants \
         appear under pseudonyms."
    )
}
