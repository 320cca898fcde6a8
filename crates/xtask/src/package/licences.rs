//! The licences of everything that the client is made of, as one text: which package is under which
//! licence, and each text once, with the packages that bring it.

use anyhow::{Context as _, Result, ensure};
use cargo_metadata::{CargoOpt, DependencyKind, Metadata, MetadataCommand, NodeDep, PackageId};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The package that is packed.
const CLIENT: &str = "dyad";

/// How names of files begin that hold licences or what they ask to be passed on.
const NAMES: [&str; 6] = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "COPYRIGHT", "UNLICENSE"];

/// Licences of what is not a package: fonts and data that are in the program.
const OURS: [(&str, &str); 2] = [
    ("Dyad's own parts, and data of others in them", "LICENSES.md"),
    ("the font Inter", "assets/fonts/Inter-LICENSE.txt"),
];

/// A package, and what it says of its licence.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Licensed {
    /// Name and version.
    name: String,
    /// The licence's name, as the package gives it.
    licence: String,
    /// The texts that lie in the package.
    texts: Vec<String>,
}

/// The text, for the client with the devices of participants' computers or without them.
///
/// # Errors
/// If cargo cannot be run, or a package names no licence.
pub fn text(root: &Path, with_devices: bool) -> Result<String> {
    let mut metadata = MetadataCommand::new();
    if with_devices {
        metadata.features(CargoOpt::SomeFeatures(vec!["devices".to_owned()]));
    }
    let metadata = metadata
        .manifest_path(root.join("Cargo.toml"))
        .other_options(["--filter-platform".to_owned(), "host-tuple".to_owned()])
        .exec()
        .context("cargo metadata failed")?;
    let mut text = compose(&licensed(&metadata)?)?;
    for (what, file) in OURS {
        let own = fs::read_to_string(root.join(file)).with_context(|| format!("no {file}"))?;
        write!(text, "{RULE}{what}:\n\n{}\n", own.trim())?;
    }
    Ok(text)
}

/// What stands between two texts.
const RULE: &str =
    "\n--------------------------------------------------------------------------------\n\n";

/// The packages of others that are in the client.
fn licensed(metadata: &Metadata) -> Result<Vec<Licensed>> {
    let wanted = in_the_client(metadata)?;
    let theirs = metadata.packages.iter().filter(|package| {
        wanted.contains(&package.id) && !metadata.workspace_members.contains(&package.id)
    });
    theirs
        .map(|package| {
            let name = format!("{} {}", package.name, package.version);
            let licence = match (&package.license, &package.license_file) {
                (Some(licence), _) => licence.clone(),
                (None, Some(_)) => "its own licence, below".to_owned(),
                (None, None) => anyhow::bail!("{name} names no licence"),
            };
            let folder = package.manifest_path.parent().context("a manifest lies in a folder")?;
            Ok(Licensed { name, licence, texts: texts(folder.as_std_path())? })
        })
        .collect()
}

/// The client, and all that is linked into it.
fn in_the_client(metadata: &Metadata) -> Result<BTreeSet<PackageId>> {
    let resolve = metadata.resolve.as_ref().context("cargo metadata gave no dependencies")?;
    let nodes: BTreeMap<_, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let client = metadata.packages.iter().find(|package| package.name.as_str() == CLIENT);
    let mut open = vec![client.context("there is no client")?.id.clone()];
    let mut found = BTreeSet::new();
    while let Some(id) = open.pop() {
        if let Some(node) = nodes.get(&id)
            && found.insert(id)
        {
            open.extend(node.deps.iter().filter(|it| is_linked(it)).map(|it| it.pkg.clone()));
        }
    }
    Ok(found)
}

fn is_linked(dependency: &NodeDep) -> bool {
    dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal)
}

/// The texts of licences in a package's folder.
fn texts(folder: &Path) -> Result<Vec<String>> {
    let mut texts = BTreeMap::new();
    for file in fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))? {
        let path = file?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        if path.is_file() && NAMES.iter().any(|start| name.starts_with(start)) {
            texts.insert(name, String::from_utf8_lossy(&fs::read(&path)?).into_owned());
        }
    }
    Ok(texts.into_values().collect())
}

/// The list and the texts. Texts that differ in nothing but blanks are one.
fn compose(licensed: &[Licensed]) -> Result<String> {
    ensure!(!licensed.is_empty(), "no licences were found");
    let mut text = "Dyad is made of these packages, each under the licence named beside it. Their \
                    sources are at https://crates.io. The texts of the licences follow.\n\n"
        .to_owned();
    let mut bearers: BTreeMap<String, (&str, Vec<&str>)> = BTreeMap::new();
    for Licensed { name, licence, texts } in licensed {
        writeln!(text, "{name}: {licence}")?;
        for text in texts {
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            bearers.entry(words).or_insert((text, Vec::new())).1.push(name);
        }
    }
    for (one, names) in bearers.into_values().filter(|(one, _)| !one.trim().is_empty()) {
        let one = one.trim().replace('\r', "");
        write!(text, "{RULE}{}:\n\n{one}\n", names.join(", "))?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{Licensed, compose, text};
    use crate::workspace::Workspace;

    #[test]
    fn a_text_stands_there_once_with_all_who_bring_it() {
        let of = |name: &str, texts: &[&str]| Licensed {
            name: name.to_owned(),
            licence: "MIT".to_owned(),
            texts: texts.iter().map(|&it| it.to_owned()).collect(),
        };
        let all =
            [of("a 1.0.0", &["Be  kind.\r\n"]), of("b 2.0.0", &["Be\nkind."]), of("c 3.0.0", &[])];
        let text = compose(&all).unwrap();
        assert_eq!(text.matches("kind.").count(), 1, "{text}");
        assert!(text.contains("a 1.0.0, b 2.0.0:\n\nBe  kind.\n"), "{text}");
        assert!(text.contains("c 3.0.0: MIT\n"), "{text}");
        assert!(compose(&[]).is_err(), "an empty list is a mistake");
    }

    #[test]
    fn the_clients_own_licences_are_found() {
        let root = Workspace::load().unwrap().root;
        let with_devices = text(&root, true).unwrap();
        let text = text(&root, false).unwrap();
        for device in ["\ngilrs ", "\ncpal "] {
            assert!(with_devices.contains(device), "{device:?} is missing");
            assert!(!text.contains(device), "{device:?} is there without devices");
        }
        for part in ["\nbevy_egui 0.", "\nggrs 0.", "SIL OPEN FONT LICENSE", "Overcooked-AI"] {
            assert!(text.contains(part), "{part:?} is missing");
        }
        assert!(text.matches("Apache License").count() > 1);
        // What only the lab or the tests need is not in the client.
        for other in ["\nrusqlite ", "\nproptest ", "\naxum "] {
            assert!(!text.contains(other), "{other:?} is no part of the client");
        }
    }
}
