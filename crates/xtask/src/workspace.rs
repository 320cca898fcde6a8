//! The workspace's packages and all that they depend on, reduced to what the checks look at.

use anyhow::{Context as _, Result};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Node};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A package of ours, or one that ours depend on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder relative to the workspace's root, if it is a member; empty for the root.
    pub folder: Option<PathBuf>,
    /// Keys, in the same map, of what it needs to be built and run. What only its tests need is
    /// left out: tests may know everybody.
    pub needs: Vec<String>,
}

/// The packages by key: unique, and for people no more than a hint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workspace {
    /// Where it lies.
    pub root: PathBuf,
    /// Members, and everything they depend on when built for this computer.
    pub packages: BTreeMap<String, Package>,
}

impl Workspace {
    /// Asks cargo about the workspace that this program was built from.
    ///
    /// # Errors
    /// If cargo can't be run or finds the workspace in disorder; the error is cargo's.
    pub fn load() -> Result<Self> {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let metadata = MetadataCommand::new()
            .manifest_path(manifest)
            // Packages that only other systems need may never have been downloaded here.
            .other_options(["--filter-platform".to_owned(), "host-tuple".to_owned()])
            .exec()
            .context("cargo metadata failed")?;
        Self::from_metadata(&metadata)
    }

    fn from_metadata(metadata: &Metadata) -> Result<Self> {
        let root = metadata.workspace_root.clone().into_std_path_buf();
        let resolve = metadata.resolve.as_ref().context("cargo metadata gave no dependencies")?;
        let needs: BTreeMap<_, _> =
            resolve.nodes.iter().map(|node| (node.id.repr.as_str(), needs(node))).collect();
        let mut packages = BTreeMap::new();
        for package in &metadata.packages {
            let key = package.id.repr.clone();
            let is_member = metadata.workspace_members.contains(&package.id);
            let folder = package.manifest_path.parent().filter(|_| is_member);
            let folder = folder.map(|it| it.strip_prefix(&metadata.workspace_root)).transpose();
            let package = Package {
                name: package.name.to_string(),
                folder: folder.context("a member lies outside the workspace")?.map(Into::into),
                needs: needs.get(key.as_str()).cloned().unwrap_or_default(),
            };
            packages.insert(key, package);
        }
        Ok(Self { root, packages })
    }

    /// The workspace's own packages with their folders.
    pub fn members(&self) -> impl Iterator<Item = (&Package, &PathBuf)> {
        self.packages.values().filter_map(|package| Some((package, package.folder.as_ref()?)))
    }
}

fn needs(node: &Node) -> Vec<String> {
    let for_more_than_tests = |dependency: &&cargo_metadata::NodeDep| {
        dependency.dep_kinds.iter().any(|kind| kind.kind != DependencyKind::Development)
    };
    let keys = node.deps.iter().filter(for_more_than_tests);
    keys.map(|dependency| dependency.pkg.repr.clone()).collect()
}
