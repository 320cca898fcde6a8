//! Who may know whom. This table is the design's; a new edge is a decision, made here.

use crate::workspace::{Package, Workspace};
use std::collections::{BTreeMap, VecDeque};

/// What a package of ours may and may not depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The package.
    pub package: &'static str,
    /// Packages of ours that it may name, all others are refused.
    pub ours: &'static [&'static str],
    /// Families of packages that must not come in, not even through others. `bevy` is also every
    /// `bevy_…` and `bevy-…`.
    pub never: &'static [&'static str],
}

const fn rule(
    package: &'static str,
    ours: &'static [&'static str],
    never: &'static [&'static str],
) -> Rule {
    Rule { package, ours, never }
}

/// The table, lower layers first.
pub const RULES: [Rule; 14] = [
    rule("dyad-gridworld", &[], &["bevy", "ggrs", "tokio", "rand"]),
    rule("dyad-policies", &["dyad-gridworld"], &["bevy", "ggrs", "tokio"]),
    rule("dyad-protocol", &[], &["bevy", "ggrs", "tokio"]),
    rule("dyad-tls", &["dyad-protocol"], &["bevy", "ggrs", "tokio"]),
    rule("dyad-impair", &[], &["bevy", "ggrs"]),
    rule("dyad-experiment", &["dyad-protocol", "dyad-gridworld"], &["bevy", "tokio"]),
    rule(
        "dyad-rollback",
        &["dyad-gridworld", "dyad-protocol"],
        &["bevy", "tokio", "axum", "dyad-recording"],
    ),
    rule(
        "dyad-netplay",
        &["dyad-rollback", "dyad-gridworld", "dyad-protocol", "dyad-impair", "dyad-tls"],
        &["axum", "dyad-recording"],
    ),
    rule(
        "dyad-recording",
        &["dyad-protocol", "dyad-gridworld", "dyad-policies"],
        &["bevy", "ggrs", "tokio"],
    ),
    rule("dyad-matchmaking", &["dyad-protocol"], &["bevy", "tokio", "axum"]),
    rule("dyad-collector", &["dyad-protocol", "dyad-recording", "dyad-tls"], &["bevy", "ggrs"]),
    rule(
        "dyad-dataset",
        &["dyad-protocol", "dyad-recording", "dyad-gridworld", "dyad-collector"],
        &["bevy", "ggrs"],
    ),
    rule(
        "dyad-signalling",
        &["dyad-protocol", "dyad-experiment", "dyad-matchmaking", "dyad-collector", "dyad-dataset"],
        &["bevy", "ggrs", "dyad-netplay"],
    ),
    rule(
        "dyad",
        &[
            "dyad-gridworld",
            "dyad-policies",
            "dyad-protocol",
            "dyad-experiment",
            "dyad-rollback",
            "dyad-netplay",
            "dyad-recording",
            "dyad-impair",
            "dyad-tls",
        ],
        &["dyad-signalling", "dyad-collector", "dyad-matchmaking"],
    ),
];

/// Packages that ship nothing and may know everybody.
const FREE: [&str; 2] = ["system-tests", "xtask"];

/// Something in the workspace that the table does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A package of ours that the table does not know.
    #[error("{package} has no rule; add one to crates/xtask/src/layers.rs")]
    NoRule {
        /// The package.
        package: String,
    },
    /// A package of ours names another one that it may not.
    #[error("{package} must not depend on {on}")]
    Forbidden {
        /// Who depends.
        package: String,
        /// On whom.
        on: String,
    },
    /// A package comes in that must never.
    #[error("{package} must be free of {family}, but there is {}", path.join(" -> "))]
    ComesIn {
        /// Into which.
        package: String,
        /// The unwanted family.
        family: &'static str,
        /// How it comes in, from the package to a member of the family.
        path: Vec<String>,
    },
}

/// Everything in the workspace that `rules` don't allow; empty if all is well.
#[must_use]
pub fn violations(workspace: &Workspace, rules: &[Rule]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (key, package) in &workspace.packages {
        if package.folder.is_none() || FREE.contains(&package.name.as_str()) {
            continue;
        }
        match rules.iter().find(|rule| rule.package == package.name) {
            None => violations.push(Violation::NoRule { package: package.name.clone() }),
            Some(rule) => {
                violations.extend(forbidden(workspace, package, rule));
                violations.extend(rule.never.iter().filter_map(|family| {
                    let path = path_to(workspace, key, family)?;
                    Some(Violation::ComesIn { package: package.name.clone(), family, path })
                }));
            }
        }
    }
    violations
}

