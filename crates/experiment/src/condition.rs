//! Conditions, and how people come to them.

use crate::ids::ConditionId;
use crate::rules::Assignment;
use crate::words::AssignMethod;
use dyad_gridworld::rng::Rng;
use std::collections::BTreeMap;

/// A condition of a study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Its id.
    pub id: ConditionId,
    /// How many people it gets, in relation to the others; at least 1.
    pub weight: u32,
}

impl Assignment {
    /// The condition of the next person, or group, by how many each condition has so far. The
    /// seed decides among equals. `None` if there are no conditions.
    #[must_use]
    pub fn choose<'a>(
        &self,
        conditions: &'a [Condition],
        counts: &BTreeMap<ConditionId, u32>,
        seed: u64,
    ) -> Option<&'a Condition> {
        let mut rng = Rng::new(seed);
        match self.method {
            AssignMethod::Balanced => {
                let count = |it: &Condition| u64::from(counts.get(&it.id).copied().unwrap_or(0));
                // By count a unit of weight, compared without fractions.
                let fewer = |a: &Condition, b: &Condition| {
                    count(a) * u64::from(b.weight) < count(b) * u64::from(a.weight)
                };
                let fewest = |it: &&Condition| !conditions.iter().any(|other| fewer(other, it));
                let fewest: Vec<_> = conditions.iter().filter(fewest).collect();
                let among = u32::try_from(fewest.len()).unwrap_or(u32::MAX);
                fewest.get(rng.below(among) as usize).copied()
            }
            AssignMethod::Random => {
                let mut at = rng.below(conditions.iter().map(|it| it.weight).sum());
                conditions.iter().find(|condition| {
                    let found = at < condition.weight;
                    at = at.saturating_sub(condition.weight);
                    found
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Assignment, Condition};
    use crate::words::{AssignMethod, AssignPer};
    use std::collections::BTreeMap;

    fn counts(method: AssignMethod, weights: &[u32], people: u64) -> Vec<u32> {
        let assignment = Assignment { per: AssignPer::Participant, method };
        let conditions = weights
            .iter()
            .enumerate()
            .map(|(at, &weight)| Condition { id: format!("c{at}").parse().unwrap(), weight });
        let conditions: Vec<_> = conditions.collect();
        let mut counts = BTreeMap::new();
        for person in 0..people {
            let chosen = assignment.choose(&conditions, &counts, person).unwrap();
            *counts.entry(chosen.id.clone()).or_insert(0) += 1;
        }
        conditions.iter().map(|it| counts.get(&it.id).copied().unwrap_or(0)).collect()
    }

    #[test]
    fn balanced_conditions_never_differ_by_more_than_one() {
        for people in 0..40 {
            let counts = counts(AssignMethod::Balanced, &[1, 1, 1], people);
            assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
        }
        assert_eq!(counts(AssignMethod::Balanced, &[3, 1], 400), [300, 100]);
    }

    #[test]
    fn which_is_first_is_drawn() {
        let assignment = Assignment { per: AssignPer::Group, method: AssignMethod::Balanced };
        let conditions = ["a", "b"].map(|id| Condition { id: id.parse().unwrap(), weight: 1 });
        let first = |seed| assignment.choose(&conditions, &BTreeMap::new(), seed).unwrap();
        assert!((0..20).any(|seed| first(seed) != first(0)));
        assert_eq!(assignment.choose(&[], &BTreeMap::new(), 0), None);
    }

    #[test]
    fn lots_follow_the_weights() {
        let counts = counts(AssignMethod::Random, &[3, 1], 4000);
        assert!((2850..3150).contains(&counts[0]), "{counts:?}");
    }
}
