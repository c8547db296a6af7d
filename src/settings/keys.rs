//! The keys a settings file may hold, and which of them a misspelt one means.

/// Every known key with its section; a section that ends in `.*` takes any key.
const KNOWN: &[(&str, &[&str])] = &[
    ("reports", &["paths", "strip", "prefix"]),
    (
        "tests",
        &[
            "command",
            "file_command",
            "paths",
            "generated",
            "repeat",
            "timeout",
            "sandbox",
        ],
    ),
    ("target", &["branches"]),
    (
        "agent",
        &[
            "command",
            "sandbox",
            "approval",
            "rounds",
            "max_files",
            "max_tokens",
            "model",
            "models",
            "effort",
            "efforts",
        ],
    ),
    (
        "agent.models",
        &["authoring", "authoring_complex", "verification"],
    ),
    (
        "agent.efforts",
        &["authoring", "authoring_complex", "verification"],
    ),
    ("ui", &["theme", "mouse"]),
];

/// The section whose keys are the person's own choice.
pub(super) const OPEN_SECTION: &str = "keys";

/// Every key in full, such as `agent.model`, those that hold other keys left out.
pub(super) fn all() -> Vec<String> {
    KNOWN
        .iter()
        .flat_map(|(section, keys)| keys.iter().map(move |key| format!("{section}.{key}")))
        .filter(|key| known_under(key).is_empty())
        .collect()
}

/// The names that may stand under a section; those of the sections themselves under `""`.
pub(super) fn known_under(section: &str) -> Vec<&'static str> {
    if section.is_empty() {
        return KNOWN
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| !name.contains('.'))
            .chain([OPEN_SECTION])
            .collect();
    }
    KNOWN
        .iter()
        .find(|(name, _)| *name == section)
        .map(|(_, keys)| keys.to_vec())
        .unwrap_or_default()
}

/// The known key that an unknown one most likely means, in full (`tests.repeat`): the nearest in its
/// own section, else the same word in another section, else the nearest anywhere.
pub(super) fn nearest(section: &str, unknown: &str) -> Option<String> {
    let full = |section: &str, key: &str| match section {
        "" => format!("[{key}]"),
        section => format!("{key} in [{section}]"),
    };
    let here = closest(unknown, known_under(section));
    if let Some((key, _)) = here.filter(|(_, distance)| is_near(unknown, *distance)) {
        return Some(full(section, key));
    }
    KNOWN
        .iter()
        .filter_map(|(name, keys)| Some((*name, closest(unknown, keys.to_vec())?)))
        .min_by_key(|(_, (_, distance))| *distance)
        .filter(|(_, (_, distance))| is_near(unknown, *distance))
        .map(|(name, (key, _))| full(name, key))
        .or_else(|| here.map(|(key, _)| full(section, key)))
}

fn is_near(unknown: &str, distance: usize) -> bool {
    distance <= (unknown.chars().count() / 3).max(1)
}

fn closest(unknown: &str, known: Vec<&'static str>) -> Option<(&'static str, usize)> {
    // A shared beginning weighs more than the count of letters: `verify` means `verification`.
    let shared = |key: &str| {
        unknown
            .chars()
            .zip(key.chars())
            .take_while(|(a, b)| a == b)
            .count()
    };
    known
        .into_iter()
        .map(|key| (key, distance(unknown, key)))
        .min_by_key(|(key, distance)| distance.saturating_sub(shared(key)))
}

/// How many letters must be put in, left out, replaced or swapped with the next one.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.to_lowercase().chars().take(64).collect();
    let b: Vec<char> = b.chars().collect();
    let mut two_above: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (row, &from) in a.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, &to) in b.iter().enumerate() {
            let cell =
                |cells: &[usize], at: usize| cells.get(at).copied().unwrap_or(usize::MAX / 2);
            let mut best = (cell(&above, column) + usize::from(from != to))
                .min(cell(&above, column + 1) + 1)
                .min(cell(&current, column) + 1);
            let swapped = column > 0
                && row > 0
                && b.get(column - 1) == Some(&from)
                && a.get(row - 1) == Some(&to);
            if swapped {
                best = best.min(cell(&two_above, column - 1) + 1);
            }
            current.push(best);
        }
        two_above = std::mem::replace(&mut above, current);
    }
    above.last().copied().unwrap_or(a.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_finds_its_neighbour() {
        assert_eq!(
            nearest("tests", "comand").as_deref(),
            Some("command in [tests]")
        );
        assert_eq!(
            nearest("tests", "timeuot").as_deref(),
            Some("timeout in [tests]")
        );
        assert_eq!(nearest("", "report").as_deref(), Some("[reports]"));
    }

    #[test]
    fn a_key_in_the_wrong_section_finds_the_right_one() {
        assert_eq!(nearest("ui", "model").as_deref(), Some("model in [agent]"));
        assert_eq!(
            nearest("", "branches").as_deref(),
            Some("branches in [target]")
        );
    }

    #[test]
    fn letters_swapped_count_once() {
        assert_eq!(distance("paths", "paths"), 0);
        assert_eq!(distance("phats", "paths"), 2);
        assert_eq!(distance("ptahs", "paths"), 1);
        assert_eq!(distance("", "abc"), 3);
    }
}