fn forbidden(
    workspace: &Workspace,
    package: &Package,
    rule: &Rule,
) -> impl Iterator<Item = Violation> {
    package
        .needs
        .iter()
        .filter_map(|key| workspace.packages.get(key))
        .filter(|other| other.folder.is_some() && !rule.ours.contains(&other.name.as_str()))
        .map(|other| Violation::Forbidden { package: package.name.clone(), on: other.name.clone() })
}

/// The shortest way, as names, from a package to one of a family.
fn path_to(workspace: &Workspace, from: &str, family: &str) -> Option<Vec<String>> {
    let mut reached_from: BTreeMap<&str, Option<&str>> = BTreeMap::from([(from, None)]);
    let mut queue = VecDeque::from([from]);
    while let Some(key) = queue.pop_front() {
        let package = workspace.packages.get(key)?;
        if key != from && is_of_family(&package.name, family) {
            let steps = std::iter::successors(Some(key), |key| reached_from.get(key).copied()?);
            let mut path: Vec<String> =
                steps.map(|key| workspace.packages[key].name.clone()).collect();
            path.reverse();
            return Some(path);
        }
        for next in &package.needs {
            reached_from.entry(next).or_insert_with(|| {
                queue.push_back(next);
                Some(key)
            });
        }
    }
    None
}

fn is_of_family(name: &str, family: &str) -> bool {
    let rest = name.strip_prefix(family);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

#[cfg(test)]
mod tests {
    use super::{RULES, Rule, Violation, is_of_family, rule, violations};
    use crate::workspace::{Package, Workspace};

    #[test]
    fn this_workspace_keeps_its_layers() {
        let workspace = Workspace::load().unwrap();
        let (policies, _) =
            workspace.members().find(|(package, _)| package.name == "dyad-policies").unwrap();
        let needs = |name| policies.needs.iter().any(|key| workspace.packages[key].name == name);
        assert!(needs("dyad-gridworld"), "edges are not seen: {policies:?}");
        assert!(!needs("proptest"), "what only tests need is seen: {policies:?}");
        let violations = violations(&workspace, &RULES);
        let text: Vec<String> = violations.iter().map(ToString::to_string).collect();
        assert!(violations.is_empty(), "\n{}\n", text.join("\n"));
    }

    #[test]
    fn the_table_is_in_order() {
        for (at, rule) in RULES.iter().enumerate() {
            for known in rule.ours {
                let below = RULES[..at].iter().any(|lower| lower.package == *known);
                assert!(below, "{} names {known}, which is not below it", rule.package);
            }
            for never in rule.never {
                assert!(!rule.ours.contains(never), "{}: {never}", rule.package);
            }
        }
    }

    /// A workspace from lines "name: what it needs", members first, the others after `|`.
    fn workspace(members: &[&str], others: &[&str]) -> Workspace {
        let package = |line: &&str, is_member: bool| {
            let (name, needs) = line.split_once(':').unwrap();
            let package = Package {
                name: name.to_owned(),
                folder: is_member.then(|| name.into()),
                needs: needs.split_whitespace().map(str::to_owned).collect(),
            };
            (name.to_owned(), package)
        };
        let packages = members
            .iter()
            .map(|line| package(line, true))
            .chain(others.iter().map(|line| package(line, false)))
            .collect();
        Workspace { packages, ..Workspace::default() }
    }

    const TABLE: [Rule; 2] = [rule("low", &[], &["bevy"]), rule("high", &["low"], &[])];

    #[test]
    fn allowed_edges_pass() {
        let fine =
            workspace(&["low: serde", "high: low bevy", "xtask: high"], &["serde:", "bevy:"]);
        assert_eq!(violations(&fine, &TABLE), []);
    }

    #[test]
    fn an_edge_upwards_is_refused() {
        let wrong = workspace(&["low: high", "high:"], &[]);
        let (package, on) = ("low".to_owned(), "high".to_owned());
        assert_eq!(violations(&wrong, &TABLE), [Violation::Forbidden { package, on }]);
    }

    #[test]
    fn what_must_never_come_in_is_found_through_others() {
        let wrong =
            workspace(&["low: serde tool", "high:"], &["serde:", "tool: bevy_ecs", "bevy_ecs:"]);
        let found = violations(&wrong, &TABLE);
        let text: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(text, ["low must be free of bevy, but there is low -> tool -> bevy_ecs"]);
    }

    #[test]
    fn a_package_without_a_rule_is_found() {
        let wrong = workspace(&["new: ", "system-tests: new"], &[]);
        let package = "new".to_owned();
        assert_eq!(violations(&wrong, &TABLE), [Violation::NoRule { package }]);
    }

    #[test]
    fn families_end_at_a_word() {
        assert!(is_of_family("bevy", "bevy") && is_of_family("bevy_ecs", "bevy"));
        assert!(is_of_family("tokio-util", "tokio"));
        assert!(!is_of_family("bevyish", "bevy") && !is_of_family("rand", "r"));
    }
}
