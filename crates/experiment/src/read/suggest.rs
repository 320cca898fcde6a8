//! What somebody may have meant.

/// `did you mean "x"?`, if one of the names is close.
pub(crate) fn did_you_mean<'a>(
    word: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let word = word.to_lowercase();
    let far = |name: &str| strsim::osa_distance(&word, &name.to_lowercase());
    let near = names.into_iter().map(|name| (far(name), name));
    let (distance, name) = near.min_by_key(|(distance, _)| *distance)?;
    (distance <= 1 + word.chars().count() / 4).then(|| format!("did you mean \"{name}\"?"))
}

/// The names with commas.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        let names = ["players", "partner", "max_steps"];
        let suggested = |word| did_you_mean(word, names);
        assert_eq!(suggested("playerz").unwrap(), "did you mean \"players\"?");
        assert_eq!(suggested("Max_Step").unwrap(), "did you mean \"max_steps\"?");
        assert_eq!(suggested("colour"), None);
        assert_eq!(did_you_mean("x", []), None);
    }
}
